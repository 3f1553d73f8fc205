"""A commit of a few files, and its note, as input of `git fast-import`.

It writes both in one process, without an index and a work tree, and refuses a branch that has moved on from
the commit that it builds on. Source: git-fast-import(1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Made(NamedTuple):
    """A commit on `ref`, on top of `parent` (empty: it is the first). `ident` is who makes it, and when."""

    ref: str
    parent: str
    ident: str
    message: str


def branch_commit(made: Made, files: Mapping[str, str]) -> str:
    """The commit, as mark 1, with these files beside those of its parent."""
    changes = "".join(f"M 100644 inline {path}\n{_data(text)}" for path, text in sorted(files.items()))
    return _commit(made, "mark :1\n") + changes


def note_commit(made: Made, of: str, text: str) -> str:
    """The note of a commit: of mark 1 where `of` is empty."""
    return f"{_commit(made)}N inline {of or ':1'}\n{_data(text)}"


def end(*, tells: bool) -> str:
    """`tells` has it print the id of mark 1."""
    return ("get-mark :1\n" if tells else "") + "done\n"


def _commit(made: Made, mark: str = "") -> str:
    by = f"author {made.ident}\ncommitter {made.ident}\n"
    parent = f"from {made.parent}\n" if made.parent else ""
    return f"commit {made.ref}\n{mark}{by}{_data(made.message)}{parent}"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
