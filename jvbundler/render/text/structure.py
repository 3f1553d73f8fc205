"""The structure of a rendered text: whatever the values are, a template writes the same structure.

So a text is compared with what its template writes for neutral values; a difference is a value that has
broken out of its place, which the escapes should prevent. Only for formats where the check is cheap.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

Structure = Callable[[str], list[str]]


class BrokenStructure(ValueError):
    """A value became more than a value."""


@lru_cache
def structure_of(template: str) -> Structure | None:
    """The function that extracts the structure of a text, by the name of its template's file."""
    if template.startswith("lambda/") and template.endswith(".yaml.j2"):
        return dynamic_references
    return next((taken for suffix, taken in STRUCTURES.items() if template.endswith(suffix)), None)


def refuse_difference(name: str, found: list[str], written: list[str]) -> None:
    """Raise BrokenStructure if the structure of a text is not what its template wrote."""
    if found == written:
        return
    pairs = [(a, b) for a, b in zip([*found, "the end"], [*written, "the end"], strict=False) if a != b]
    there, meant = pairs[0]
    raise BrokenStructure(f"{name}: a value became a part of the file: '{there}' instead of '{meant}'")


# BuildKit, frontend/dockerfile/parser: comments and empty lines are skipped, even inside an instruction; a
# backslash at the end of a line continues it on the next.
_LINE_END = re.compile(r"(\\+)[ \t]*(?:\n|\Z)")
_QUOTED = re.compile(r"""\\.|'[^'\n]*'|"(?:[^"\\\n]|\\.)*\"""")
_OPERATOR = re.compile(r"[;&|<>()`'\"]")


def instructions(dockerfile: str) -> list[str]:
    """Each instruction: its name, how many words it has, and the operators of the shell outside of quotes."""
    lines = (line for line in dockerfile.split("\n") if line.lstrip()[:1] not in ("", "#"))
    whole = _LINE_END.sub(lambda end: "" if end[1] == "\\" else end[0], "\n".join(lines))
    return [_instruction(line) for line in _QUOTED.sub("_", whole).split("\n")]


def _instruction(line: str) -> str:
    words = line.split()
    return " ".join([words[0].upper() if words else "", str(len(words)), *_OPERATOR.findall(line)])


# What begins a block, and what ends a cell.
_BLOCK = re.compile(r" *(?:[#>|<]|```+|~~~+|[-*+] |[0-9]+[.)] )?")


def markdown_blocks(text: str) -> list[str]:
    return [f"{_marker(line)}{line.count('|')}" for line in text.split("\n")]


def _marker(line: str) -> str:
    found = _BLOCK.match(line)
    return found[0] if found else ""


def toml_keys(text: str) -> list[str]:
    """A line has a key, a table header or a comment; no value spans several."""
    return [line.partition("=")[0] if line[:1] != "#" else "#" for line in text.split("\n")]


def dynamic_references(text: str) -> list[str]:
    """The references that CloudFormation replaces wherever they occur; nothing escapes them."""
    return re.findall(r"\{\{resolve:[^}]*", text) if "{{resolve:" in text else []


STRUCTURES: dict[str, Structure] = {
    "Dockerfile.j2": instructions,
    ".md.j2": markdown_blocks,
    ".toml.j2": toml_keys,
}
