"""What a rendered text consists of: whatever the values say, a template writes the same structure.

So a text is compared with what its template writes for values that say nothing; a difference is a value that
has broken out of its place, which no escape should let happen. For the formats where a look costs little.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Structure = Callable[[str], list[str]]


class BrokenStructure(ValueError):
    """A value became more than a value."""


def structure_of(template: str) -> Structure | None:
    """What takes the structure of a text, by the name of its template's file."""
    return next((taken for suffix, taken in STRUCTURES.items() if template.endswith(suffix)), None)


def refuse_difference(name: str, found: list[str], written: list[str]) -> None:
    """Raise BrokenStructure where a text is made of something else than its template wrote."""
    if found == written:
        return
    pairs = [(a, b) for a, b in zip([*found, "the end"], [*written, "the end"], strict=False) if a != b]
    there, meant = pairs[0]
    raise BrokenStructure(f"{name}: a value became a part of the file: '{there}' in place of '{meant}'")


def instructions(dockerfile: str) -> list[str]:
    """Each instruction: its name, how many words it has, and the operators of the shell outside of quotes."""
    return [_instruction(line) for line in _logical_lines(dockerfile)]


# BuildKit, frontend/dockerfile/parser: a backslash at the end, but for one that is escaped, goes on; comments
# and empty lines within are passed over.
_CONTINUED = re.compile(r"(?:(?<=[^\\])|^)\\[ \t]*\Z")
_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:[^"\\]|\\.)*\"""")
_OPERATOR = re.compile(r"[;&|<>()`'\"]")


def _logical_lines(dockerfile: str) -> Iterator[str]:
    parts: list[str] = []
    for line in dockerfile.split("\n"):
        stripped = line.strip()
        if not stripped or stripped[0] == "#":
            continue
        goes_on = _CONTINUED.search(line)
        parts.append(line[: goes_on.start()] if goes_on else line)
        if not goes_on:
            yield "".join(parts)
            parts = []
    if parts:
        yield "".join(parts)


def _instruction(line: str) -> str:
    bare = _QUOTED.sub("_", line)
    words = bare.split()
    return " ".join([words[0].upper(), str(len(words)), *_OPERATOR.findall(bare)]) if words else ""


# What begins a block, and what ends a cell.
_BLOCK = re.compile(r" *(?:[#>|<]|```+|~~~+|[-*+] |[0-9]+[.)] )?")


def markdown_blocks(text: str) -> list[str]:
    return [f"{_marker(line)}{line.count('|')}" for line in text.split("\n")]


def _marker(line: str) -> str:
    found = _BLOCK.match(line)
    return found[0] if found else ""


def toml_keys(text: str) -> list[str]:
    """A line has a key, a table's head or a comment; no value goes over several."""
    return [line.partition("=")[0] if line[:1] != "#" else "#" for line in text.split("\n")]


STRUCTURES: dict[str, Structure] = {
    "Dockerfile.j2": instructions,
    ".md.j2": markdown_blocks,
    ".toml.j2": toml_keys,
}
