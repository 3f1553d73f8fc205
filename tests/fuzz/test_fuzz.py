"""A stranger's app can be anything: spoiled apps of golden/, as many as fit into the budget.

`make fuzz N=10000` runs more of them, `make fuzz SEED=123` one of them again.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.fuzz.trial import run_trial

# Of all shards together; a desk has `make fuzz`. The seeds are those of every run, as far as the time goes.
BUDGET_SECONDS = 60.0 if os.environ.get("CI") else 20.0
TRIALS = 160
SHARDS = 2


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_input_makes_it_fail_or_hang(shard: int, tmp_path: Path) -> None:
    deadline = time.monotonic() + BUDGET_SECONDS / SHARDS
    seed, faults = shard, []
    while seed < TRIALS and (time.monotonic() < deadline or seed < 20 * SHARDS):
        trial = run_trial(seed, tmp_path / str(seed))
        faults += [(trial.seed, trial.case, trial.command, trial.did, fault) for fault in trial.faults]
        seed += SHARDS
    assert not faults
