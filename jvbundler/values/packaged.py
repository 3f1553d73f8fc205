"""Reads the files that ship with jvbundler: from the wheel where they are packed, else from the checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def packaged_path(name: str) -> Path:
    """The path of a shipped file or folder, such as `schemas/deploy.schema.json`.

    The wheel holds `templates/` and `schemas/` inside the package; a checkout has them beside it.
    """
    inside = PACKAGE / name
    return inside if inside.exists() else PACKAGE.parent / name


def packaged_text(name: str) -> str:
    return packaged_path(name).read_text(encoding="utf-8")
