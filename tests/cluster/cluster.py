"""A cluster as tests use it: kubectl with its kubeconfig, and reading back what is there."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tests.cluster import programs

ROOT = Path(__file__).resolve().parents[2]
KUBECTL = programs.BIN / "kubectl"
# Pods get ready within seconds; a busy machine is no failure.
SECONDS_TO_SETTLE = 120.0
Object = dict[str, Any]
Found = TypeVar("Found")


class Cluster(NamedTuple):
    """`is_ours` is false for one that a kubeconfig of the user's leads to: its nodes run real containers."""

    kubeconfig: Path
    context: str
    is_ours: bool

    def kubectl(self, *words: str, given: str = "", expected: tuple[int, ...] = (0,)) -> str:
        """The standard output of a call; with another exit code than `expected`, a failed test."""
        done = self.ask(*words, given=given)
        assert done.returncode in expected, f"kubectl {' '.join(words)}: {done.returncode}\n{done.stderr}"
        return done.stdout

    def ask(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, "--context", self.context, *words],
            env=programs.environ(KUBECONFIG=str(self.kubeconfig)),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def program(self) -> str:
        return str(KUBECTL) if self.is_ours else "kubectl"

    def get(self, namespace: str, *words: str) -> Object:
        """One object, or a list of them; empty if it is not there."""
        place = ("--namespace", namespace) if namespace else ()
        text = self.kubectl(*place, "get", *words, "--ignore-not-found", "--output=json")
        return dict(json.loads(text)) if text else {}

    def version(self) -> str:
        return str(json.loads(self.kubectl("version", "--output=json"))["serverVersion"]["gitVersion"])


@contextmanager
def started(folder: Path) -> Iterator[Cluster]:
    """A control plane of our own; it ends with the block, or with this process."""
    from tests.cluster.access import CONTEXT

    folder.mkdir(parents=True, exist_ok=True)
    with served("tests.cluster.server", str(folder), log=folder / "server.log") as config:
        yield Cluster(Path(config), CONTEXT, is_ours=True)


@contextmanager
def served(module: str, *words: str, log: Path) -> Iterator[str]:
    """What a program of ours says once it is ready; it ends with the block, or with this process."""
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
    assert server.stdout is not None
    said = server.stdout.readline().strip()
    assert said, f"{module} did not start\n{log.read_text(errors='replace')}"
    try:
        yield said
    finally:
        server.communicate("", timeout=60)


def eventually(find: Callable[[], Found | None], what: str, seconds: float = SECONDS_TO_SETTLE) -> Found:
    """What `find` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)
    return found
