"""The real command and the app of tests/cli, and apps as the real `jvagent app create` makes them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import jvagent
from tests.app.test_against_jvagent import RELEASES
from tests.cli.conftest import app, jvbundler

__all__ = ["app", "jvagent", "jvbundler"]

APP = ["--app-id", "acme_app", "--title", "Acme", "--description", "Made by a test", "--author", "me"]
APP += ["--email", "me@acme.example", "--agent", "acme/bot", "--jvagent-version", "0.1.7"]
Create = Callable[..., Path]


@pytest.fixture(scope="session")
def create(jvagent: Path, tmp_path_factory: pytest.TempPathFactory) -> Create:
    """Runs `jvagent app create --deployment aws-lambda`, of another release where one is named."""

    def run(release: str = "") -> Path:
        folder = tmp_path_factory.mktemp("scaffold") / "app"
        environ = {**os.environ, "PYTHONPATH": str(RELEASES / release)} if release else None
        command = [str(jvagent.parent / "python"), "-m", "jvagent", "app", "create"]
        command += ["--deployment", "aws-lambda", "--yes", "--no-git", "--dir", str(folder), *APP]
        subprocess.run(command, check=True, capture_output=True, env=environ)
        return folder

    return run


@pytest.fixture(scope="session")
def created(create: Create) -> Path:
    return create()


@pytest.fixture
def scaffold(created: Path, tmp_path: Path) -> Path:
    """An app of the scaffold that a test may change, in the folder `acme`."""
    return Path(shutil.copytree(created, tmp_path / "acme"))
