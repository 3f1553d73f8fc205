"""`init`, `render`, `validate` and `doctor` end with what is still to do, on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run

STEPS = """\
default on Kubernetes: still to do:
  1. say where the image is kept
     set kubernetes.registry.url, as in ghcr.io/acme
  2. choose the cluster
     set kubernetes.context; 'kubectl config get-contexts -o name' lists them
  3. create the secrets JVAGENT_ADMIN_PASSWORD and JVSPATIAL_JWT_SECRET_KEY
     jvbundler secrets support
  4. build, push and deploy
     jvbundler deploy k8s support --all
"""


def at_a_terminal(folder: Path, *arguments: str) -> str:
    """What the command prints there."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "jvbundler", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "CI": ""},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    told = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux's end of a terminal that nobody holds any more.
            break
        if not part:
            break
        told += part
    done.wait()
    os.close(ours)
    return told.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("command", ["render", "validate", "doctor", "init"])
def test_the_list_stands_at_the_end(app: Path, command: str) -> None:
    (app / "deploy.yaml").unlink()
    arguments = ("init", "support", "--kubernetes", "-y")
    told = at_a_terminal(app.parent, *arguments)
    if command != "init":
        told = at_a_terminal(app.parent, command, "support")
    assert STEPS in told


def test_of_several_environments_it_names_the_command(app: Path) -> None:
    told = at_a_terminal(app.parent, "render", "support")
    assert "'jvbundler next support -e ENV' lists what is still to do for dev and prod\n" in told
    assert "prod on Lambda: still to do:" in at_a_terminal(app.parent, "render", "support", "-e", "prod")


def test_nobody_else_is_told(app: Path, jvbundler: Run) -> None:
    assert "still to do" not in at_a_terminal(app.parent, "render", "support", "-e", "prod", "-q")
    assert "still to do" not in at_a_terminal(
        app.parent, "validate", "support", "-e", "prod", "--format", "json"
    )
    done = jvbundler("render", "support", "-e", "prod")
    assert "still to do" not in done.stdout + done.stderr
