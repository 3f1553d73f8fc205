"""The tests run real tools: those of `make tools` come first on PATH, and a missing one fails its test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure. CI takes the same examples each time: a new one is found at the desk.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

TOOLS = Path(__file__).resolve().parent.parent / ".tools" / "bin"


@pytest.fixture(scope="session", autouse=True)
def _tools_on_path() -> Iterator[None]:
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = f"{TOOLS}{os.pathsep}{before}"
    yield
    os.environ["PATH"] = before


@pytest.fixture(scope="session")
def tool(_tools_on_path: None) -> Callable[[str], str]:
    """`tool("kubeconform")` is its path. A test that lacks its tool proves nothing, so it fails."""

    def path_of(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.fail(f"'{name}' is not there; run `make tools`")
        return found

    return path_of
