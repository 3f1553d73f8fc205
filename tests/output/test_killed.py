"""A render that is killed at any moment leaves, once repaired, the old tree or the new one."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jvbundler.output.journal import recover
from jvbundler.output.write import write_output
from jvbundler.values.artifact import Artifact

# Every change of the file system raises an audit event before it happens; the n-th one kills.
KILLED_WRITE = """
import json, os, signal, sys
from pathlib import Path
from jvbundler.values.artifact import Artifact
from jvbundler.output.write import write_output
folder, last, artifacts = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
left = last
def count(event, arguments):
    global left
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"):
        if event != "open" or arguments[2] & (os.O_WRONLY | os.O_RDWR):
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
sys.addaudithook(count)
write_output(Path(folder), [Artifact(*a) for a in artifacts], force=False)
"""

OLD = [
    ("README.md", "1\n"),
    ("docker/Dockerfile", "1\n"),
    ("gone/deep/x.yaml", "1\n"),
    ("swap", "1\n"),
    ("Case", "1\n"),
]
NEW = [
    ("README.md", "2\n"),
    ("docker/Dockerfile", "1\n"),
    ("new/deep/y.yaml", "2\n"),
    ("swap/in", "2\n"),
    ("case", "1\n"),
]


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file with its bytes, and every folder."""
    entries = folder.rglob("*") if folder.exists() else ()
    return {p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else None for p in entries}


def written(folder: Path, files: list[tuple[str, str]]) -> dict[str, bytes | None]:
    write_output(folder, [Artifact(*file) for file in files], force=False)
    return tree(folder)


@pytest.mark.parametrize("before", [OLD, []], ids=["over an old render", "the first render"])
def test_every_kill_is_repaired(tmp_path: Path, before: list[tuple[str, str]]) -> None:
    start, out = tmp_path / "start", tmp_path / "out"
    old = written(start, before) if before else {}
    new = written(tmp_path / "new", NEW)
    outcomes = set()
    for last in itertools.count():
        shutil.rmtree(out, ignore_errors=True)
        if before:
            shutil.copytree(start, out)
        command = [sys.executable, "-c", KILLED_WRITE, str(out), str(last), json.dumps(NEW)]
        code = subprocess.run(
            command, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        ).returncode
        if code == 0:
            break
        assert code == -signal.SIGKILL
        if out.exists():
            recover(out)
        found = tree(out)
        assert found in (old, new), f"killed at write {last}"
        outcomes.add("old" if found == old else "new")
        assert written(out, NEW) == new
    assert last > 15
    assert outcomes == {"old", "new"}
    assert tree(out) == new
