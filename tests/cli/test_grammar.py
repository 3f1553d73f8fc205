"""One grammar: a word means the same in every command, and the old spellings go on working."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_a_platform_has_one_name_and_its_sections_name_is_accepted(app: Path, jvbundler: Run) -> None:
    manifests = [
        jvbundler("render", "support", "-e", "dev", "--stdout", "--target", name).stdout
        for name in ("k8s", "kubernetes")
    ]
    assert manifests[0] == manifests[1] != ""
    for words in (
        "secrets support -e dev --target NAME",
        "env list NAME support -e dev",
        "deploy NAME support -e dev --dry-run --context c",
        "run support -e dev --target NAME --dry-run",
    ):
        told = [
            jvbundler(*words.replace("NAME", name).split(), JVAGENT_ADMIN_PASSWORD="x")
            for name in ("k8s", "kubernetes")
        ]
        assert told[0].returncode == 0, (words, told[0].stderr)
        assert told[0].stdout == told[1].stdout


@pytest.mark.parametrize("flag", ["--k8s", "--kubernetes"])
def test_init_takes_the_same_name(app: Path, jvbundler: Run, flag: str) -> None:
    done = jvbundler("init", "support", flag, "--force")
    assert done.stdout.endswith("enabled: k8s\n")
    assert "--kubernetes" not in jvbundler("init", "--help").stdout


def test_help_says_k8s_everywhere(jvbundler: Run) -> None:
    for words in ("render", "diff", "validate", "secrets list", "env list", "run", "init", "deploy"):
        text = jvbundler(*words.split(), "--help").stdout
        assert "k8s" in text, words
        assert "|kubernetes" not in text, words


def test_the_app_is_an_argument_of_env_as_everywhere(app: Path, jvbundler: Run) -> None:
    before = (app / "deploy.yaml").read_text()
    assert jvbundler("env", "set", "k8s", "support", "LEVEL=1", "PATH_OF=a/b").returncode == 0
    assert "LEVEL=1\n" in jvbundler("env", "list", "k8s", "support", "-e", "dev").stdout
    # Inside the app there is nothing to say.
    assert jvbundler("env", "unset", "k8s", "LEVEL", cwd=app).returncode == 0
    assert jvbundler("env", "unset", "k8s", "./support", "PATH_OF").returncode == 0
    assert "PATH_OF" not in (app / "deploy.yaml").read_text()
    assert len(before) <= len((app / "deploy.yaml").read_text())


@pytest.mark.parametrize(
    "words",
    [
        "render support",
        "render support --check",
        "validate support",
        "diff support",
        "secrets support",
        "env list k8s support -e dev",
        "deploy k8s support -e dev --dry-run --context c",
        "build support -e dev --dry-run",
        "doctor support -e dev",
    ],
)
def test_json_and_format_json_are_one(app: Path, jvbundler: Run, words: str) -> None:
    jvbundler("render", "support")
    short, long = jvbundler(*words.split(), "--json"), jvbundler(*words.split(), "--format", "json")
    assert (short.returncode, short.stdout) == (long.returncode, long.stdout)
    assert isinstance(json.loads(short.stdout), dict)


def test_quiet_leaves_problems_and_the_answer(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text((app / "deploy.yaml").read_text() + "ecs: {}\n")
    loud, quiet = jvbundler("render", "support"), jvbundler("render", "support", "-q")
    assert loud.stdout.startswith("support/deploy/: ")
    assert quiet.stdout == ""
    assert "JVB109" in quiet.stderr
    assert jvbundler("diff", "support", "-q").returncode == 0


def test_flags_without_effect_are_accepted_with_a_warning_and_not_shown(app: Path, jvbundler: Run) -> None:
    flags = ("--delete-efs", "--delete-role", "--delete-api")
    done = jvbundler("destroy", "lambda", "support", "-e", "dev", "--dry-run", *flags)
    assert done.returncode == 0, done.stderr
    for flag in flags:
        assert f"warning: {flag} has no effect: " in done.stderr
    shown = jvbundler("destroy", "lambda", "--help").stdout + jvbundler("deploy", "lambda", "--help").stdout
    assert not [flag for flag in (*flags, "--create-api", "--name") if flag in shown]


def test_help_groups_the_commands_and_begins_with_them(jvbundler: Run) -> None:
    text = jvbundler("--help").stdout
    titles = [text.index(f"\n{title}:\n") for title in ("Compile", "Operate", "Reference", "Options")]
    assert titles == sorted(titles)
