"""The walks of docs/architecture.md are taken, function by function, and its paths exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.conftest import HEALTHY, ROOT, Tools, environment

PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
COMMANDS = {"render": ("render", "support"), "deploy k8s": ("deploy", "k8s", "support", "-e", "dev")}
TRACE = """
import sys
from jvbundler.__main__ import main

called = {}

def note(frame, event, argument):
    module = frame.f_globals.get("__name__", "")
    if event == "call" and module.startswith("jvbundler."):
        called.setdefault(f"{module.removeprefix('jvbundler.')}.{frame.f_code.co_name}")

sys.setprofile(note)
try:
    main(sys.argv[2:])
finally:
    sys.setprofile(None)
    with open(sys.argv[1], "w") as stream:
        stream.write("\\n".join(called))
"""


def walk_of(command: str) -> list[str]:
    found = re.search(rf"## A walk through `{command}`\n```\n(.*?)```", PAGE, re.DOTALL)
    assert found, command
    return found[1].split()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_walk_is_taken_in_this_order(command: str, app: Path, tools: Tools, tmp_path: Path) -> None:
    tools.folder.mkdir(exist_ok=True)
    (tools.folder / "answers.json").write_text(json.dumps(HEALTHY))
    trace = tmp_path / "trace"
    done = subprocess.run(
        [sys.executable, "-c", TRACE, str(trace), *COMMANDS[command]],
        cwd=app.parent,
        env=environment(tools, tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    walk = walk_of(command)
    assert [name for name in trace.read_text().split() if name in walk] == walk


def test_what_is_to_be_changed_is_there() -> None:
    section = PAGE.split("## Where do I change")[1].split("\n## ")[0]
    paths = re.findall(r"`((?:jvbundler|templates|schemas|golden)/[^`]*)`", section)
    assert len(paths) >= 10
    assert [path for path in paths if not (ROOT / path).exists()] == []
