"""Checks a Dockerfile with hadolint, if it is on PATH. Reads no configuration of this machine."""

from __future__ import annotations

import json
import os
from tempfile import TemporaryDirectory

from jvbundler.runner import find_tool, run
from jvbundler.values.problem import Place, Problem, problem

TIMEOUT_SECONDS = 60


def available() -> bool:
    return find_tool("hadolint") is not None


def check(path: str, text: str) -> tuple[Problem, ...]:
    """hadolint's findings on the Dockerfile `text`; raises ToolFailed when hadolint itself fails."""
    argv = ["hadolint", "--no-fail", "--format", "json", "-"]
    # hadolint looks for .hadolint.yaml in the working folder and under HOME: an empty folder has none.
    with TemporaryDirectory() as empty:
        env = {"PATH": os.environ.get("PATH", ""), "HOME": empty, "XDG_CONFIG_HOME": empty}
        said = run(argv, input=text.encode(), cwd=empty, env=env, timeout_seconds=TIMEOUT_SECONDS)
    return tuple(
        problem(
            f"hadolint {finding['code']}",
            "error" if finding["level"] == "error" else "warning",
            Place(path, finding["line"], finding["column"]),
            finding["message"],
        )
        for finding in json.loads(said.stdout)
    )
