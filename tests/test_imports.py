"""What is imported when: the directions, doors and circles are held by `lint-imports` (pyproject.toml)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_version_and_help_import_nothing_heavy() -> None:
    code = """
import contextlib, io, sys
from jvbundler.__main__ import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
heavy = {"yaml", "jinja2", "jsonschema", "packaging.requirements", "jvbundler.runner"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
