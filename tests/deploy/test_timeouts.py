"""`--tool-timeout` ends a tool that hangs, whatever it was asked; what is waited for has `--timeout`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.conftest import Run, Tools

DEPLOY = ("deploy", "k8s", "support", "-e", "dev")


@pytest.mark.parametrize("words", [("auth", "can-i"), ("apply", "--dry-run=server"), ("get", "--raw")])
def test_a_tool_that_hangs_is_ended(
    rendered: Path, tools: Tools, jvbundler: Run, words: tuple[str, ...]
) -> None:
    tools.answer(*words, seconds=60)
    done = jvbundler(*DEPLOY, "--tool-timeout", "3")
    assert done.returncode == 4
    assert "ran out of time after 3 s" in done.stderr


def test_the_variable_does_the_same_for_every_command(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("buildx", "version", seconds=60)
    done = jvbundler("doctor", "support", "-e", "dev", JVBUNDLER_TOOL_TIMEOUT="3")
    assert done.returncode == 4
    assert "MISSING docker buildx: 'docker' ran out of time after 3 s" in done.stdout


def test_the_pods_have_a_limit_of_their_own(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("rollout", "status", seconds=4)
    done = jvbundler(*DEPLOY, "--tool-timeout", "3", "--timeout", "40")
    assert done.returncode == 0, done.stderr
    assert "--timeout=40s" in next(c["argv"] for c in tools.calls() if "rollout" in c["argv"])
    assert jvbundler("rollback", "k8s", "support", "-e", "dev", "--timeout", "50").returncode == 0
    assert tools.calls()[-1]["argv"][-1] == "--timeout=50s"


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan"])
def test_a_limit_that_is_none_is_refused(rendered: Path, tools: Tools, jvbundler: Run, value: str) -> None:
    assert jvbundler(*DEPLOY, f"--tool-timeout={value}").returncode == 2
    done = jvbundler(*DEPLOY, JVBUNDLER_TOOL_TIMEOUT=value)
    assert done.returncode == 2
    assert f"must be a number of seconds above 0, found '{value}'" in done.stderr
    assert tools.calls() == []
