"""Which files of a skill's folder count. Imports nothing, as a render that is skipped asks as well."""

from __future__ import annotations

SKILL = "SKILL.md"
SKILLS = "skills"
PYTHON_SCRIPT = ".py"
SCRIPTS = (PYTHON_SCRIPT, ".bash", ".sh")
REQUIREMENTS = "requirements.txt"


def is_read(path: str) -> bool:
    """Whether a file of the app, by its path with slashes, is one that a skill runs, or installs from."""
    return f"/{SKILLS}/" in path and path.endswith((*SCRIPTS, f"/{REQUIREMENTS}"))
