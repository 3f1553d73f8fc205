"""`--set key.path=value` from the command line, written into a tree. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from jvbundler.source.variables import KEY, SET
from jvbundler.source.wording import quoted
from jvbundler.source.yaml.file import parse_value
from jvbundler.source.yaml.nodes import typed_text
from jvbundler.values.node import Node, Path, find
from jvbundler.values.problem import Problem, error

Interpolated = tuple[Node, tuple[Problem, ...]]
_STEP_END = re.compile(r"(?<!\\)\.")  # '\.' is a dot inside a key, as in an annotation's
_INDEX = re.compile(r"[0-9]{1,6}\Z")


class _Misfit(Exception):
    """The path does not fit the tree; the text says why."""


def assign(
    root: Node, key: str, text: str, interpolated: Callable[[Node], Interpolated]
) -> tuple[Node, tuple[Problem, ...]]:
    """The tree with `text`, read as YAML, at the dotted path `key`; missing maps on the way are created.

    A number is an index into a list, and one past the end appends. No message repeats `text`. Its
    `${NAME}` are `interpolated` as if the value were written in the file: a secret stays a name there too.
    """
    steps = _steps(key)
    if not (key + text).isascii() and _has_surrogates(key + text):
        return root, (_malformed(key, "or its value is not UTF-8", "write it as UTF-8 text"),)
    if not all(steps):
        return root, (_malformed(key, "is not a dotted path of keys"),)
    if steps[0] == "environments":
        hint = "set the key itself, and choose the environment with '-e'"
        return root, (_malformed(key, "is inside an environment", hint),)
    if steps[0] == KEY:
        hint = "write it into the file; '--env NAME=value' gives a variable a value"
        return root, (_malformed(key, "lists what the file may read, and only the file can set it", hint),)
    value = _value(text)
    if value is None:
        return root, (_malformed(key, "has a value that is not YAML", "quote it for the shell and for YAML"),)
    for step in reversed(steps):
        value = Node({step: value}, SET, SET)
    outer, problems = interpolated(value)
    try:
        return _placed(root, steps, find(outer, steps) or outer), problems
    except _Misfit as misfit:
        return root, (_malformed(key, str(misfit)),)


def without_assigned(root: Node, assignments: Sequence[tuple[str, str]]) -> Node:
    """The tree without the texts that the assignments replace, in its environments too.

    Their variables are not read: what the command line replaces need not be set.
    """
    for key, _ in assignments:
        root = _emptied(root, _steps(key))
    environments = root.value.get("environments") if isinstance(root.value, dict) else None
    if environments is None or not isinstance(environments.value, dict):
        return root
    overlays = {name: _all_emptied(overlay, assignments) for name, overlay in environments.value.items()}
    assert isinstance(root.value, dict)
    return root._replace(value={**root.value, "environments": environments._replace(value=overlays)})


def _all_emptied(node: Node, assignments: Sequence[tuple[str, str]]) -> Node:
    for key, _ in assignments:
        node = _emptied(node, _steps(key))
    return node


def _emptied(node: Node, steps: Sequence[str]) -> Node:
    """The tree with an empty text where the path leads to a text."""
    if not steps:
        return node._replace(value="") if isinstance(node.value, str) else node
    if isinstance(node.value, dict) and steps[0] in node.value:
        child = _emptied(node.value[steps[0]], steps[1:])
        return node._replace(value={**node.value, steps[0]: child})
    if isinstance(node.value, list) and _INDEX.match(steps[0]) and int(steps[0]) < len(node.value):
        index = int(steps[0])
        items = [_emptied(item, steps[1:]) if i == index else item for i, item in enumerate(node.value)]
        return node._replace(value=items)
    return node


def given_variables(assignments: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The variables of the app that the command line sets for both platforms: `${NAME}` finds them too."""
    given = {}
    for key, text in assignments:
        steps = _steps(key)
        value = _value(text) if len(steps) == 2 and steps[0] == "environment" else None
        if value is not None and not isinstance(value.value, (dict, list)) and "${" not in text:
            given[steps[1]] = value.text or str(value.value)
    return given


def _steps(key: str) -> list[str]:
    return [step.replace("\\.", ".") for step in _STEP_END.split(key)]


def _malformed(key: str, message: str, hint: str = "write '--set key.path=value'") -> Problem:
    return error("JVB111", SET, f"{quoted(key)} {message}", hint)


def _has_surrogates(text: str) -> bool:
    """Whether the command line held bytes that are not text; Python passes them on as lone surrogates."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def _value(text: str) -> Node | None:
    """A quoted text, list or map is YAML; anything else is an unquoted scalar."""
    if not text.lstrip().startswith(("[", "{", '"', "'")):
        return Node(typed_text(text), SET, SET)
    node, problems = parse_value(text, SET.file)
    return node._replace(key_place=SET) if node and not problems else None


def _placed(node: Node, steps: Path, value: Node) -> Node:
    if not steps:
        return value
    step, rest = str(steps[0]), steps[1:]
    if node.value is None or isinstance(node.value, dict):
        entries = dict(node.value or {})
        entries[step] = _placed(entries.get(step, Node(None, SET, SET)), rest, value)
        return node._replace(value=entries)
    if isinstance(node.value, list):
        return node._replace(value=_with_item(node.value, step, rest, value))
    raise _Misfit(f"has no place for {quoted(step)}: a single value stands there")


def _with_item(items: list[Node], step: str, rest: Path, value: Node) -> list[Node]:
    if not _INDEX.match(step) or int(step) > len(items):
        raise _Misfit(f"needs an index from 0 to {len(items)} in place of {quoted(step)}")
    index = int(step)
    old = items[index] if index < len(items) else Node(None, SET)
    return [*items[:index], _placed(old, rest, value), *items[index + 1 :]]
