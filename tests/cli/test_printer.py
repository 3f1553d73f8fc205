"""Whatever a file is called or says, no terminal and no runner of CI obeys it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.cli.printer import inert, styled
from tests.golden.cases import app_of, environ

HOSTILE = {
    "an escape sequence": "\x1b[31mred",
    "a window's title": "\x1b]0;title\x07",
    "a control character of eight bits": "\x9b31m",
    "text that is turned around": "\u202egnp.exe",
    "a carriage return": "fine\rgone",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_terminal_obeys_is_shown(text: str) -> None:
    shown = inert(text)
    assert shown.isprintable()
    assert shown != text


@pytest.mark.parametrize(
    "command", ["::error title=x::y", "  ::warning::z", "##[error]x", "##vso[task.x]y", "##teamcity[x]"]
)
def test_what_a_runner_obeys_is_shown(command: str) -> None:
    assert inert(f"before\n{command}\nafter") != f"before\n{command}\nafter"


@given(st.text(max_size=60))
def test_only_line_ends_and_tabs_are_left_of_control_characters(text: str) -> None:
    shown = inert(text)
    assert all(character.isprintable() or character in "\n\t" for character in shown)
    assert shown.count("\n") == text.count("\n")


def test_colours_of_ours_come_through() -> None:
    assert inert(styled("ok", color="green")) == "\x1b[32mok\x1b[0m"


@pytest.mark.parametrize(
    "arguments", [("render",), ("render", "--check"), ("env", "list", "k8s"), ("secrets",)]
)
def test_a_folder_s_name_commands_nobody(arguments: tuple[str, ...], tmp_path: Path) -> None:
    app = app_of("kubernetes-only", tmp_path).rename(tmp_path / "a\n::error title=x::\x1b[31m\u202e")
    done = subprocess.run(
        [sys.executable, "-m", "jvbundler", *arguments, app.name],
        cwd=tmp_path,
        env=environ("kubernetes-only"),
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    assert done.returncode != 70
    assert not [line for line in told.splitlines() if line.lstrip().startswith("::")]
    assert "\x1b" not in told
    assert "\u202e" not in told
