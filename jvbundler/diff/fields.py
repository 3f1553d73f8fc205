"""Two trees of plain values → the fields in which they differ. Items of lists are matched by name where
they have one. Knows no kind of object.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from jvbundler.diff.model import ABSENT, Field
from jvbundler.diff.objects import canonical, function_name

Path = tuple[str, ...]

# Keys that identify the items of a list, for Kubernetes and for CloudFormation. The first one that every item
# of both sides has, with distinct values, is used: containers have a name, ports may have only a number.
MERGE_KEYS = (
    "name",
    "Name",
    "Key",
    "Sid",
    "PolicyName",
    "mountPath",
    "LocalMountPath",
    "ResourcePath",
    "secretKey",
    "topologyKey",
    "host",
    "path",
    "ip",
    "key",
    "containerPort",
    "port",
)
ORDER = "(order)"


def differences(old: Any, new: Any, path: Path = ()) -> Iterator[Field]:
    """Each difference once, at the highest path where one side has nothing or another kind of value."""
    if _is_map(old) and _is_map(new):
        for key in {**old, **new}:
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        key = merge_key(old, new)
        yield from _of_named(old, new, key, path) if key else _of_unnamed(old, new, path)
    elif canonical(old) != canonical(new):
        yield Field(path, old, new)


def leaves(field: Field) -> Iterator[Field]:
    """The scalars of a subtree that exists on one side only; any other field is its own leaf."""
    if field.old is ABSENT or field.new is ABSENT:
        there = field.new if field.old is ABSENT else field.old
        for path, value in scalars(there, field.path):
            old, new = (ABSENT, value) if field.old is ABSENT else (value, ABSENT)
            yield Field(path, old, new)
    else:
        yield field


def scalars(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar, function call and empty collection, with its path."""
    if _is_map(value) and value:
        for key, child in value.items():
            yield from scalars(child, (*path, key))
    elif isinstance(value, list) and value:
        for part, child in zip(_parts(value), value, strict=True):
            yield from scalars(child, (*path, part))
    else:
        yield path, value


def merge_key(old: list[Any], new: list[Any]) -> str:
    """The key whose values name the items of both lists; empty where there is none."""
    if not (old or new):
        return ""
    return next((key for key in MERGE_KEYS if _names(old, key) and _names(new, key)), "")


def _names(items: list[Any], key: str) -> bool:
    values = [item.get(key) if isinstance(item, dict) else None for item in items]
    are_scalars = all(isinstance(value, (str, int)) for value in values)
    return are_scalars and len({str(value) for value in values}) == len(values)


def _is_map(value: Any) -> bool:
    return isinstance(value, dict) and not function_name(value)


def _parts(items: list[Any]) -> list[str]:
    key = merge_key(items, [])
    return [f"[{item[key] if key else index}]" for index, item in enumerate(items)]


def _of_named(old: list[Any], new: list[Any], key: str, path: Path) -> Iterator[Field]:
    before = {str(item[key]): item for item in old}
    after = {str(item[key]): item for item in new}
    for name in {**before, **after}:
        yield from differences(before.get(name, ABSENT), after.get(name, ABSENT), (*path, f"[{name}]"))
    stayed = [name for name in before if name in after]
    if stayed != [name for name in after if name in before]:
        yield Field((*path, ORDER), list(before), list(after))


def _of_unnamed(old: list[Any], new: list[Any], path: Path) -> Iterator[Field]:
    matcher = SequenceMatcher(None, [canonical(v) for v in old], [canonical(v) for v in new], autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        paired = min(old_end - old_start, new_end - new_start)
        for step in range(paired):
            index = new_start + step
            yield from differences(old[old_start + step], new[index], (*path, f"[{index}]"))
        for index in range(old_start + paired, old_end):
            yield Field((*path, f"[{index}]"), old[index], ABSENT)
        for index in range(new_start + paired, new_end):
            yield Field((*path, f"[{index}]"), ABSENT, new[index])
