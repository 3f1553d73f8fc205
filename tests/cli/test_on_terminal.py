"""What a person sees on a terminal: wrapped at words, by app, in colours, the result last."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.cli.printer import inert
from jvbundler.cli.report.paper import Hanging, columns, laid_out, words
from tests.cli.conftest import ROOT, Run
from tests.terminal import Shown, in_terminal

WARNED = "ecs: {}\nprotected: [nowhere]\n"
SEEN = "as before, of files that have not changed"


def shown(app: Path, *arguments: str, columns: int = 80, **env: str) -> Shown:
    """`jvbundler …` above the app, with a cache of its own."""
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(app.parent), **env}
    argv = [sys.executable, "-m", "jvbundler", *arguments]
    return in_terminal(argv, cwd=app.parent, env=environ, columns=columns)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


@pytest.fixture
def warned(app: Path) -> Path:
    with (app / "deploy.yaml").open("a") as stream:
        stream.write("ecs: {}\n")
    return app


def test_text_is_wrapped_at_words(app: Path) -> None:
    (app / "deploy.yaml").write_text("kubernetes:\n  replicaz: 3\n")
    found = shown(app, "render", "support", "--no-show-source", columns=40)
    assert found.code == 2
    lines = plain(found.text).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert "unknown key 'replicaz' under kubernetes" in " ".join(line.strip() for line in lines)
    assert lines[1].startswith("  ")
    result = " ".join(line.strip() for line in lines[lines.index("1 error, 1 warning") :])
    assert re.fullmatch(r"1 error, 1 warning jvbundler: \d+ rules were not checked .* wrong above", result)


def test_a_message_is_wrapped_too(app: Path) -> None:
    found = shown(app, "deploy", "k8s", "support", columns=50)
    lines = plain(found.text).splitlines()
    assert all(len(line) <= 50 for line in lines), lines
    assert "which environment? choose one with -e: dev, prod" in " ".join(line.strip() for line in lines)


def test_problems_are_grouped_by_app(app: Path) -> None:
    other = app.parent / "other"
    other.mkdir()
    for folder in (app, other):
        (folder / "deploy.yaml").write_text("kubernetes:\n  replicaz: 3\n")
    text = plain(shown(app, "validate", "support", "other").text)
    assert text.index("support:\n") < text.index("support/deploy.yaml:2") < text.index("other:\n")


def test_a_warning_of_an_unchanged_file_is_shown_once(warned: Path) -> None:
    first = plain(shown(warned, "validate", "support").text)
    assert "JVB109 warning: section 'ecs'" in first
    assert SEEN not in first
    again = plain(shown(warned, "validate", "support").text)
    assert "JVB109 warning" not in again
    assert re.search(rf"\d+ warnings? {SEEN} \('-v'\s+shows\s+all\): .*JVB109", again.replace("\n  ", " "))
    assert "JVB109 warning" in plain(shown(warned, "validate", "support", "-v").text)
    (warned / "deploy.yaml").write_text((warned / "deploy.yaml").read_text() + "# changed\n")
    assert "JVB109 warning" in plain(shown(warned, "validate", "support").text)


def test_ci_and_pipes_see_all_warnings_and_errors_are_never_folded(warned: Path, jvbundler: Run) -> None:
    for _ in range(2):
        assert "JVB109 warning" in plain(shown(warned, "validate", "support", CI="1").text)
        piped = jvbundler("validate", "support", HOME=str(warned.parent), XDG_CACHE_HOME="")
        assert "JVB109 warning" in piped.stderr
        assert "JVB109" in plain(shown(warned, "validate", "support", "--json").text)
    for _ in range(2):
        assert "JVB104" in plain(shown(warned, "render", "support", "--set", "app.nam=x").text)


@pytest.mark.parametrize("apps", [("support",), ("support", "sup*")])
def test_a_warning_that_is_the_reason_of_a_failure_is_not_folded(warned: Path, apps: tuple[str, ...]) -> None:
    for _ in range(2):
        found = shown(warned, "validate", *apps, "--strict")
        assert found.code == 2
        assert "JVB109 warning" in plain(found.text)


def test_render_ends_with_a_tree_of_what_changed(app: Path) -> None:
    first = plain(shown(app, "render", "support").text)
    assert "support/deploy/\n" in first
    assert "template.yaml  new\n" in first
    with (app / "deploy.yaml").open("a") as stream:
        stream.write("image: {tag: 9.9.9}\n")
    second = shown(app, "render", "support").text
    assert "manifest.yaml  changed\n" in plain(second)
    assert "unchanged" in plain(second)
    assert "\x1b[33m" in second
    last = plain(second).splitlines()[-1]
    assert re.fullmatch(r"support/deploy/: \d+ files, \d+ changed, \d+ unchanged", last)
    assert "\x1b" not in shown(app, "render", "support", NO_COLOR="1").text


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("render support", "\x1b[32m"),
        ("validate support", "\x1b[32m"),
        ("doctor support -e dev", "\x1b[31m"),
        ("secrets support -e dev", "\x1b[36m"),
        ("explain lambda", "\x1b[36m"),
        ("rules", "\x1b[33m"),
        ("bundle support", "\x1b[32m"),
        ("init support --force -y", "\x1b[32m"),
    ],
)
def test_colours(app: Path, line: str, mark: str) -> None:
    assert mark in shown(app, *line.split(), PATH="/nowhere").text
    assert "\x1b[3" not in shown(app, "--no-color", *line.split(), PATH="/nowhere").text


@given(st.text(max_size=200), st.integers(10, 120), st.booleans())
def test_no_text_becomes_a_style_or_a_movement(text: str, width: int, color: bool) -> None:
    """Rich gets the text to lay out; what comes of it holds our own colours and nothing else."""
    for thing in (Hanging(words(text, "bold red")), columns([[words(text, "cyan"), words(text)]])):
        out = inert(laid_out(thing, width=width, color=color))
        assert all(c.isprintable() or c == "\n" for c in re.sub(r"\x1b\[(0|1|31|36)m", "", out))
        assert color or "\x1b" not in out


@pytest.mark.parametrize("text", ["[bold red]x[/]", "[link=file:///]x[/link]", ":warning:", "[/]"])
def test_markup_is_text(text: str) -> None:
    assert laid_out(words(text), width=80, color=True) == f"{text}\n"


def test_a_hostile_app_commands_no_terminal(app: Path) -> None:
    hostile = app.rename(app.parent / "a\x1b[31m[bold]\u202e")
    for line in ("render", "validate", "secrets"):
        text = shown(hostile, line, hostile.name, "--no-color").text
        assert "\u202e" not in text
        assert "\x1b[31m" not in text
        assert "[bold]" in text
