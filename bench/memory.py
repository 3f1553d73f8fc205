"""The most memory that a command and its workers have at one time, by what the kernel says (Linux)."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 0.02


def peak_of(argv: Sequence[str], env: Mapping[str, str]) -> float:
    """Bytes, with pages that several processes share counted once."""
    peak = 0.0
    with subprocess.Popen(argv, env=dict(env), stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, sum(proportional_size(pid) for pid in family(process.pid)))
            time.sleep(SECONDS_BETWEEN_LOOKS)
    return peak


def family(pid: int) -> Iterator[int]:
    """A process and those that it started, in turn."""
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def proportional_size(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
