"""Two texts → the lines in which they differ, secrets masked. A Dockerfile is compared by instructions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from jvbundler.diff.mask import masked_lines

Instruction = tuple[str, ...]
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")


def line_changes(old: str, new: str) -> tuple[str, ...]:
    """`-` lines that go and `+` lines that come, without those that stay."""
    return tuple(_changes(old.splitlines(), new.splitlines(), _shown(old), _shown(new)))


def _shown(text: str) -> list[str]:
    """The lines, masked; a text that hides a line feed of another kind in a line stays in step."""
    return masked_lines("\n".join(text.splitlines()))


def _changes(old: list[str], new: list[str], shown_old: list[str], shown_new: list[str]) -> Iterator[str]:
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (f"-{line}" for line in shown_old[i:j])
            yield from (f"+{line}" for line in shown_new[k:m])


def instruction_changes(old: str, new: str) -> tuple[str, ...]:
    """As `line_changes`, without comments; the first line of a longer instruction says where a line is."""
    before, after = instructions(old), instructions(new)
    found: list[str] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        paired = min(j - i, m - k)
        for step in range(paired):
            found += _instruction(before[i + step], after[k + step])
        found += (f"-{line}" for gone in before[i + paired : j] for line in _masked(gone))
        found += (f"+{line}" for come in after[k + paired : m] for line in _masked(come))
    return tuple(found)


def _instruction(old: Instruction, new: Instruction) -> list[str]:
    """One that changed into the other."""
    changes = list(_changes(list(old), list(new), _masked(old), _masked(new)))
    return changes if old[0] != new[0] else [f" {_masked(new)[0]}", *changes]


def _masked(lines: Instruction) -> list[str]:
    return masked_lines("\n".join(lines))


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile with the lines of each, continued ones and heredocs included."""
    found: list[Instruction] = []
    current: list[str] = []
    ends: list[str] = []
    for line in text.splitlines():
        if ends:
            current.append(line)
            if line.strip() == ends[0]:
                ends.pop(0)
        elif not line.strip() or line.lstrip().startswith("#"):
            continue
        else:
            current.append(line)
            ends = [match[2] for match in _HEREDOC.finditer(line)]
        if not ends and not current[-1].rstrip().endswith("\\"):
            found.append(tuple(current))
            current = []
    return [*found, tuple(current)] if current else found
