"""Rules about the app and its packages, given deploy.yaml. Reads the sizes of files, never their content."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from jvbundler.app.ignored import NOT_IN_IMAGE
from jvbundler.app.packages import DEBIAN, PYTHON, packages_of
from jvbundler.app.pip.requirements_lock import lock_problem
from jvbundler.project.build import image_digest, python_version
from jvbundler.project.model import Environment, Project
from jvbundler.project.programs import has_own_base, missing_modules, missing_programs
from jvbundler.project.variables import PLATFORM_PATHS
from jvbundler.rules.debian_packages import COMPILER, needed
from jvbundler.rules.rule import (
    Finding,
    app_variables,
    is_true,
    platforms,
    project_rule,
    rule,
    variable_path,
)
from jvbundler.source.wording import quoted
from jvbundler.values.problem import Place

if TYPE_CHECKING:
    from jvbundler.app.model import App

MAX_APP_BYTES = 500 * 1000 * 1000
DISABLE_PIP = "JVAGENT_DISABLE_RUNTIME_PIP_INSTALL"


@project_rule(
    "JVB210",
    "error",
    title="Stale requirements.lock",
    source="jvbundler: `jvbundler lock`",
)
def stale_lock(project: Project) -> Iterator[Finding]:
    """requirements.lock was made from other requirements, another Python, platform or release of jvagent,
    so the image would lack what the app asks for."""
    if project.app.lock is None:
        return
    problem = lock_problem(project.app.lock, image_digest(project))
    if problem is not None:
        yield Finding(problem.place, problem.message, problem.hint)


@project_rule(
    "JVB220",
    "warning",
    title="Package that needs a compiler or a system library",
    source="The packages' own installation notes; the slim Python image has neither",
)
def missing_system_package(project: Project) -> Iterator[Finding]:
    """Some Python packages are built from source, or load a library or run a program that pip does not
    install. The slim base image has none of them, so the build or the first use fails. Put what is needed at
    run time into `image.system_packages`, and what only the build needs into `image.build_packages`. With a
    base image of your own, nothing is reported: it may have them."""
    image = project.base.settings["image"]
    if has_own_base(project):
        return
    at_run_time = {package.partition("=")[0] for package in image["system_packages"]}
    at_build_time = {package.partition("=")[0] for package in image["build_packages"]}
    for requirement in project.app.requirements:
        need = needed(requirement.name, requirement.spec)
        if need is None:
            continue
        hints = []
        if need.system and not at_run_time & {*need.system, *need.instead}:
            hints.append(f"image.system_packages: [{', '.join(need.system)}]")
        if need.build and not at_build_time & {*need.build, COMPILER}:
            hints.append(f"image.build_packages: [{', '.join(need.build)}]")
        if hints:
            message = f"'{requirement.name}' needs {need.why}"
            yield Finding(requirement.place, message, f"set {' and '.join(hints)}")


@project_rule(
    "JVB221",
    "warning",
    title="Large files in the app folder",
    source="AWS Lambda quotas: 10 GB for an image; measured: the framework's packages take 1.3 GB",
)
def large_app(project: Project) -> Iterator[Finding]:
    """The whole app folder is copied into the image, except what its ignore file names. More than 500 MB make
    every build, push and cold start slow. Keep models and data in a bucket or on a volume."""
    sizes = sorted(sizes_of_entries(str(project.app.root)), reverse=True)
    total = sum(size for size, _ in sizes)
    if total > MAX_APP_BYTES:
        size, name = sizes[0]
        place = Place("app.yaml" if project.app.shown_as in ("", ".") else f"{project.app.shown_as}/app.yaml")
        message = f"the app folder has {total // 1_000_000:,} MB, which all goes into the image"
        hint = f"move the largest part out: '{name}' has {size // 1_000_000:,} MB"
        yield Finding(place, message, hint)


def sizes_of_entries(folder: str) -> Iterator[tuple[int, str]]:
    """The size in bytes of each file and folder directly in the app, links not followed."""
    with contextlib.suppress(OSError):
        yield from ((size_of(entry), entry.name) for entry in entries_of(folder))


def size_of(entry: os.DirEntry[str]) -> int:
    """Without recursion: a hostile folder may be nested deeper than Python's stack."""
    total, pending = 0, [entry]
    while pending:
        entry = pending.pop()
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                pending += entries_of(entry.path)
            else:
                total += entry.stat(follow_symlinks=False).st_size
    return total


def entries_of(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return [entry for entry in entries if entry.name not in NOT_IN_IMAGE]


@rule(
    "JVB224",
    "warning",
    title="Check of runtime installs disabled",
    source="Run for real: jvagent 0.1.7 logs an error per action with it, even when everything is installed",
)
def runtime_pip_disabled(environment: Environment, app: App) -> Iterator[Finding]:
    """All packages of the actions are in the image, so jvagent installs nothing at start. With
    `JVAGENT_DISABLE_RUNTIME_PIP_INSTALL`, it logs an error for every action anyway. Leave it unset."""
    for platform in platforms(environment):
        if is_true(app_variables(environment, app, platform).get(DISABLE_PIP, "")):
            path = variable_path(environment, platform, DISABLE_PIP, PLATFORM_PATHS[platform])
            message = f"{DISABLE_PIP} makes jvagent log an error for every action"
            yield Finding(path, message, "remove it: the image has all packages")


@project_rule(
    "JVB225",
    "error",
    title="Python that jvagent does not run on",
    source="jvagent's package metadata: Requires-Python",
)
def unsupported_python(project: Project) -> Iterator[Finding]:
    """The image's Python is older than this release of jvagent requires, so installing it fails. The
    predecessor's build argument `PYTHON_VERSION` counts as `image.python_version`."""
    image = project.base.settings["image"]
    python = python_version(project)
    oldest = [part.strip()[2:] for part in project.app.requires_python.split(",") if part.strip()[:2] == ">="]
    if any(version(python) < version(text) for text in oldest):
        is_argument = "PYTHON_VERSION" in image["build"]["args"]
        path = ("image", "build", "args", "PYTHON_VERSION") if is_argument else ("image", "python_version")
        message = f"jvagent {project.app.jvagent_version} does not run on Python {python}"
        yield Finding(project.base.place(*path), message, f"use {oldest[0].strip()} or newer")


@project_rule(
    "JVB227",
    "warning",
    title="Program that the image does not have",
    source="jvagent 0.1.7: action/mcp/mcp_action.py, skill_resolve.py, action/code_execution/executor.py",
)
def missing_program(project: Project) -> Iterator[Finding]:
    """An MCP server over `stdio` (`jvagent/mcp`), an action or a skill starts a program that the slim image
    does not have, so it fails when it is used. Node (`npx`, `node`, `npm`) and uv (`uvx`) are installed by
    themselves. What is large is yours to decide on: name its Debian package in `image.system_packages` or its
    Python package in `image.extra_pip`. A skill counts if the agent's orchestrator chooses it (`skills`,
    `denied_skills`, `skills_source`) and `jvagent/code_execution` is enabled: by the commands in its SKILL.md
    and, for `spec: claude`, in its Python and shell scripts. With a base image of your own nothing is
    reported."""
    for program in missing_programs(project):
        debian, python = DEBIAN.get(program.name), PYTHON.get(program.name)
        if debian:
            hint = f"set image.system_packages: [{', '.join(debian)}]"
        elif python:
            hint = f"set image.extra_pip: [{python}]"
        else:
            hint = "name the package that brings it in image.system_packages or image.extra_pip"
            hint += ", or reach the server by 'transport: streamable_http'" if program.is_server else ""
        message = f"the image has no {quoted(program.name)}, which {program.by} starts"
        yield Finding(program.place, message, hint)


@project_rule(
    "JVB230",
    "warning",
    title="Module that the image may not have",
    source="jvagent 0.1.7: skills/README.md, its packages have to be in the image",
)
def missing_module(project: Project) -> Iterator[Finding]:
    """A script of a skill imports a module of a package that neither the app, nor its requirements.lock, nor
    jvagent names, so the skill fails when it is used: jvagent installs nothing for a skill. Name the package
    in `image.extra_pip`, or in the skill's `resources/requirements.txt`, from which the image installs as
    well. An import that may fail, as its `except ImportError` goes on, is not reported. Skills count as in
    JVB227; of a skill that is not `spec: claude`, only `scripts/custom_tools.py` is loaded, by
    `jvagent/interview` and `jvagent/leadgen`."""
    for (by, place), found in groupby(missing_modules(project), lambda module: (module.by, module.place)):
        modules = list(found)
        names = " and ".join(quoted(module.name) for module in modules)
        sources = tuple(module.source for module in modules if module.source)
        hint = f"set image.extra_pip: [{', '.join(packages_of(module.name)[0] for module in modules)}]"
        hint += ", or deny the skill by 'denied_skills'" if sources else ""
        yield Finding(place, f"no package brings {names}, which {by} imports", hint, sources)


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.strip().split(".")[:2] if part.isdigit())
