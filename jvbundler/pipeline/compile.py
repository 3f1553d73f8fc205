"""An app and its deploy.yaml → a checked Project, or every problem of both in one run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.app.load import load_app
from jvbundler.pipeline.request import CONFIG, Options, below, config_path
from jvbundler.project.build import build_project, checked_roots
from jvbundler.project.model import BASE
from jvbundler.project.schema import Checked
from jvbundler.rules.engine import check_known, check_project
from jvbundler.source.load import load_source
from jvbundler.values.node import Node, locate
from jvbundler.values.problem import InputError, Place, Problem, ordered

if TYPE_CHECKING:
    from jvbundler.app.model import App
    from jvbundler.generated.settings import Settings
    from jvbundler.project.model import Project
    from jvbundler.source.load import Source

NO_APP = "JVB200"
# What decides which jvagent the app runs on.
_JVAGENT = (("image",), ("image", "jvagent_version"), ("image", "jvagent_path"))
_EMPTY = Node({}, Place(CONFIG))
_NOTHING: Checked = (None, ())


# A file with more is a hostile one, or no deploy.yaml: what else is wrong with it can wait.
_MOST_PROBLEMS = 200

# deploy.yaml as it was loaded, None where it is no YAML, and its problems.
Loaded = tuple["Source | None", tuple[Problem, ...]]


class Compiled(NamedTuple):
    """A project without errors; `problems` are its warnings, `source` is what deploy.yaml says."""

    project: Project
    source: Source
    problems: tuple[Problem, ...]


def compile_project(
    app_root: Path,
    shown_as: str,
    options: Options,
    environments: Sequence[str] = (),
    tolerated: Collection[str] = (),
) -> Compiled:
    """The project of the app in `app_root`, which messages call `shown_as`.

    `environments` have to be declared, but all declared ones are compiled: they share files. Findings of the
    `tolerated` rules are dropped. Raises InputError with every problem of deploy.yaml, the app and both
    together.
    """
    parts = _read(app_root, shown_as, options, environments)
    project, found = _project(parts)
    if project is not None and not _errors(found):
        found, undecided = check_project(project, found), ""
    else:
        found, undecided = _all_of(parts, found)
    found = ordered(problem for problem in found if problem.rule not in tolerated)
    if parts.source is None or project is None or _errors(found):
        raise InputError(undecided, problems=found)
    return Compiled(project, parts.source, found)


class Parts(NamedTuple):
    """deploy.yaml and the app, each with its own problems; `checked` is each root's result of the schema."""

    source: Source | None
    checked: Mapping[str, Checked]
    problems: tuple[Problem, ...]
    app: App | None
    app_problems: tuple[Problem, ...]


def _read(app_root: Path, shown_as: str, options: Options, environments: Sequence[str]) -> Parts:
    load = _loader(app_root, shown_as, options)
    source, problems = load()
    if source is not None and not set(environments) <= set(source.environments):
        # Only now: it would skip the environments that were not asked for.
        _, problems = load(environments=environments)
    if source is None and not options.config:
        problems = tuple(_naming_a_way(problem, app_root) for problem in problems)
    checked = checked_roots(source) if source else {}
    root = source.base if source else _EMPTY
    app, app_problems = load_project_app(app_root, shown_as, root, checked.get(BASE, _NOTHING), options)
    if any(problem.rule == NO_APP for problem in app_problems) and source is None and not options.config:
        # Where there is no app, a missing deploy.yaml is not worth a message.
        problems = ()
    return Parts(source, checked, problems, app, app_problems)


def _project(parts: Parts) -> tuple[Project | None, Sequence[Problem]]:
    """The project, None if a part is too broken for one, and what is wrong so far."""
    if parts.source and parts.app:
        project, more = build_project(parts.source, parts.app, parts.checked)
    else:
        project, more = None, tuple(_problems(parts.checked))
    return project, [*parts.problems, *parts.app_problems, *more]


def _all_of(parts: Parts, found: Sequence[Problem]) -> tuple[Sequence[Problem], str]:
    """What is `found`, and what the rules find in the rest; and how many of them could not decide."""
    if parts.source is None or len(found) > _MOST_PROBLEMS:
        return found, ""
    from jvbundler.project.known import known_project

    wrong = {problem.place for problem in found if problem.is_error}
    app_is_known = not _errors(parts.app_problems)
    project, problems = known_project(parts.source, parts.app, wrong, app_is_known=app_is_known)
    if project is None:
        return [*found, *problems], ""
    every, undecided = check_known(project, [*found, *problems])
    told = set(found)
    new = [problem for problem in every if problem in told or problem.place not in wrong]
    many = "1 rule was" if len(undecided) == 1 else f"{len(undecided)} rules were"
    return new, f"{many} not checked yet, as they depend on what is wrong above" if undecided else ""


def _loader(app_root: Path, shown_as: str, options: Options) -> partial[Loaded]:
    """Loads deploy.yaml; it takes a selection of environments."""
    return partial(
        load_source,
        config_path(app_root, options),
        str(options.config) if options.config else below(shown_as, CONFIG),
        environ=options.environ,
        assignments=options.assignments,
        # A file that is named may lie anywhere; the app's own is a stranger's, and may be a link to any file.
        within=None if options.config else app_root,
        requires_list=options.requires_list,
        images=options.images,
    )


def project_without_app(app_root: Path, shown_as: str, options: Options) -> Project:
    """What deploy.yaml alone says, as of an app that has nothing; InputError with its problems."""
    from jvbundler.app.model import App

    source, problems = _loader(app_root, shown_as, options)()
    project, more = build_project(source, App(app_root, shown_as)) if source else (None, ())
    if project is None or _errors([*problems, *more]):
        raise InputError(problems=ordered([*problems, *more]))
    return project


def _naming_a_way(problem: Problem, app_root: Path) -> Problem:
    """A missing deploy.yaml with what to do about it."""
    if not problem.message.endswith("does not exist"):
        return problem
    if (app_root / "deploy.yml").is_file():
        return problem._replace(hint="rename deploy.yml, or name it with '-c'")
    return problem._replace(hint="'jvbundler init' writes one")


def _errors(problems: Iterable[Problem]) -> bool:
    return any(problem.is_error for problem in problems)


def load_project_app(
    app_root: Path, shown_as: str, root: Node, checked: Checked, options: Options
) -> tuple[App | None, tuple[Problem, ...]]:
    """The app, with what the top level of deploy.yaml, `root`, says about its image.

    Of an invalid one, the valid part counts.
    """
    settings, cut = (checked[0], ()) if checked[0] else _valid_part(root)
    image = settings["image"]
    extra = [(spec, locate(root, ("image", "extra_pip", i))) for i, spec in enumerate(image["extra_pip"])]
    path = Path(image["jvagent_path"]) if image["jvagent_path"] and not options.jvagent else None
    return load_app(
        app_root,
        shown_as,
        jvagent_version=image["jvagent_version"],
        version_at=locate(root, ("image", "jvagent_version")),
        jvagent_path=path or options.jvagent,
        path_at=locate(root, ("image", "jvagent_path")) if path else None,
        extra_pip=extra,
        jvagent_is_known=not any(path[:2] in _JVAGENT for path in cut),
    )


def _valid_part(root: Node) -> tuple[Settings, tuple[tuple[str | int, ...], ...]]:
    """The settings of what is valid, and the paths of the rest."""
    from jvbundler.project.known import known_root

    part = known_root(root, ()) or known_root(_EMPTY, ())
    assert part is not None, "an empty deploy.yaml is valid"
    return part.settings, part.cut


def _problems(checked: Mapping[str, Checked]) -> Iterable[Problem]:
    """What is wrong with deploy.yaml alone, if the app is too broken to go on."""
    return (problem for _, problems in checked.values() for problem in problems)
