"""The golden cases: a folder of golden/ each, with a deploy.yaml and the output that it must give.

A case may have an `app/` of its own; the others use golden/app. `environ.env` holds variables of its render.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "golden"
UPDATE = os.environ.get("JVBUNDLER_UPDATE_GOLDEN") == "1"
CASES = sorted(p.parent.name for p in GOLDEN.glob("*/deploy.yaml"))


def environ(case: str) -> dict[str, str]:
    """A bare environment with the case's own variables: a render must not depend on any other."""
    file = GOLDEN / case / "environ.env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    given = dict(line.split("=", 1) for line in lines if "=" in line)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **given}


def app_of(case: str, folder: Path) -> Path:
    """A copy of the case's app with its deploy.yaml, as a user's checkout has it."""
    own = GOLDEN / case / "app"
    app = folder / case
    shutil.copytree(own if own.is_dir() else GOLDEN / "app", app)
    for name in ("deploy.yaml", "images.yaml"):
        if (GOLDEN / case / name).exists():
            shutil.copy(GOLDEN / case / name, app)
    return app


def jvbundler(
    *arguments: str, cwd: Path, env: dict[str, str], expected: tuple[int, ...] = (0,)
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jvbundler", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode in expected, f"{command} left with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with its text."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}
