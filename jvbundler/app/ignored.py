"""Folders of an app that are not in its image and may be large. Nothing is read from them."""

from __future__ import annotations

NOT_IN_IMAGE = frozenset(
    [
        ".git",
        ".venv",
        "venv",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        "jvdb",
        "jvagent_db",
        "jvagent_logs",
        "jvspatial_logs",
        "jvspatial_db",
        ".files",
    ]
)
