"""The golden app as a function: with the packages and variables that are rendered, behind the adapter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lambda_.function import (
    Function,
    adapter_in_place,
    make_venv,
    not_proven,
    rendered_requirements,
    running,
)

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = """\
secrets: [OPENAI_API_KEY]
lambda:
  enabled: true
  function: {memory: 2048}
"""


@pytest.fixture(scope="session")
def adapter() -> Iterator[None]:
    lacks = not_proven()
    if lacks:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not proven: the app on Lambda; {lacks}")
    with adapter_in_place():
        yield


@pytest.fixture(scope="session")
def app(adapter: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("function") / "app"
    shutil.copytree(ROOT / "golden/app", folder)
    (folder / "deploy.yaml").write_text(DEPLOY)
    argv = [str(Path(sys.executable).parent / "jvbundler"), "render", "."]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def venv(app: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    packages = rendered_requirements(app / "deploy/docker/Dockerfile")
    return make_venv(tmp_path_factory.mktemp("venv") / "venv", packages)


@pytest.fixture(scope="session")
def function(venv: Path, app: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    with running(venv, app, tmp_path_factory.mktemp("run") / "tmp") as found:
        yield found
