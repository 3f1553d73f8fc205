"""The cases of golden/invalid: a folder each, with what is wrong, a neighbour that is not, and the problems.

`deploy.yaml` or `app/` has the fault, `neighbour.yaml` or `neighbour/` is as near as can be without it. The
other files are optional: `images.yaml`, `neighbour-images.yaml`, `environ.env` (variables), `arguments.txt`
(`-e NAME`, `--set KEY=VALUE`), `templates/` (overrides), `output/` (what was rendered and committed before).
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from jvbundler.pipeline.compile import load_project_app
from jvbundler.pipeline.request import Options
from jvbundler.project.build import build_project
from jvbundler.project.model import Project
from jvbundler.project.schema import check
from jvbundler.render.targets import TARGETS, render_target
from jvbundler.rules.engine import check_project, without_waived
from jvbundler.rules.rendered import check_artifacts, check_output
from jvbundler.source.load import load_source
from jvbundler.values.node import Node
from jvbundler.values.problem import InputError, Place, Problem

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
INVALID = GOLDEN / "invalid"
UPDATE = os.environ.get("JVBUNDLER_UPDATE_GOLDEN") == "1"
CASES = sorted(path.name for path in INVALID.iterdir() if path.is_dir())
# Only a render tells; the others need none, and do without the time.
RENDERED = ("JVB120", "JVB327", "JVB420", "JVB421", "JVB422", "JVB423", "JVB424", "JVB425", "JVB426")


def rule_of(case: str) -> str:
    return case.split("-")[0]


def checkout(case: str, folder: Path, *, neighbour: bool) -> Path:
    """The app of a case with its deploy.yaml, as a user has it."""
    root = INVALID / case
    own = root / ("neighbour" if neighbour else "app")
    shutil.copytree(own if own.is_dir() else GOLDEN / "app", folder, symlinks=True)
    config = root / "neighbour.yaml"
    if not neighbour or not config.exists():
        config = root / "deploy.yaml"
    if config.exists():
        shutil.copy(config, folder / "deploy.yaml")
    images = root / "neighbour-images.yaml"
    if not neighbour or not images.exists():
        images = root / "images.yaml"
    if images.exists():
        shutil.copy(images, folder / "images.yaml")
    if (root / "templates").is_dir():
        shutil.copytree(root / "templates", folder / "templates")
    return folder


def problems(case: str, app_root: Path) -> tuple[Problem, ...]:
    """Every problem of the app in `app_root`, the working folder, as a render finds them."""
    assignments, environments = arguments(INVALID / case)
    source, found = load_source(
        app_root / "deploy.yaml",
        "deploy.yaml",
        environ=environ(INVALID / case),
        environments=environments,
        assignments=assignments,
    )
    root = source.base if source else Node({}, Place("deploy.yaml"))
    app, more = load_project_app(app_root, ".", root, check(root), Options(environ={}))
    found = (*found, *more)
    if source is None or app is None:
        return found
    project, more = build_project(source, app)
    found = (*found, *more)
    if project is not None and not any(problem.is_error for problem in found):
        found = check_project(project, found)
        found = (*found, *problems_of_output(case, project, found))
    return tuple(sorted(dict.fromkeys(found), key=lambda p: (p.place, p.rule, p.message)))


def problems_of_output(case: str, project: Project, found: Iterable[Problem]) -> Iterator[Problem]:
    """What only the old or the new output tells."""
    if any(problem.is_error for problem in found):
        return
    committed = INVALID / case / "output"
    # As in a repository of the app alone.
    project = project._replace(repository_path="deploy", folder="app")
    yield from without_waived(project, check_output(project, lambda path: text_of(committed / path)))
    if rule_of(case) not in RENDERED:
        return
    templates = Path("templates") if Path("templates").is_dir() else None
    try:
        artifacts = [artifact for target in TARGETS for artifact in render_target(target, project, templates)]
    except InputError as failure:
        yield from failure.problems
    else:
        yield from without_waived(project, check_artifacts(artifacts))


def text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def environ(case: Path) -> dict[str, str]:
    text = text_of(case / "environ.env") or ""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def arguments(case: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """The `--set` pairs and the `-e` names."""
    words = shlex.split(text_of(case / "arguments.txt") or "")
    pairs = list(zip(words[::2], words[1::2], strict=True))
    sets = [value.partition("=") for option, value in pairs if option == "--set"]
    return [(key, value) for key, _, value in sets], [value for option, value in pairs if option == "-e"]


def line(problem: Problem) -> str:
    """A problem as the text report words it, without the source line."""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.place}: {problem.severity} {problem.rule} {problem.message}{hint}"
