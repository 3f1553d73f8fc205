"""The tests run real tools: those of `make tools` come first on PATH, and a missing one fails its test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure. CI takes the same examples each time: a new one is found at the desk.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# In a shell's background, or under nohup, signals are ignored, also in every program that a test starts.
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

TOOLS = Path(__file__).resolve().parent.parent / ".tools" / "bin"


@pytest.fixture(scope="session", autouse=True)
def _tools_on_path() -> Iterator[None]:
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = f"{TOOLS}{os.pathsep}{before}"
    yield
    os.environ["PATH"] = before


@pytest.fixture(scope="session", autouse=True)
def _records_of_these_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What was rendered is remembered in the user's cache folder; tests have one of their own."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("XDG_CACHE_HOME")
    if before is not None:
        os.environ["XDG_CACHE_HOME"] = before


@pytest.fixture(scope="session", autouse=True)
def _measured_processes() -> Iterator[None]:
    """Under `make coverage`, a process that is given a bare environment is measured like the others."""
    name = "COVERAGE_PROCESS_CONFIG"
    start = subprocess.Popen.__init__

    def start_measured(child: subprocess.Popen[Any], *args: Any, **given: Any) -> None:
        if given.get("env") is not None and name in os.environ:
            given["env"] = {name: os.environ[name], **given["env"]}
        start(child, *args, **given)

    with pytest.MonkeyPatch.context() as patch:
        if name in os.environ:
            patch.setattr(subprocess.Popen, "__init__", start_measured)
        yield


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test of what a process imports: it must not see what the measuring of `make coverage` imports."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def tool(_tools_on_path: None) -> Callable[[str], str]:
    """`tool("kubeconform")` is its path. A test that lacks its tool proves nothing, so it fails."""

    def path_of(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.fail(f"'{name}' is not there; run `make tools`")
        return found

    return path_of
