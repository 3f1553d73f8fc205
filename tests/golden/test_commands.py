"""Each case's deployments, as `--dry-run` prints them, without a tool, credentials or a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.golden.cases import CASES, GOLDEN, UPDATE, app_of, environ, jvbundler

# What a case leaves open, a user gives by flags.
FLAGS = {"k8s": ("--context", "golden"), "lambda": ("--set", 'lambda.account_id="123456789012"')}
PLATFORMS = {"k8s": "kubernetes", "lambda": "lambda"}


def deployments(case: str) -> list[tuple[str, str]]:
    """Platform and environment of every deployment of the case."""
    document = yaml.safe_load((GOLDEN / case / "deploy.yaml").read_text(encoding="utf-8"))
    environments = document.get("environments") or {"default": {}}
    found = []
    for platform, section in PLATFORMS.items():
        for name, own in environments.items():
            settings = {**(document.get(section) or {}), **((own or {}).get(section) or {})}
            if settings.get("enabled", False):
                found.append((platform, name))
    return found


@pytest.mark.parametrize("case", [case for case in CASES if deployments(case)])
def test_deployments_are_the_commands_that_are_expected(case: str, tmp_path: Path) -> None:
    app = app_of(case, tmp_path)
    # No tool is on this PATH: a plan asks nobody.
    env = {**environ(case), "PATH": "/nowhere", "CI_TOKEN": "never shown"}
    shown = ""
    for platform, name in deployments(case):
        if platform == "lambda" and find_spec("jvbundler.cli.lambda_") is None:
            continue
        words = ("deploy", platform, "-e", name, "--all", "--dry-run", *FLAGS[platform])
        done = jvbundler(*words, cwd=app, env=env)
        shown += f"$ jvbundler {' '.join(words)}\n{done.stdout}\n"
    expected = GOLDEN / case / "commands.txt"
    if UPDATE:
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8"), "run `make golden` and review the difference"
