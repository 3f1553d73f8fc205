"""What a comparison finds, as values: changes of objects, their fields, and the risks of each."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal, NamedTuple

Level = Literal["danger", "attention", "info"]
RiskKind = Literal[
    "immutable field",
    "replacement",
    "data loss",
    "outage",
    "permissions",
    "exposure",
    "image",
    "restart",
    "scaling",
]
# moved: the same object in another namespace. reworded: a file with other text and the same meaning. source:
# a file whose objects are all in the flat manifest of the same render.
Action = Literal["added", "removed", "changed", "moved", "reworded", "source"]
LEVELS: tuple[Level, ...] = ("danger", "attention", "info")


class Missing(Enum):
    ABSENT = "absent"


# Where a side has no value at all; null is a value.
ABSENT = Missing.ABSENT


class Field(NamedTuple):
    """One difference: `path` has a part for each key, and `[name]` or `[0]` for an item of a list."""

    path: tuple[str, ...]
    old: Any
    new: Any


class Risk(NamedTuple):
    kind: RiskKind
    level: Level
    message: str
    hint: str = ""


class Change(NamedTuple):
    """What happened to one object of a file, or to a whole file if `title` is empty.

    For an object, `fields` hold the change; for a text, `lines`, each with a `+`, `-` or space before it.
    """

    file: str
    title: str
    action: Action
    fields: tuple[Field, ...] = ()
    lines: tuple[str, ...] = ()
    risks: tuple[Risk, ...] = ()

    @property
    def level(self) -> Level | None:
        """The highest level of its risks."""
        found = {risk.level for risk in self.risks}
        return next((level for level in LEVELS if level in found), None)


def dotted(path: tuple[str, ...]) -> str:
    """`spec.containers[web].image`; a key with dots or slashes is in brackets."""
    text = ""
    for part in path:
        if part.startswith("["):
            text += part
        elif "." in part or "/" in part:
            text += f"['{part}']"
        else:
            text += f".{part}" if text else part
    return text


class Difference(NamedTuple):
    """`versus` says in words what was compared, the old side first."""

    changes: tuple[Change, ...]
    versus: str
