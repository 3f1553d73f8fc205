"""Rules: what the schema cannot say. Each looks at a Project and returns problems, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from jvbundler.problem import Problem
from jvbundler.project.model import Project


def check_project(project: Project, earlier: Iterable[Problem] = ()) -> tuple[Problem, ...]:
    """All problems: what rules find, and those found `earlier`."""
    return tuple(earlier)
