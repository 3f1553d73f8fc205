"""deploy.yaml → `Source`: parsed, interpolated, split into environments, overridden and resolved.

It knows `environments`, `variables`, `secrets`, `image.file` and maps named `environment`, and must not know
what any other key means.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.source.images import Images, read_images, unused
from jvbundler.source.interpolate import interpolate
from jvbundler.source.merge import merge
from jvbundler.source.old_names import with_todays_names
from jvbundler.source.variables import (
    KEY,
    SET,
    Variable,
    listed_variables,
    problem_without_list,
    problems_of_list,
    with_list,
    without_list,
)
from jvbundler.source.wording import did_you_mean, one_line, quoted
from jvbundler.source.yaml.file import parse_yaml, read_yaml
from jvbundler.values.node import Node
from jvbundler.values.problem import Place, Problem, error
from jvbundler.values.secret_names import looks_secret

if TYPE_CHECKING:
    from jvbundler.source.references import Allowance

Interpolated = tuple[Node, tuple[Problem, ...]]

_IN_NAMES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
# Names of output folders that are not an environment.
_RESERVED = "base"
# Each is rendered into ten files or more; the largest fleets have a few dozen.
MAX_ENVIRONMENTS = 100
# Keys and values of all environments together: twice a file of 1,000 with 100 environments.
MAX_VALUES = 200_000
# The only environment of an app that declares none.
DEFAULT_ENVIRONMENT = "default"


class Source(NamedTuple):
    """The configuration with places. `file` is as the user would type it.

    `base` is the top level alone; `environments` holds it merged with each declared (and selected)
    environment, and is empty where none is declared. Nulls are kept; keys and values are not checked.
    `overlays` holds the same environments as they are written: a null that removes a key is in these alone.
    `images` is the file with the image of each environment, which is merged into `environments`.
    """

    file: str
    base: Node
    environments: dict[str, Node]
    overlays: Mapping[str, Node] = MappingProxyType({})
    images: Images = Images()


def load_source(
    path: Path,
    shown_as: str,
    *,
    environ: Mapping[str, str],
    environments: Sequence[str] = (),
    assignments: Sequence[tuple[str, str]] = (),
    within: Path | None = None,
    requires_list: bool = False,
    images: bytes | None = None,
) -> tuple[Source | None, tuple[Problem, ...]]:
    """The source at `path`, which messages call `shown_as`, and every problem found on the way.

    A link at `path` must not lead out of the folder `within`. `environ` is what `${NAME}` is looked up in,
    `environments` selects (all, if empty), and `assignments` are `--set` pairs of a dotted path and a YAML
    text. With `requires_list`, a file that reads variables and has no `variables` is an error. `images` is
    what the image file is to say, in place of what it says. None only where the file cannot be read as YAML.
    """
    root, problems = read_yaml(path, shown_as, within=within)
    if root is None:
        return None, _sorted(problems)
    file, more = read_images(root, path, shown_as, assignments, images)
    found = (*problems, *more)
    return _source(root, file, found, shown_as, environ, environments, assignments, requires_list)


def parse_source(
    data: bytes,
    file: str,
    *,
    environ: Mapping[str, str],
    environments: Sequence[str] = (),
    assignments: Sequence[tuple[str, str]] = (),
    requires_list: bool = False,
) -> tuple[Source | None, tuple[Problem, ...]]:
    """The same for text that was read already, without an image file."""
    root, problems = parse_yaml(data, file)
    if root is None:
        return None, _sorted(problems)
    return _source(root, Images(), problems, file, environ, environments, assignments, requires_list)


def _source(
    root: Node,
    images: Images,
    problems: tuple[Problem, ...],
    file: str,
    environ: Mapping[str, str],
    environments: Sequence[str],
    assignments: Sequence[tuple[str, str]],
    requires_list: bool,
) -> tuple[Source, tuple[Problem, ...]]:
    root, renamed = with_todays_names(root)
    found = [*problems, *renamed]
    is_secret = _secret_test(root)
    written = root
    root, more = _interpolated(root, environ, is_secret, assignments, requires_list)
    found += more
    base, overlays = _split(root, found)
    found += _undeclared(environments, root, file)
    chosen = [name for name in overlays if not environments or name in environments]
    trees = {name: merge(base, overlays[name]) for name in chosen}
    found += [problem for name, tree in trees.items() for problem in _replaced(tree, name, images)]
    trees = {name: _with_images(tree, name, images) for name, tree in trees.items()}
    # Whoever writes `${NAME}` into the command line could have written its value.
    interpolated = partial(interpolate, environ=environ, is_secret=is_secret)
    finished = _finisher(assignments, interpolated)
    resolved = {name: with_list(finished(tree, found), written) for name, tree in trees.items()}
    # The base of several environments is not a configuration of its own: what it refers to may be written in
    # each of them, and a reference that fails is reported there.
    if not overlays:
        found += _replaced(base, DEFAULT_ENVIRONMENT, images)
        base = _with_images(base, DEFAULT_ENVIRONMENT, images)
    base = with_list(finished(base, [] if overlays else found), written)
    return Source(file, base, resolved, {name: overlays[name] for name in chosen}, images), _sorted(found)


def _with_images(tree: Node, environment: str, images: Images) -> Node:
    own = images.trees.get(environment)
    return merge(tree, own) if own else tree


def _replaced(tree: Node, environment: str, images: Images) -> tuple[Problem, ...]:
    own = images.trees.get(environment)
    return tuple(unused(tree, own)) if own else ()


def _interpolated(
    root: Node,
    environ: Mapping[str, str],
    is_secret: Callable[[str], bool],
    assignments: Sequence[tuple[str, str]],
    requires_list: bool,
) -> Interpolated:
    """The file with its variables replaced, except what the command line will replace anyway.

    `${NAME}` also finds what `--env` sets, which is not a read of the environment.
    """
    listed = listed_variables(root)
    root = without_list(root)
    given: dict[str, str] = {}
    if assignments:
        from jvbundler.source.assign import given_variables, without_assigned

        root, given = without_assigned(root, assignments), given_variables(assignments)
        environ = ChainMap(given, environ)  # type: ignore[arg-type]  # which is only read
    allowed = None if listed is None else {**{name: Variable(name, SET) for name in given}, **listed}
    used: dict[str, Place] = {}
    root, problems = interpolate(root, environ, is_secret, listed=allowed, used=used)
    found = list(problems)
    if listed is None:
        read = {name: place for name, place in used.items() if name not in given}
        found += [p for p in [problem_without_list(read, required=requires_list)] if p]
    elif listed:
        found += problems_of_list(listed, is_secret, _bad_pattern)
    return root, tuple(found)


def _bad_pattern(pattern: str) -> str:
    """Why the pattern cannot be used; empty where it can."""
    from jvbundler.source.patterns import BadPattern, parsed

    try:
        parsed(pattern)
    except BadPattern as failure:
        return str(failure)
    return ""


def _finisher(
    assignments: Sequence[tuple[str, str]], interpolated: Callable[[Node], Interpolated]
) -> Callable[[Node, list[Problem]], Node]:
    """Finishes a merged tree: applies `--set` and resolves references."""
    allowances: list[Allowance] = []

    def finished(tree: Node, found: list[Problem]) -> Node:
        if assignments:
            from jvbundler.source.assign import assign

            for key, value in assignments:
                tree, problems = assign(tree, key, value, interpolated)
                found += problems
        if has_references(tree):
            from jvbundler.source.references import Allowance, resolve_references

            # One for the whole file, however many environments it has.
            allowances[:] = allowances or [Allowance()]
            tree, problems = resolve_references(tree, allowances[0])
            found += problems
        return tree

    return finished


def has_references(node: Node) -> bool:
    value = node.value
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(map(has_references, value.values()))
    return isinstance(value, list) and any(map(has_references, value))


def _sorted(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Each problem once, in file order: an environment repeats what the top level has wrong."""
    once = {(problem.place, problem.rule, problem.message): problem for problem in reversed(problems)}
    return tuple(once[key] for key in sorted(once))


def _secret_test(root: Node) -> Callable[[str], bool]:
    listed = {name for tree in (root, *_entries(root, "environments")) for name in _listed_secrets(tree)}
    return lambda name: name in listed or looks_secret(name)


def _entries(root: Node, key: str) -> list[Node]:
    node = root.value.get(key) if isinstance(root.value, dict) else None
    value = node.value if node else None
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _listed_secrets(tree: Node) -> list[str]:
    """The names under `secrets`, which holds names or maps with a `name`."""
    named = [
        entry.value.get("name", entry) if isinstance(entry.value, dict) else entry
        for entry in _entries(tree, "secrets")
    ]
    return [node.value for node in named if isinstance(node.value, str)]


def _split(root: Node, found: list[Problem]) -> tuple[Node, dict[str, Node]]:
    """The top level alone, and the environments as they are written."""
    entries = dict(root.value) if isinstance(root.value, dict) else {}
    declared = entries.pop("environments", None)
    base = root._replace(value=entries)
    if declared is None or declared.value is None:
        return base, {}
    if not isinstance(declared.value, dict):
        hint = "write 'environments: {dev: {…}, prod: {…}}'"
        found.append(error("JVB110", declared.place, "'environments' is not a map", hint))
        return base, {}
    flood = _too_many(base, declared)
    if flood:
        found.append(flood)
        return base, {}
    overlays = {}
    for name, node in declared.value.items():
        problem = _bad_environment(name, node)
        if problem:
            found.append(problem)
        else:
            overlays[name] = node if node.value is not None else node._replace(value={})
    return base, overlays


def _too_many(base: Node, declared: Node) -> Problem | None:
    """The problem of a file with too many environments, or too much in all of them."""
    place = declared.key_place or declared.place
    count = len(declared.value) if isinstance(declared.value, dict) else 0
    if count > MAX_ENVIRONMENTS:
        message = f"{count:,} environments, which are more than {MAX_ENVIRONMENTS}"
        return error("JVB107", place, message, "split the file by what its environments have in common")
    if count * _size(base) + _size(declared) <= MAX_VALUES:
        return None
    message = f"the environments together have more than {MAX_VALUES:,} keys and values"
    return error("JVB107", place, message, "split the file, or keep large data elsewhere")


def _size(node: Node) -> int:
    value = node.value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_size, children))


def _bad_environment(name: str, node: Node) -> Problem | None:
    place = node.key_place or node.place
    if not _is_environment_name(name):
        hint = "use at most 32 lower-case letters, digits and '-', with no '-' at an end"
        return error("JVB110", place, f"{quoted(name)} is not a name for an environment", hint)
    if name == _RESERVED:
        return error("JVB110", place, f"an environment cannot be named '{name}'", "choose another name")
    if node.value is not None and not isinstance(node.value, dict):
        hint = "write the keys that differ from the top level under it"
        return error("JVB110", node.place, f"environment '{name}' is not a map", hint)
    for key in ("environments", KEY):
        if isinstance(node.value, dict) and key in node.value:
            inner = node.value[key]
            message = f"environment '{name}' has '{key}' of its own"
            return error("JVB110", inner.key_place or inner.place, message, "move them to the top level")
    return None


def _is_environment_name(name: str) -> bool:
    """A DNS label, as it becomes part of names on both platforms; 32 leave room for an app's name."""
    return 0 < len(name) <= 32 and _IN_NAMES.issuperset(name) and name.strip("-") == name


def _undeclared(asked: Sequence[str], root: Node, file: str) -> list[Problem]:
    declared = root.value.get("environments") if isinstance(root.value, dict) else None
    names = list(declared.value) if declared and isinstance(declared.value, dict) else []
    place = (declared.key_place or declared.place) if declared else Place(file)
    known = names or [DEFAULT_ENVIRONMENT]
    return [
        error("JVB112", place, f"environment {quoted(name)} is not declared", _choose(name, names))
        for name in asked
        if name not in known
    ]


def _choose(name: str, declared: Sequence[str]) -> str:
    if not declared:
        return "declare it under 'environments', or leave '-e' out"
    return did_you_mean(name, declared) or one_line(f"choose one of: {', '.join(declared)}", 200)
