"""Secrets from variables of other names, and texts with secrets inside: every command hands over the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Execution, execute_all
from jvbundler.source.interpolate import SecretName
from tests.golden.cases import app_of, environ, jvbundler

CASE = "composed-secrets"
VALUES = {"DB_PASSWORD": "hun$ter2 '\"`", "TEAM_OPENAI_KEY": "the team's"}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    app = app_of(CASE, tmp_path)
    jvbundler("render", cwd=app, env=environ(CASE))
    return app


def said(app: Path, *arguments: str) -> str:
    return jvbundler(*arguments, cwd=app, env=environ(CASE)).stdout


def test_both_platforms_are_shown_the_same_variables(app: Path) -> None:
    for platform in ("k8s", "lambda"):
        listed = said(app, "env", "list", platform, "-e", "dev").splitlines()
        assert (
            "JVSPATIAL_MONGODB_URI=mongodb://app:${DB_PASSWORD}@db.example.com:27017/x?tag=${y}$(z)" in listed
        )
        assert "OPENAI_API_KEY (secret)" in listed


def test_the_commands_take_a_secret_from_the_variable_that_has_it(app: Path) -> None:
    listed = said(app, "secrets", "-e", "dev", "--target", "kubernetes")
    assert "OPENAI_API_KEY  (from TEAM_OPENAI_KEY)" in listed
    assert '--from-file=OPENAI_API_KEY=<(printf %s "$TEAM_OPENAI_KEY")' in listed
    assert '"${TEAM_SERPER_KEY:?}"' in listed
    assert '"${OPENAI_API_KEY:?}"' not in listed
    stored = said(app, "secrets", "-e", "prod", "--target", "lambda")
    assert "OPENAI_API_KEY=TEAM_OPENAI_KEY" in stored


def test_a_deployment_takes_it_from_there_too(app: Path) -> None:
    shown = said(app, "deploy", "lambda", "-e", "dev", "--dry-run")
    assert "OpenaiApiKeySecret from $TEAM_OPENAI_KEY" in shown
    assert "DbPasswordSecret from $DB_PASSWORD" in shown


def test_the_readme_says_where_it_comes_from(app: Path) -> None:
    readme = (app / "deploy/README.md").read_text()
    assert "| `SERPER_API_KEY`, from `TEAM_SERPER_KEY` |" in readme
    assert "| `DB_PASSWORD` |" in readme
    assert "JVSPATIAL_MONGODB_URI" not in readme


def test_run_shows_how_the_variables_are_put_together(app: Path) -> None:
    shown = said(app, "run", "-e", "dev", "--dry-run")
    assert 'OPENAI_API_KEY="${TEAM_OPENAI_KEY}" ' in shown
    assert """JVSPATIAL_MONGODB_URI=mongodb://app:"${DB_PASSWORD}"'@db.example.com:27017/""" in shown


@given(before=st.text().filter(lambda text: "\0" not in text), after=st.sampled_from(["", "$x", '"', "`id`"]))
def test_what_is_shown_is_what_a_tool_gets(before: str, after: str) -> None:
    before = before.encode("utf-8", "replace").decode()
    composed = (("A", (before, SecretName("DB_PASSWORD"), after)), ("B", (SecretName("TEAM_OPENAI_KEY"),)))
    command = Command(("printenv", "A", "B"), "show", composed=tuple(composed))
    expected = f"{before}{VALUES['DB_PASSWORD']}{after}\n{VALUES['TEAM_OPENAI_KEY']}\n"
    assert command.composed_values(VALUES) == dict(
        zip("AB", (expected.removesuffix("\nthe team's\n"), "the team's"), strict=True)
    )
    shell = subprocess.run(
        ["bash", "-c", str(command)], env={"PATH": "/usr/bin:/bin", **VALUES}, capture_output=True, check=True
    )
    assert shell.stdout.decode() == expected


def test_the_values_reach_the_tool_and_are_never_shown(tmp_path: Path) -> None:
    events: list[str] = []
    seen = tmp_path / "seen"
    command = Command(
        ("bash", "-c", f'printf %s "$A" > {seen}; echo "$A"'),
        "run",
        composed=(("A", ("x-", SecretName("DB_PASSWORD"))),),
        live=True,
    )
    execution = Execution({"PATH": "/usr/bin:/bin", **VALUES}, lambda event: events.append(event.text))
    execute_all([command], execution)
    assert seen.read_text() == f"x-{VALUES['DB_PASSWORD']}"
    assert events
    assert not [text for text in events if "ter2" in text]
