"""Keys without a value that deploy.yaml does not know; elsewhere a null means "not given", and hides them.

Must not judge values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from jvbundler.values.node import Node

Path = tuple[Any, ...]


class EmptyKey(NamedTuple):
    """`siblings` is the schema of the map that the key stands in."""

    path: Path
    siblings: dict[str, Any]


def empty_keys(node: Node) -> Iterator[Path]:
    """The path of every key whose value is null, in file order."""
    value = node.value
    entries: Any = (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    )
    for key, child in entries:
        if child.value is None and isinstance(value, dict):
            yield (key,)
        else:
            yield from ((key, *path) for path in empty_keys(child))


def unknown(paths: list[Path], schema: dict[str, Any]) -> Iterator[EmptyKey]:
    """Those whose key is unknown in a map that is known: an unknown map is told of anyway."""
    for path in paths:
        maps = [found for found in _at(schema, path[:-1]) if found is not True and "properties" in found]
        if maps and not list(_at(schema, path)):
            yield EmptyKey(path, maps[0])


def _at(schema: Any, path: Path) -> Iterator[Any]:
    """The schemas that a value at `path` may have; none where a key on the way is unknown."""
    if isinstance(schema, dict) and "oneOf" in schema:
        for variant in schema["oneOf"]:
            yield from _at(variant, path)
    elif not path:
        yield schema
    elif not isinstance(schema, dict):
        yield True  # anything goes
    elif isinstance(path[0], int):
        yield from _at(schema.get("items", True), path[1:])
    elif "object" not in schema.get("type", "object"):
        return  # a text, say, has no keys
    elif path[0] in schema.get("properties", {}):
        yield from _at(schema["properties"][path[0]], path[1:])
    elif schema.get("additionalProperties", True) is not False:
        yield from _at(schema.get("additionalProperties", True), path[1:])
