"""Ctrl-C at any moment: exit code 130 and no traceback, while modules are imported above all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

# Every import raises an audit event before it happens: after the n-th one of our own comes the interrupt.
INTERRUPTED = """
import os, signal, sys
left = int(sys.argv[1])
begun = False
def count(event, given):
    global begun, left
    if event == "import":
        begun = begun or given[0] == "jvbundler.cli.main"
        if begun:
            if not left:
                os.kill(os.getpid(), signal.SIGINT)
            left -= 1
sys.addaudithook(count)
from jvbundler.__main__ import main
main(["render", "support"])
"""


@pytest.mark.parametrize("after", [0, 1, 2, 5, 10, 20, 40, 80, 120, 160])
def test_an_interrupt_during_imports(app: Path, after: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(after)],
        cwd=app.parent,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(app.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (130, False), done.stderr
    assert "ignored" not in done.stderr
