"""Which of the programs and modules that the app uses are in the image, and what is installed unasked.

Common ones are. On a large one, or one whose package is not known, the user decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.app.packages import DEBIAN, NODE, PYTHON, REQUIRED_BY_JVSPATIAL, packages_of

if TYPE_CHECKING:
    from jvbundler.app.model import Module, Program
    from jvbundler.project.model import Project

# Of Debian's essential packages (coreutils, findutils, grep, sed, tar, gzip, diffutils, mawk), what a script
# may start; then what the slim Python image has beside them, and what is always installed in it.
_IN_IMAGE = """
awk base64 basename bash cat chmod chown cmp comm cp csplit cut date dd df diff dirname du echo egrep
env expr false fgrep find fold grep gunzip gzip head hostname id install jvagent ln ls mcp md5sum mkdir
mktemp mv nice nohup nproc od paste perl pip pip3 printenv printf pwd python python3 readlink realpath
rm rmdir sed seq sh sha1sum sha256sum sha512sum sleep sort split stat sync tac tail tar tee test timeout
touch tr true truncate uname uniq uvicorn wc which whoami xargs yes zcat
"""
IN_IMAGE = frozenset(_IN_IMAGE.split())


def has_own_base(project: Project) -> bool:
    """Whether the base is an image of the user's, which may have anything."""
    return project.base.settings["image"]["base"].rpartition("/")[2] != "python"


def added_packages(project: Project) -> tuple[str, ...]:
    """Node and npm, where the app starts one of their programs and deploy.yaml names neither."""
    wants_node = any(DEBIAN.get(program.name) == NODE for program in project.app.programs)
    return NODE if wants_node and not has_own_base(project) and not named(project) & {*NODE} else ()


def missing_programs(project: Project) -> Iterator[Program]:
    """Those that nothing which is known to be in the image brings."""
    for program in () if has_own_base(project) else project.app.programs:
        if not _is_there(program.name, project):
            yield program


def _is_there(program: str, project: Project) -> bool:
    packages = {program, *DEBIAN.get(program, ())}
    if program in IN_IMAGE or DEBIAN.get(program) == NODE or packages & named(project):
        return True
    python = PYTHON.get(program, canonical(program))
    return python in {requirement.name for requirement in project.app.requirements}


def missing_modules(project: Project) -> Iterator[Module]:
    """Those whose package neither the app nor jvagent names; with a lock, those that it does not pin.

    None for a jvagent of which is not known what it requires.
    """
    app = project.app
    if has_own_base(project) or not app.brought:
        return
    brought = {"jvagent", "jvspatial", *app.brought, *REQUIRED_BY_JVSPATIAL}
    installed = app.lock.names if app.lock else {*brought, *(one.name for one in app.requirements)}
    for module in app.modules:
        packages = packages_of(module.name)
        is_missing = bool(packages) and not installed & {*packages}
        if is_missing and not any(_is_there(name, project) for name in module.instead):
            yield module


def named(project: Project) -> set[str]:
    """The Debian packages of deploy.yaml without their versions."""
    return {package.partition("=")[0] for package in project.base.settings["image"]["system_packages"]}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
