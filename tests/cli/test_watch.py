"""`render --watch`: renders again when a file changes, whatever the last render found, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run


@pytest.fixture
def watching(app: Path) -> Iterator[subprocess.Popen[str]]:
    with (app.parent / "said").open("w") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "jvbundler", "render", "support", "--watch"],
            cwd=app.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
        )
    yield child
    child.kill()
    child.wait()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def test_it_renders_on_every_change_and_survives_mistakes(app: Path, watching: subprocess.Popen[str]) -> None:
    manifest = app / "deploy/kubernetes/rendered/dev/manifest.yaml"
    said = app.parent / "said"
    until(manifest.exists)
    deploy = app / "deploy.yaml"
    good = deploy.read_text()

    deploy.write_text(f"{good}kubernetez: 1\n")
    until(lambda: "JVB104" in said.read_text())
    assert "changed: support/deploy.yaml\n" in said.read_text()

    deploy.write_text(f"{good}environment:\n  LEVEL: watched\n")
    until(lambda: "LEVEL: watched" in manifest.read_text())

    # A new file in the app's folder.
    agent = app / "agents/acme/second"
    agent.mkdir()
    (agent / "agent.yaml").write_text("agent: acme/second\nactions: []\n")
    until(lambda: "JVB212" in said.read_text())

    watching.send_signal(signal.SIGINT)
    assert watching.wait(20) == 130
    assert "Traceback" not in said.read_text()


@pytest.mark.parametrize("other", ["--check", "--stdout", "--json"])
def test_what_it_cannot_be_combined_with(app: Path, jvbundler: Run, other: str) -> None:
    done = jvbundler("render", "support", "--watch", other)
    assert done.returncode == 2
    assert "--watch cannot be combined" in done.stderr
