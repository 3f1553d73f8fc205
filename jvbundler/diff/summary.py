"""The changes in a few words, and their values on one line each: shared by the three formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from jvbundler.diff.model import ABSENT, LEVELS, Action, Change, Field, Level, dotted
from jvbundler.diff.objects import function_name
from jvbundler.render.text.yaml_text import flow

ACTIONS: tuple[Action, ...] = ("added", "removed", "changed", "moved")
SIGNS: dict[Action, str] = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}


def counts(changes: Iterable[Change]) -> dict[Action, int]:
    found = Counter(change.action for change in changes)
    return {action: found[action] for action in (*ACTIONS, "reworded", "source") if found[action]}


def level_counts(changes: Iterable[Change]) -> dict[Level, int]:
    found = Counter(risk.level for change in changes for risk in change.risks)
    return {level: found[level] for level in LEVELS if found[level]}


def summary(changes: Sequence[Change]) -> str:
    """`2 changed, 1 added; risks: 1 danger, 2 info`"""
    listed = {action: number for action, number in counts(changes).items() if action in ACTIONS}
    if not listed:
        return "the same in meaning" if changes else "no difference"
    text = ", ".join(f"{number} {action}" for action, number in listed.items())
    levels = ", ".join(f"{number} {level}" for level, number in level_counts(changes).items())
    return f"{text}; risks: {levels}" if levels else text


def notes(changes: Iterable[Change]) -> list[str]:
    """What is not shown object by object, and why."""
    by_action = {action: [c.file for c in changes if c.action == action] for action in ("source", "reworded")}
    found = []
    if by_action["source"]:
        found.append(
            f"{_files(by_action['source'])} of kubernetes/base and kubernetes/overlays left out:"
            " the flat manifests contain the same objects"
        )
    if by_action["reworded"]:
        found.append(f"other text, same meaning: {', '.join(by_action['reworded'])}")
    return found


def _files(paths: Sequence[str]) -> str:
    return f"{len(paths)} file{'' if len(paths) == 1 else 's'}"


def shown(value: Any) -> str:
    """A value on one line, as it could be written in the file."""
    if isinstance(value, str) and value == "***":
        return value
    name = function_name(value)
    if name:
        inner = value[name]
        argument = ".".join(map(str, inner)) if name == "Fn::GetAtt" and isinstance(inner, list) else inner
        return f"!{name.removeprefix('Fn::')} {shown(argument)}"
    return flow(value)


def field_lines(field: Field) -> list[str]:
    """`-path: old` and `+path: new`, or one of them; a text of many lines by the lines that differ."""
    path = dotted(field.path)
    if isinstance(field.old, str) and isinstance(field.new, str) and "\n" in field.old + field.new:
        from jvbundler.diff.mask import line_changes

        inner = [f"{line[0]}{path}: {shown(line[1:])}" for line in line_changes(field.old, field.new)]
        return inner or [f" {path}: other line ends or a hidden secret"]
    old = [] if field.old is ABSENT else [f"-{path}: {shown(field.old)}"]
    new = [] if field.new is ABSENT else [f"+{path}: {shown(field.new)}"]
    return [*old, *new]
