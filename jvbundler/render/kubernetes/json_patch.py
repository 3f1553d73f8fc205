"""JSON Patch (RFC 6902) on plain data: applies a patch, and computes one. Knows nothing of Kubernetes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Operation = dict[str, Any]


class Refused(Exception):
    """An operation that cannot be applied; the message says why."""


def applied(document: Any, operations: list[Operation]) -> Any:
    """A patched copy. Raises Refused, which names the operation by its number, counted from 1."""
    document = copy.deepcopy(document)
    for number, operation in enumerate(operations, 1):
        try:
            document = apply_one(document, operation)
        except Refused as reason:
            raise Refused(f"operation {number}: {reason}") from None
    return document


def apply_one(document: Any, operation: Any) -> Any:
    if not isinstance(operation, dict):
        raise Refused("is not a map")
    kind, path = operation.get("op"), operation.get("path")
    if kind not in ("add", "remove", "replace", "move", "copy", "test"):
        raise Refused("'op' is not one of add, remove, replace, move, copy, test")
    if kind in ("add", "replace", "test") and "value" not in operation:
        raise Refused(f"'{kind}' has no 'value'")
    target = tokens(path, "path")
    if kind in ("move", "copy"):
        source = tokens(operation.get("from"), "from")
        value = copy.deepcopy(found(document, source))
        return added(removed(document, source) if kind == "move" else document, target, value)
    if kind == "remove":
        return removed(document, target)
    if kind == "test":
        if found(document, target) != operation["value"]:
            raise Refused(f"'{path}' has another value")
        return document
    if kind == "replace" and target:
        found(document, target)
        return replaced(document, target, copy.deepcopy(operation["value"]))
    return added(document, target, copy.deepcopy(operation["value"]))


def tokens(pointer: Any, field: str) -> list[str]:
    """The parts of a JSON Pointer (RFC 6901)."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise Refused(f"'{field}' is not a JSON pointer, such as '/spec/replicas'")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def pointer_of(path: tuple[str, ...]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def found(document: Any, path: list[str]) -> Any:
    for depth, part in enumerate(path):
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            raise Refused(f"there is no '{pointer_of(tuple(path[: depth + 1]))}'")
    return document


def added(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = found(document, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and (last == "-" or (last.isdecimal() and int(last) <= len(parent))):
        parent.insert(len(parent) if last == "-" else int(last), value)
    else:
        raise Refused(f"there is no place for '{pointer_of(tuple(path))}'")
    return document


def replaced(document: Any, path: list[str], value: Any) -> Any:
    parent, last = found(document, path[:-1]), path[-1]
    parent[int(last) if isinstance(parent, list) else last] = value
    return document


def removed(document: Any, path: list[str]) -> Any:
    found(document, path)
    if not path:
        raise Refused("the whole object cannot be removed")
    parent, last = found(document, path[:-1]), path[-1]
    del parent[int(last) if isinstance(parent, list) else last]
    return document


def difference(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Operation]:
    """Operations that turn `before` into `after`: maps key by key, a changed list as a whole."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        if not same(before, after):
            yield {"op": "replace", "path": pointer_of(path), "value": after}
        return
    for key in before:
        if key not in after:
            yield {"op": "remove", "path": pointer_of((*path, key))}
    for key, value in after.items():
        if key in before:
            yield from difference(before[key], value, (*path, key))
        else:
            yield {"op": "add", "path": pointer_of((*path, key)), "value": value}


def same(one: Any, other: Any) -> bool:
    """Equality that distinguishes `true` from 1 and 1 from 1.0, as YAML does."""
    if one != other or type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return all(map(same, one, other))
    return True
