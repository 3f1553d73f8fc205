"""`migrate`: an older deploy.yaml with today's names of its keys, its comments and order as they were.

Moves the text of an entry, so that a value stays as it was written; what an old name means is in
source/old_names.py. Refuses what it cannot move safely.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jvbundler.pipeline.edit import Keys, is_in_braces, parsed, set_value, unset_value
from jvbundler.source.old_names import OLD_NAMES, with_todays_names
from jvbundler.values.node import Node, find, plain
from jvbundler.values.problem import InputError

# Stands for the value while its entry is moved; plain YAML, and no value that anybody writes.
_MOVED = "jvbundler-moves-this-value-here"
_VALUE = r"""(?P<value>'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^\s#"'{\[&*!|>][^#\n]*?)?(?P<comment>\s*#.*)?"""


def migrated(text: str) -> str:
    """The text with today's names. Raises InputError for a key that is given under both names."""
    before = parsed(text)
    renamed, problems = with_todays_names(before)
    if any(problem.is_error for problem in problems):
        raise InputError(problems=[problem for problem in problems if problem.is_error])
    # Counted before any entry moves, and the comments of the next one seem to begin the file.
    moves = [(old, new, _comments_above(text, old)) for old, new in _moves(before)]
    for old, new, comments in moves:
        text = _moved(text, old, new, comments)
    if plain(parsed(text)) != plain(renamed):
        raise InputError("deploy.yaml is written in a way that cannot be changed here: edit it")
    return text


def _moves(root: Node) -> Iterator[tuple[Keys, Keys]]:
    """The old keys that the file has, and where each belongs."""
    environments = find(root, ["environments"])
    names = environments.value if environments is not None and isinstance(environments.value, dict) else {}
    for above in ((), *(("environments", name) for name in names)):
        for old_name, name in OLD_NAMES.items():
            old = (*above, *old_name.split("."))
            if find(root, old) is not None:
                yield old, (*above, *name.split("."))


def _moved(text: str, old: Keys, new: Keys, comments: int) -> str:
    """One entry at its new place, with so many lines of comments above it, and the one after it."""
    line = text.splitlines()[_row(text, old)]
    match = re.fullmatch(rf"\s*[\w\"']+\s*:[ \t]*{_VALUE}\s*", line)
    if match is None or is_in_braces(text, old):
        where = ".".join(new)
        raise InputError(f"'{'.'.join(old)}' is not a value on a line of its own: move it to '{where}'")
    lines = set_value(text, new, _MOVED).splitlines(keepends=True)
    row = _row("".join(lines), old)
    above = [comment.lstrip(" ") for comment in lines[row - comments : row]]
    del lines[row - comments : row]
    lines = unset_value("".join(lines), old).splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if _MOVED in line)
    written = (match["value"] or "").rstrip() + (match["comment"] or "")
    pad = " " * _indent(lines[at])
    lines[at : at + 1] = [*(pad + comment for comment in above), lines[at].replace(_MOVED, written)]
    return "".join(lines)


def _row(text: str, keys: Keys) -> int:
    node = find(parsed(text), keys)
    if node is None or node.key_place is None:
        raise InputError(f"'{'.'.join(keys)}' comes from somewhere else in deploy.yaml: edit it")
    return node.key_place.line - 1


def _comments_above(text: str, keys: Keys) -> int:
    """How many lines right above an entry are about it; those that begin the file are about the file."""
    lines = text.splitlines()
    row = first = _row(text, keys)
    while first and lines[first - 1].lstrip(" ").startswith("#") and _same_indent(lines, first - 1, row):
        first -= 1
    return row - first if first else 0


def _same_indent(lines: list[str], one: int, other: int) -> bool:
    return _indent(lines[one]) == _indent(lines[other])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
