from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
Write = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="session")
def jvagent() -> Path:
    """The real jvagent command; beside it is the Python that can import jvagent."""
    candidates = [
        os.environ.get("JVBUNDLER_JVAGENT"),
        str(CHECKOUT / ".tools/jvagent/bin/jvagent"),
        shutil.which("jvagent"),
    ]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    pytest.fail("no jvagent: 'make tools' brings it, or set JVBUNDLER_JVAGENT to the jvagent command")


@pytest.fixture(scope="session")
def jvagent_package(jvagent: Path) -> Path:
    """The folder of the installed package, jvagent 0.1.7."""
    code = "import pathlib, jvagent.version as v; print(pathlib.Path(v.__file__).parent)"
    python = jvagent.parent / "python"
    return Path(
        subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files below a fresh folder `app` and returns that folder."""

    def write_files(files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = tmp_path / "app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return tmp_path / "app"

    return write_files
