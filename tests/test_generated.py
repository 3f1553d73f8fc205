"""Files that are derived from others are current."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_what_is_generated_from_the_schema_is_current() -> None:
    command = [sys.executable, "scripts/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}run `make generate`"


def test_every_pattern_of_the_schema_is_also_said_in_words() -> None:
    """`patternErrorMessage` is what editors and our messages show in the place of the pattern."""
    without = []

    def look(schema: object, path: str) -> None:
        if isinstance(schema, dict):
            if isinstance(schema.get("pattern"), str) and not schema.get("patternErrorMessage"):
                without.append(path)
            for key, child in schema.items():
                look(child, f"{path}/{key}")
        elif isinstance(schema, list):
            for child in schema:
                look(child, path)

    look(json.loads((ROOT / "schemas/deploy.schema.json").read_text(encoding="utf-8")), "")
    assert not without
