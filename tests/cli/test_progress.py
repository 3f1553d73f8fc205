"""A step that runs has a live line on a terminal, with its time; elsewhere a line when it begins and ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.cli.report.live import within_row
from tests.cli.conftest import ROOT, Run
from tests.terminal import in_terminal

SLOW = '#!/bin/sh\ncase "$*" in *version*) echo 28.2.2 v0.21.2;; *build*) sleep 2;; esac\n'


@pytest.fixture
def docker(app: Path) -> Path:
    stub = app.parent / "bin" / "docker"
    stub.parent.mkdir()
    stub.write_text(SLOW)
    stub.chmod(0o755)
    return stub.parent


def test_the_line_shows_the_time_and_goes_away(app: Path, jvbundler: Run, docker: Path) -> None:
    assert jvbundler("render", "support").returncode == 0
    env = {"PATH": f"{docker}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(app.parent)}
    argv = [sys.executable, "-m", "jvbundler", "build", "support", "-e", "dev"]
    shown = in_terminal(argv, cwd=app.parent, env=env)
    assert shown.code == 0, shown.text
    assert "0:00:01" in shown.text
    # The cursor comes back, and the result stands last.
    assert shown.text.rindex("\x1b[?25h") > shown.text.rindex("\x1b[?25l")
    assert shown.text.splitlines()[-1].startswith("image: ")

    quiet = in_terminal([*argv, "-q"], cwd=app.parent, env=env)
    assert quiet.text.splitlines() == [line for line in shown.text.splitlines() if line.startswith("image: ")]


def test_elsewhere_it_is_two_lines(app: Path, jvbundler: Run, docker: Path) -> None:
    assert jvbundler("render", "support").returncode == 0
    done = jvbundler("build", "support", "-e", "dev", PATH=f"{docker}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert "build the image and load it into docker ...\n  ok after 2." in done.stderr
    assert "\x1b" not in done.stderr


@given(st.text(max_size=200))
def test_the_words_of_the_line_are_inert_and_within_a_row(text: str) -> None:
    shown = within_row(text)
    assert shown.isprintable()
    assert len(shown) <= 60
