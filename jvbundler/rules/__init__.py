"""Rules: what the schema cannot say. Each looks at a Project and returns problems, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jvbundler.artifact import Artifact
from jvbundler.problem import Problem
from jvbundler.project.model import Project


def check_project(project: Project, earlier: Iterable[Problem] = ()) -> tuple[Problem, ...]:
    """All problems: what rules find, and those found `earlier`."""
    return tuple(earlier)


def check_artifacts(artifacts: Iterable[Artifact]) -> tuple[Problem, ...]:
    """The problems of rendered files; their place is in the output folder."""
    return ()


def check_output(project: Project, read: Callable[[str], str | None]) -> tuple[Problem, ...]:
    """Errors where the change from what was rendered before would be refused."""
    return ()


def without_waived(project: Project, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problems)


RULES: tuple[Any, ...] = ()
