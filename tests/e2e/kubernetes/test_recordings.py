"""The answers of the stub kubectl in tests/deploy are what the real one answers today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster, started
from tests.cluster.recordings import record_all
from tests.deploy.conftest import ANSWERS
from tests.golden.cases import tree


def test_they_are_what_the_real_kubectl_answers(cluster: Cluster, tmp_path: Path) -> None:
    if not cluster.is_ours:
        pytest.skip("not proven: the recordings are of a cluster with nothing else in it")
    kept = tree(ANSWERS)
    # A controller that writes a status between two of our commands changes an answer: each of them has to
    # come out as it is kept in one of a few recordings.
    unseen = set(kept)
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        with started(folder / "plane") as alone:
            record_all(folder / "answers", folder, alone)
        now = tree(folder / "answers")
        assert set(now) == set(kept)
        unseen -= {name for name in now if now[name] == kept[name]}
        if not unseen:
            return
    assert sorted(unseen) == [], "run `make recordings`, and read the diff"
