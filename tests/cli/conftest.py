"""The real command in a process of its own, on a small app of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with one agent and two environments, in the folder `support`."""
    agent = tmp_path / "support" / "agents" / "acme" / "helper"
    agent.mkdir(parents=True)
    (agent / "agent.yaml").write_text("agent: acme/helper\nactions: []\n")
    (tmp_path / "support" / "app.yaml").write_text("app: support\nversion: 1.2.0\nagents:\n  - acme/helper\n")
    (tmp_path / "support" / "deploy.yaml").write_text(
        'version: "1.0"\nkubernetes:\n  enabled: true\nlambda:\n  enabled: true\n'
        "environments:\n  dev: {}\n  prod:\n    environment:\n      LEVEL: high\n"
    )
    return tmp_path / "support"


@pytest.fixture
def jvbundler(tmp_path: Path) -> Run:
    """Runs `jvbundler …` in the folder above the app; no traceback may ever come out of it."""

    def run(*arguments: str, cwd: Path = tmp_path, **env: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
        done = subprocess.run(
            [sys.executable, "-m", "jvbundler", *arguments],
            cwd=cwd,
            env={**kept, "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    return run
