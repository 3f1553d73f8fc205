"""Checks a SAM template with `sam validate --lint`: offline, without credentials, without telemetry."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from jvbundler.runner import find_tool, run
from jvbundler.values.problem import Place, Problem, error

RULE = "sam validate"
TIMEOUT_SECONDS = 180


def available() -> bool:
    return find_tool("sam") is not None


def validate(template: Path, shown_as: str = "") -> tuple[Problem, ...]:
    """One problem with sam's own words if it refuses the template; `shown_as` is its path for the user."""
    argv = ["sam", "validate", "--lint", "-t", str(template)]
    with TemporaryDirectory() as home:
        done = run(argv, env=_environment(home), timeout_seconds=TIMEOUT_SECONDS, expected=(0, 1))
    if done.code == 0:
        return ()
    words = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    return (error(RULE, Place(shown_as or str(template)), words),)


def _environment(home: str) -> dict[str, str]:
    """Ours without AWS settings: a profile that does not exist would fail a check that needs none."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # The folder of its weekly look for a newer version, which SAM_CLI_TELEMETRY does not turn off.
    return {**kept, "SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": home}
