"""The real command and the app of tests/cli, and apps as the real `jvagent app create` makes them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import jvagent
from tests.cli.conftest import app, jvbundler

__all__ = ["app", "jvagent", "jvbundler", "made_by_jvagent", "scaffold"]

MADE = ["--app-id", "acme_app", "--title", "Acme", "--description", "Made by a test", "--author", "me"]
MADE += ["--email", "me@acme.example", "--agent", "acme/bot", "--jvagent-version", "0.1.7"]


@pytest.fixture(scope="session")
def made_by_jvagent(jvagent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `jvagent app create --deployment aws-lambda` writes."""
    folder = tmp_path_factory.mktemp("scaffold") / "app"
    deployment = ["--deployment", "aws-lambda", "--yes", "--no-git", "--dir", str(folder)]
    subprocess.run([jvagent, "app", "create", *deployment, *MADE], check=True, capture_output=True)
    return folder


@pytest.fixture
def scaffold(made_by_jvagent: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes a copy of it that a test may change, in the folder `acme`."""

    def copy() -> Path:
        return Path(shutil.copytree(made_by_jvagent, tmp_path / "acme"))

    return copy
