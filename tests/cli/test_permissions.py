"""What may not be read or written: one line that names it, and the exit code of its kind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

# Root may read and write everything, unless it gives that up.
POWERLESS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
PREFIX = POWERLESS if os.geteuid() == 0 else []


@pytest.mark.parametrize(
    ("closed", "arguments", "code", "message"),
    [
        ("support", ["render", "support"], 2, "JVB209 cannot read 'support/app.yaml': permission denied"),
        ("support/deploy.yaml", ["render", "support"], 2, "JVB100 'support/deploy.yaml' cannot be read"),
        ("support/app.yaml", ["support"], 2, "JVB209 cannot read 'support/app.yaml'"),
        ("support/app.yaml", ["init", "support", "-c", "x.yaml"], 2, "JVB209 cannot read 'support/app.yaml'"),
        ("out", ["render", "support", "-o", "out"], 3, "cannot write to 'out': permission denied"),
        ("out", ["render", "support", "-o", "out", "--check"], 3, "cannot read 'out': permission denied"),
        ("out", ["render", "support", "-o", "out/in"], 3, "cannot write to 'out/in': permission denied"),
        ("out", ["render", "support", "--templates", "out"], 2, "cannot read 'out': permission denied"),
        ("out", ["templates", "eject", "docker/Dockerfile.j2", "out"], 3, "'out/docker': permission denied"),
        ("out", ["init", "support", "-c", "out/x.yaml"], 3, "cannot write 'out/x.yaml': permission denied"),
    ],
)
def test_what_is_closed_is_named(
    app: Path, closed: str, arguments: list[str], code: int, message: str
) -> None:
    (app.parent / "out").mkdir()
    path = app.parent / closed
    mode = path.stat().st_mode
    path.chmod(0)
    done = subprocess.run(
        [*PREFIX, sys.executable, "-m", "jvbundler", *arguments],
        cwd=app.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    path.chmod(mode)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr


@pytest.mark.parametrize(
    "closed", ["agents", "agents/acme", "agents/acme/helper", "agents/acme/helper/agent.yaml"]
)
def test_an_agent_that_may_not_be_read_is_told_once(app: Path, closed: str) -> None:
    path = app / closed
    mode = path.stat().st_mode
    path.chmod(0)
    done = subprocess.run(
        [*PREFIX, sys.executable, "-m", "jvbundler", "render", "support"],
        cwd=app.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    path.chmod(mode)
    errors = [line for line in done.stderr.splitlines() if ": JVB2" in line]
    (only,) = errors
    assert "agents/acme/helper/agent.yaml:1:1: JVB209 cannot read" in only


def test_a_template_that_may_not_be_read_is_named(app: Path) -> None:
    template = app.parent / "mine" / "docker" / "Dockerfile.j2"
    template.parent.mkdir(parents=True)
    template.touch(mode=0)
    done = subprocess.run(
        [*PREFIX, sys.executable, "-m", "jvbundler", "render", "support", "--templates", "mine"],
        cwd=app.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot read 'mine/docker/Dockerfile.j2': permission denied" in done.stderr
