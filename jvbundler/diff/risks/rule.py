"""The form of a risk rule: a row with a kind of object, a path in it and what a change there means.

A rule sees unmasked values, so its sentence must not repeat one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from jvbundler.diff.fields import leaves
from jvbundler.diff.model import ABSENT, Action, Field, Level, Risk, RiskKind
from jvbundler.values.quantity import parse_quantity

CHANGED: tuple[Action, ...] = ("changed",)
ADDED: tuple[Action, ...] = ("added",)
REMOVED: tuple[Action, ...] = ("removed",)
MOVED: tuple[Action, ...] = ("moved",)
# Rules about the new state of an object, whatever the old one was.
PRESENT: tuple[Action, ...] = ("changed", "added", "moved")


class Changed(NamedTuple):
    """An object with its differences; `old` and `new` are its whole value, None where there is none."""

    kind: str
    action: Action
    fields: tuple[Field, ...]
    old: Any
    new: Any


def always(_: Any, __: Any) -> bool:
    return True


class Rule(NamedTuple):
    """A row: for objects of `kinds` (separated by `|`, or `*`), a change at `path` is a risk.

    The parts of `path` are separated by dots, with `*` for any one part and `**` for any number; an empty
    path means the object as a whole. `when` decides by the old and the new scalar, ABSENT where there is
    none.
    """

    kinds: str
    path: str
    kind: RiskKind
    level: Level
    message: str
    hint: str = ""
    when: Callable[[Any, Any], bool] = always
    on: tuple[Action, ...] = CHANGED

    @property
    def risk(self) -> Risk:
        return Risk(self.kind, self.level, self.message, self.hint)


def apply(rules: Iterable[Rule], changed: Changed) -> Iterator[Risk]:
    scalars = [leaf for field in changed.fields for leaf in leaves(field)]
    for rule in rules:
        if changed.action not in rule.on or not _is_kind(rule.kinds, changed.kind):
            continue
        if not rule.path or any(
            matches(rule.path, leaf.path) and rule.when(leaf.old, leaf.new) for leaf in scalars
        ):
            yield rule.risk


def _is_kind(kinds: str, kind: str) -> bool:
    return kinds == "*" or kind in kinds.split("|")


def matches(pattern: str, path: tuple[str, ...]) -> bool:
    """Whether a path matches the pattern."""
    return _matches(tuple(pattern.split(".")), path)


def _matches(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_matches(pattern[1:], path[start:]) for start in range(len(path) + 1))
    return bool(path) and pattern[0] in ("*", path[0]) and _matches(pattern[1:], path[1:])


def appears(old: Any, new: Any) -> bool:
    return old is ABSENT and new is not ABSENT


def gone(old: Any, new: Any) -> bool:
    return old is not ABSENT and new is ABSENT


def is_true(_: Any, new: Any) -> bool:
    return new is True


def not_true(_: Any, new: Any) -> bool:
    return new is not True


def becomes(*values: Any) -> Callable[[Any, Any], bool]:
    return lambda _, new: any(new == value and type(new) is type(value) for value in values)


def shrinks(old: Any, new: Any) -> bool:
    """Whether a number or quantity is smaller than before; an unset one never is."""
    before, after = amount(old), amount(new)
    return before is not None and after is not None and after < before


def grows(old: Any, new: Any) -> bool:
    return shrinks(new, old)


def amount(value: Any) -> int | None:
    is_number = isinstance(value, (int, str)) and not isinstance(value, bool)
    return parse_quantity(str(value)) if is_number else None
