"""A YAML tree that remembers where each value was written, so that every message can name a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from jvbundler.values.problem import Place

Scalar = str | int | float | bool | None
Path = Sequence[str | int]


class Node(NamedTuple):
    """A value and its place. `key_place` is where its key is written, for an entry of a mapping.

    `secret` names the secret environment variable whose value belongs here: it is never read, and `value`
    keeps its `${NAME}`, with `$$` for a literal dollar. `text` is the source text of a scalar that is not a
    text. `comment` is the one beside a value of images.yaml that a robot finds it by.
    """

    value: Scalar | dict[str, Node] | list[Node]
    place: Place
    key_place: Place | None = None
    secret: str = ""
    text: str = ""
    comment: str = ""


def plain(node: Node) -> Any:
    """The tree as ordinary dicts, lists and scalars."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    return value


def find(node: Node, path: Path) -> Node | None:
    """The node at `path`, or None where the tree has none."""
    for part in path:
        value = node.value
        if isinstance(value, dict) and part in value:
            node = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            node = value[part]
        else:
            return None
    return node


def locate(node: Node, path: Path) -> Place:
    """The place of the deepest written node on `path`: a default has the place of its section."""
    for part in path:
        child = find(node, [part])
        if child is None:
            break
        node = child
    return node.key_place or node.place


def scalars(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    """Every leaf with its path, in file order."""
    value = node.value
    if isinstance(value, dict):
        for key, child in value.items():
            yield from scalars(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from scalars(child, (*path, index))
    else:
        yield path, node
