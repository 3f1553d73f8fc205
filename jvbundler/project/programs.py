"""Which of the programs that the app starts are in the image, and what is installed for them unasked.

Common ones are. On a large one, or one whose package is not known, the user decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.app.needs import DEBIAN, NODE, PYTHON

if TYPE_CHECKING:
    from jvbundler.app.model import Program
    from jvbundler.project.model import Project

# The slim Python image, and what is always installed in it.
IN_IMAGE = frozenset(["bash", "env", "jvagent", "mcp", "perl", "pip", "python", "python3", "sh", "uvicorn"])


def has_own_base(project: Project) -> bool:
    """Whether the base is an image of the user's, which may have anything."""
    return project.base.settings["image"]["base"].rpartition("/")[2] != "python"


def added_packages(project: Project) -> tuple[str, ...]:
    """Node and npm, where the app starts one of their programs and deploy.yaml names neither."""
    wants_node = any(DEBIAN.get(program.name) == NODE for program in project.app.programs)
    return NODE if wants_node and not has_own_base(project) and not named(project) & {*NODE} else ()


def missing_programs(project: Project) -> Iterator[Program]:
    """Those that nothing which is known to be in the image brings."""
    if has_own_base(project):
        return
    system = named(project)
    python = {requirement.name for requirement in project.app.requirements}
    for program in project.app.programs:
        name = program.name
        packages = {name, *DEBIAN.get(name, ())}
        is_there = name in IN_IMAGE or DEBIAN.get(name) == NODE or packages & system
        if not is_there and PYTHON.get(name, canonical(name)) not in python:
            yield program


def named(project: Project) -> set[str]:
    """The Debian packages of deploy.yaml without their versions."""
    return {package.partition("=")[0] for package in project.base.settings["image"]["system_packages"]}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
