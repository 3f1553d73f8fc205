"""Apps to run many of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MakeApps = Callable[..., list[Path]]


@pytest.fixture
def make_apps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeApps:
    """Copies of golden/app below `apps/`, each with the deploy.yaml of a case; the test runs above it."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str, case: str = "three-environments") -> list[Path]:
        for name in names:
            shutil.copytree(GOLDEN / "app", tmp_path / "apps" / name)
            shutil.copy(GOLDEN / case / "deploy.yaml", tmp_path / "apps" / name)
        return [Path("apps", name) for name in names]

    return make
