"""Each case's deployments, as `--dry-run` prints them, without a tool, credentials or a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.golden.cases import CASES, GOLDEN, UPDATE, app_of, environ, jvbundler

PLATFORMS = {"k8s": "kubernetes", "lambda": "lambda"}
# What a case leaves open, a user gives by flags.
FLAGS = {"k8s": ("--context", "golden"), "lambda": ()}


def settings(case: str, environment: str, section: str) -> dict[str, Any]:
    """A section of deploy.yaml as it is in an environment, one level deep."""
    document = yaml.safe_load((GOLDEN / case / "deploy.yaml").read_text(encoding="utf-8"))
    own = (document.get("environments") or {}).get(environment) or {}
    return {**(document.get(section) or {}), **(own.get(section) or {})}


def deployments(case: str) -> list[tuple[str, str]]:
    """Platform and environment of every deployment of the case."""
    document = yaml.safe_load((GOLDEN / case / "deploy.yaml").read_text(encoding="utf-8"))
    names = document.get("environments") or ["default"]
    pairs = [(platform, name) for platform in PLATFORMS for name in names]
    return [
        (platform, name)
        for platform, name in pairs
        if settings(case, name, PLATFORMS[platform]).get("enabled")
    ]


def steps(case: str, environment: str) -> tuple[str, ...]:
    """All steps where deploy.yaml says where the image goes; else the image is somebody else's business."""
    kubernetes, on_lambda = (settings(case, environment, section) for section in PLATFORMS.values())
    pushable = not kubernetes.get("enabled") or (kubernetes.get("registry") or {}).get("url")
    return ("--all",) if pushable and (not on_lambda.get("enabled") or on_lambda.get("account_id")) else ()


@pytest.mark.parametrize("case", [case for case in CASES if deployments(case)])
def test_deployments_are_the_commands_that_are_expected(case: str, tmp_path: Path) -> None:
    app = app_of(case, tmp_path)
    # No tool is on this PATH: a plan asks nobody.
    env = {**environ(case), "PATH": "/nowhere"}
    shown = ""
    for platform, name in deployments(case):
        if platform == "lambda" and find_spec("jvbundler.cli.commands.lambda_") is None:
            continue
        words = ("deploy", platform, "-e", name, *steps(case, name), *FLAGS[platform], "--dry-run")
        done = jvbundler(*words, cwd=app, env=env)
        shown += f"$ jvbundler {' '.join(words)}\n{done.stdout}\n"
    expected = GOLDEN / case / "commands.txt"
    if UPDATE:
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8"), "run `make golden` and review the difference"
