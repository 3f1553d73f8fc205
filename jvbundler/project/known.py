"""A deploy.yaml with errors → as much of the project as is known, so that one run tells all that is wrong.

What is wrong is cut out of the tree. Whoever then asks the environment or the app for what was cut out, or
for what follows from it, gets `Unknown` raised: no rule judges a default that the user did not mean.
"""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

from jvbundler.app.model import App
from jvbundler.generated import validator
from jvbundler.project.build import build_environment, roots
from jvbundler.project.keys import load_schema
from jvbundler.project.model import Environment, Project, Unknown
from jvbundler.project.schema import Violation, check, document, explaining_validator, meant_key, names_in_use
from jvbundler.project.variables import misplaced_secrets
from jvbundler.source.wording import MOST_GUESSES
from jvbundler.values.node import Node

if TYPE_CHECKING:
    from jvbundler.generated.settings import Settings
    from jvbundler.source.load import Source
    from jvbundler.values.problem import Place, Problem

Path = tuple[str | int, ...]

# The paths that are wrong in a section, by its key and the identity of its node, which is kept with them.
Violations = dict[tuple[str, int], tuple[Node, tuple[Path, ...]]]

# What `build_environment` makes of each key, beside the settings. tests/project/test_known.py holds it.
_NAMES = ("app_name", "instance", "qualified_name", "namespace", "function_name", "stack_name", "image_name")
_SECRETS = ("lambda_secrets", "kubernetes_secrets")
_VARIABLES = ("lambda_variables", "kubernetes_variables", "lambda_composed", "kubernetes_composed", *_SECRETS)
FIELDS: dict[Path, tuple[str, ...]] = {
    ("app", "name"): (*_NAMES, *_SECRETS),
    ("app", "version"): ("app_version", "image_tag"),
    ("app", "description"): ("description",),
    ("image", "name"): ("image_name",),
    ("image", "tag"): ("image_tag",),
    ("image", "build", "platform"): ("platforms",),
    ("server", "port"): ("server_port",),
    ("environment",): _VARIABLES,
    ("secrets",): _VARIABLES,
    ("proactive_ticks",): _VARIABLES,
    ("lambda", "function", "name"): ("function_name",),
    ("lambda", "stack_name"): ("stack_name",),
    ("lambda", "environment"): _VARIABLES,
    ("lambda", "efs"): _VARIABLES,
    ("lambda", "deferred_tasks"): _VARIABLES,
    ("lambda", "secrets"): _SECRETS,
    ("kubernetes", "namespace"): ("namespace",),
    ("kubernetes", "persistence"): _VARIABLES,
    ("kubernetes", "secrets"): _SECRETS,
    ("kubernetes", "external_secrets"): _SECRETS,
    ("kubernetes", "deployment", "container", "environment"): _VARIABLES,
}


# The settings whose defaults come from the app.
_FROM_APP: tuple[Path, ...] = (("app",), ("environment",))


class KnownPart(dict[str, Any]):
    """Settings of which the keys in `unknown` are wrong in the file: reading one raises Unknown."""

    unknown: frozenset[str]

    def __getitem__(self, key: str) -> Any:
        if key in self.unknown:
            raise Unknown(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401  # that would be this method

    def __contains__(self, key: object) -> bool:
        return key in self.unknown or super().__contains__(key)

    def _refuse(self, *_: object) -> NoReturn:
        raise Unknown(*self.unknown)

    # All of them at once: what is there is not known to be all.
    keys = values = items = __iter__ = __len__ = copy = __or__ = __ror__ = _refuse


class KnownEnvironment(Environment):
    """An environment of which the fields named in `unknown` follow from what is wrong."""

    unknown: frozenset[str]

    def __getattribute__(self, name: str) -> Any:
        if name in object.__getattribute__(self, "__dict__").get("unknown", ()):
            raise Unknown(name)
        return super().__getattribute__(name)


class UnknownApp:
    """The app, if something is wrong with it: none of what it has is known to be all."""

    def __getattr__(self, name: str) -> NoReturn:
        raise Unknown(name)


class KnownRoot(NamedTuple):
    """A tree without what is wrong, its settings, and the paths of what was cut out."""

    node: Node
    settings: Settings
    cut: tuple[Path, ...]


def known_root(
    root: Node, wrong: Collection[Place], violations: Violations | None = None
) -> KnownRoot | None:
    """The tree without what the schema refuses, and what is written at one of the places in `wrong`.

    `violations` remembers those of the sections that environments share. None where no part can be kept.
    """
    # The schema is asked first: a key that was cut out of its place can no longer say which one was meant.
    paths, node = list(_paths_to_cut(root, {} if violations is None else violations)), root
    for path in paths:
        node = _without(node, path)
    node, more = _without_places(node, wrong)
    settings, _ = check(node)
    return None if settings is None else KnownRoot(node, settings, (*paths, *more))


def known_project(
    source: Source, app: App | None, wrong: Collection[Place], *, app_is_known: bool
) -> tuple[Project | None, tuple[Problem, ...]]:
    """The project of all but what is `wrong`, the places of known errors; and what else is wrong in it.

    The app may be missing, or not be known in all its parts. None where nothing of an environment is left.
    """
    shared: Violations = {}
    parts = {name: known_root(root, wrong, shared) for name, root in roots(source).items()}
    problems = [problem for root in roots(source).values() for problem in misplaced_secrets(root)]
    environments = []
    for name, part in parts.items():
        if part is None:
            return None, tuple(problems)
        environment, more = _known_environment(name, part, app)
        environments.append(environment)
        problems += more
    cut = [path for part in parts.values() if part for path in part.cut]
    whose = cast("App", UnknownApp())
    # What is in the image depends on `image`, too.
    if app and app_is_known and not any(path[0] == "image" for path in cut):
        whose = app
    base, *others = environments
    project = Project(app=whose, file=source.file, base=base, environments=tuple(others))
    return project, tuple(problems)


def _known_environment(
    name: str, root: KnownRoot, app: App | None
) -> tuple[Environment, tuple[Problem, ...]]:
    environment, problems = build_environment(name, root.node, root.settings, app or App(pathlib.Path(), ""))
    if app and not root.cut:
        return environment, problems
    known = KnownEnvironment(*environment)
    known = known._replace(settings=cast("Settings", known_part(root.settings, root.cut)))
    derived = root.cut if app else (*root.cut, *_FROM_APP)
    known.unknown = frozenset(field for path in derived for field in fields(path))
    return known, problems


def fields(path: Path) -> Iterator[str]:
    """The fields of an environment that follow from the key at `path`, from one below or above it."""
    for key, names in FIELDS.items():
        if key[: len(path)] == path or path[: len(key)] == key:
            yield from names


def known_part(settings: Mapping[str, Any], broken: Collection[Path]) -> dict[str, Any]:
    """The settings, with those at the paths unknown; of a list that has one, the whole list is."""
    here = {str(path[0]) for path in broken if len(path) == 1 or isinstance(path[1], int)}
    deeper = {str(path[0]) for path in broken} - here
    result: dict[str, Any] = dict(settings)
    for key in deeper:
        below = settings.get(key)
        if isinstance(below, dict):
            result[key] = known_part(below, [path[1:] for path in broken if path[0] == key])
        else:
            here.add(key)
    if not here:
        return result
    part = KnownPart(result)
    part.unknown = frozenset(here)
    return part


def _without_places(root: Node, wrong: Collection[Place], path: Path = ()) -> tuple[Node, list[Path]]:
    """The tree without the keys, and the scalars, that are written at one of the places; and their paths."""
    if not isinstance(root.value, dict):
        return root, []
    entries: dict[str, Node] = {}
    cut: list[Path] = []
    for key, child in root.value.items():
        if child.key_place in wrong or _has_scalar_at(child, wrong):
            cut.append((*path, key))
            continue
        entries[key], more = _without_places(child, wrong, (*path, key))
        cut += more
    return (root._replace(value=entries) if cut else root), cut


def _has_scalar_at(node: Node, wrong: Collection[Place]) -> bool:
    """Whether the value is, or a list that holds, a scalar at one of the places."""
    if isinstance(node.value, list):
        return any(_is_in(child, wrong) for child in node.value)
    return not isinstance(node.value, dict) and node.place in wrong


def _is_in(node: Node, wrong: Collection[Place]) -> bool:
    value = node.value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return node.place in wrong or node.key_place in wrong or any(_is_in(child, wrong) for child in children)


def _without(node: Node, path: Path) -> Node:
    """The tree without the key at `path`; without the whole list, where it leads into one."""
    if not isinstance(node.value, dict) or path[0] not in node.value:
        return node
    key = str(path[0])
    entries = dict(node.value)
    if len(path) == 1 or not isinstance(entries[key].value, dict):
        del entries[key]
    else:
        entries[key] = _without(entries[key], path[1:])
    return node._replace(value=entries)


def _paths_to_cut(root: Node, known: Violations) -> Iterator[Path]:
    """The paths of what the schema does not allow."""
    try:
        validator.validate(document(root))
        return
    except validator.Invalid:
        pass
    for key, section in root.value.items() if isinstance(root.value, dict) else ():
        if (key, id(section)) not in known:
            alone = document(root._replace(value={key: section}))
            guesses = iter(range(MOST_GUESSES))
            found = explaining_validator().iter_errors(alone)
            known[key, id(section)] = section, tuple(path for v in found for path in _paths(v, guesses))
        yield from known[key, id(section)][1]


def _paths(violation: Violation, guesses: Iterator[int]) -> Iterator[Path]:
    """The paths of what is wrong, and of the keys that were meant, which are given though not readable.

    `guesses` runs out after as many keys as a section may ask about: each takes a while.
    """
    path: Path = tuple(violation.absolute_path)
    if violation.validator == "additionalProperties":
        names = names_in_use(violation.schema)
        for key in violation.instance:
            if key not in violation.schema.get("properties", {}):
                yield (*path, key)
                if next(guesses, None) is not None:
                    yield from filter(None, [meant_key((*path, key), names, load_schema())])
    elif "propertyNames" in violation.absolute_schema_path:
        yield (*path, violation.instance)
    else:
        yield path
