"""A render of many apps that is killed leaves no process behind, at whatever moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fleet.conftest import MakeApps
from tests.test_runner import has_ended

ROOT = Path(__file__).resolve().parents[2]
TRIALS = 12


def children(pid: int) -> set[int]:
    """The processes below one, as /proc knows them."""
    found = set()
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text().split():
            found |= {int(child), *children(int(child))}
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the workers")
def test_workers_end_with_a_parent_that_is_killed(make_apps: MakeApps) -> None:
    make_apps(*(f"app{number}" for number in range(24)))
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "IMAGE_TAG": "7", "XDG_CACHE_HOME": "/dev/null"}
    seen = 0
    for trial in range(TRIALS):
        code = (
            # Two workers, however many cores this machine has.
            "import os; os.sched_getaffinity = lambda _: {0, 1}\n"
            "from jvbundler.__main__ import main; main(['render', 'apps/*', '-o', 'out'])"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", code], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        workers: set[int] = set()
        while not workers and parent.poll() is None:
            workers = children(parent.pid)
        time.sleep(0.03 * trial)
        workers |= children(parent.pid) if parent.poll() is None else set()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        seen += len(workers)
        left = [pid for pid in workers if not has_ended(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert left == [], f"trial {trial}"
    assert seen >= TRIALS
