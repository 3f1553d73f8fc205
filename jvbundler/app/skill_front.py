"""The front matter of a SKILL.md: what a skill declares of itself, as jvagent's skill_resolve.py reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jvbundler.source.yaml.file import parse_value
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place

_BOM = "\ufeff"


class Front(NamedTuple):
    """`is_claude`: its scripts are run; `always`: it is on whatever is chosen; `requires`: action classes."""

    name: str
    is_claude: bool
    always: bool
    requires: tuple[str, ...]


def read_front(data: bytes, folder: str) -> Front | None:
    """What a SKILL.md in this folder declares; None for one that jvagent leaves out, as its log says."""
    try:
        front = _front_matter(data.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    if front is None:
        return None
    return Front(
        str(_value(front, "name") or folder).strip(),
        is_claude=str(_value(front, "spec") or "").strip().lower() == "claude",
        always=bool(_value(front, "always-active")),
        requires=tuple(_texts(front, "requires-actions")),
    )


def _front_matter(text: str) -> Node | None:
    """The mapping before the text of a SKILL.md, empty if it has none; None if it is broken."""
    empty = Node({}, Place(""))
    content = text.lstrip(_BOM).strip()
    if not content.startswith("---"):
        return empty
    parts = content.split("---", 2)
    if len(parts) < 3:
        return None
    top, found = parse_value(parts[1], "")
    if top is None:
        return None if found else empty
    return top if isinstance(top.value, dict) else empty if top.value is None else None


def _value(front: Node, key: str) -> object:
    """jvagent reads a key with underscores as well."""
    node = find(front, [key]) or find(front, [key.replace("-", "_")])
    return node.value if node else None


def _texts(front: Node, key: str) -> Iterator[str]:
    value = _value(front, key)
    for one in value if isinstance(value, list) else [value]:
        text = str(one.value if isinstance(one, Node) else one or "").strip()
        if text:
            yield text
