"""The exit code is the contract: it does not depend on whether somebody reads what is printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run

STREAMS = [
    *(">&-", "2>&-", "<&-", "<&- >&- 2>&-", "2>/dev/full", ">&- 2>/dev/full", ">/dev/full"),
    *("| true", "2>&1 | true", "2>&1 >/dev/null | true"),
]


def left_with(folder: Path, arguments: str, streams: str) -> tuple[int, str]:
    """The exit code, and what else came out, where the streams let anything out."""
    # Without SIGPIPE's death of the shell; a pipe's reader is gone before anything is written.
    script = f"{{ sleep 0.1; {sys.executable} -m jvbundler {arguments}; echo $? > code; }} {streams}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return int((folder / "code").read_text()), done.stderr


@pytest.mark.parametrize("streams", STREAMS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_drift_current_and_wrong_input(app: Path, jvbundler: Run, streams: str, form: str) -> None:
    assert jvbundler("render", "support").returncode == 0
    check = f"render support --check --format {form}"
    code, told = left_with(app.parent, check, streams)
    assert (code == 3, "cannot write to standard output: no space left" in told) == (
        (True, True) if streams == ">/dev/full" else (False, False)
    )
    assert code in (0, 3)
    assert left_with(app.parent, f"{check} -o elsewhere", streams)[0] == 1
    assert left_with(app.parent, f"render support --set k0=1 --format {form}", streams)[0] == 2


@pytest.mark.parametrize("streams", STREAMS)
def test_arguments_that_are_wrong(app: Path, streams: str) -> None:
    assert left_with(app.parent, "render --formt", streams)[0] == 2


def test_a_pipe_that_does_not_wait_loses_nothing(app: Path) -> None:
    """As some runners of CI hand on: what does not fit into the pipe at once has to be written later."""
    code = (
        "import fcntl, os, subprocess, sys, time\n"
        "ours, theirs = os.pipe()\n"
        "os.set_blocking(theirs, False)\n"
        "fcntl.fcntl(theirs, 1031, 4096)\n"  # F_SETPIPE_SZ
        "argv = [sys.executable, '-m', 'jvbundler', 'schema']\n"
        "child = subprocess.Popen(argv, stdout=theirs)\n"
        "os.close(theirs)\n"
        "time.sleep(1)\n"
        "said = b''.join(iter(lambda: os.read(ours, 1000), b''))\n"
        "print(child.wait(), len(said), said[-2:])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    whole = (ROOT / "schemas" / "deploy.schema.json").stat().st_size
    assert done.stdout.startswith("0 "), done
    assert int(done.stdout.split()[1]) >= whole - 1
    assert done.stderr == ""
