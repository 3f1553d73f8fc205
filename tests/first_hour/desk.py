"""A user at a terminal of 80 columns, who runs only what was printed there, and counts what it takes.

The first command is the README's. deploy.yaml is never edited by hand.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pexpect

FIRST = "jvbundler init"
SECONDS = 300
_COLORS = re.compile(r"\x1b\[[0-9;]*m")
_STEP = re.compile(r"^ +\d+\. .*\n(?:    \S.*\n)*     (\S.*)$", re.MULTILINE)


class Effort(NamedTuple):
    """`answers` are those that are not just Enter."""

    commands: list[str]
    answers: list[str]
    secrets: list[str]


class Desk:
    """`environ` is the user's shell, `folder` the app's; `answers` are by a part of the question."""

    def __init__(self, folder: Path, environ: Mapping[str, str], answers: Mapping[str, str]) -> None:
        self.folder, self.answers = folder, answers
        kept = {name: value for name, value in environ.items() if name not in ("CI", "NO_COLOR")}
        self.environ = {**kept, "TERM": "xterm"}
        self.shown = FIRST
        self.effort = Effort([], [], [])

    def run(self, command: str, expected: int = 0) -> str:
        """What the command prints; it must have been printed before, but for what it is indented by."""
        printed = re.sub(r"^ +", "", self.shown, flags=re.MULTILINE)
        assert re.sub(r"^ +", "", command, flags=re.MULTILINE) in printed, (
            f"never printed: {command}\n{printed}"
        )
        self.effort.commands.append(command)
        return self.look(command, expected)

    def look(self, command: str, expected: int = 0) -> str:
        """The same for what a test, not a user, wants to know."""
        terminal = pexpect.spawn(
            "bash",
            ["--norc", "-c", command],
            cwd=str(self.folder),
            env=self.environ,
            encoding="utf-8",
            dimensions=(50, 80),
            timeout=SECONDS,
        )
        said = ""
        while terminal.expect([pexpect.EOF, r": $"]):
            question = terminal.before or ""
            said += question + ": "
            answer = next((text for part, text in self.answers.items() if part in question), "")
            self.effort.answers.extend([answer] if answer else [])
            terminal.sendline(answer)
        said += terminal.before or ""
        terminal.close()
        text = _COLORS.sub("", said).replace("\r\n", "\n")
        assert terminal.exitstatus == expected, f"$ {command}\n{text}"
        self.shown += text
        return text

    def type_secrets(self, listed: str) -> None:
        """The variables that `jvbundler secrets` lists, set as it says: typed in without echo."""
        assert "read -rs NAME && export NAME" in listed
        names = re.findall(r"^  ([A-Z][A-Z0-9_]+)(?:  .*)?$", listed, re.MULTILINE)
        self.environ |= {name: f"value-of-{name.lower()}-of-some-length" for name in names}
        self.effort.secrets.extend(names)


def steps(text: str) -> list[str]:
    """How each step of the last list that was printed is done."""
    return _STEP.findall(text.rpartition("still to do:")[2])


def blocks(text: str) -> list[str]:
    """What `jvbundler secrets` prints to be pasted, for each place; the alternatives begin with "or"."""
    found = re.findall(r"^  (?!or )\S.*:\n((?:    .*\n?)+)", text, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in found]


def first_hour(user: Desk) -> Effort:
    """Follows the list from the first command until nothing is left."""
    user.run(FIRST)
    for step in steps(user.run("jvbundler render")):
        shown = user.run(step)
        if step == "jvbundler secrets":
            user.type_secrets(shown)
            for block in blocks(shown):
                user.run(block)
    said = user.look("jvbundler next")
    assert "nothing left to do: deployed and healthy" in said
    assert "talk to it: jvbundler chat " in said
    return user.effort


def environ(tools: Mapping[str, str], *folders: Path) -> dict[str, str]:
    """`tools` with these folders first on PATH."""
    path = os.pathsep.join([*map(str, folders), tools.get("PATH", os.environ["PATH"])])
    return {**tools, "PATH": path}


def program(folder: Path, name: str, *argv: str) -> Path:
    """A command of that name which runs this argv; its folder."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
    file.chmod(0o755)
    return folder
