"""Shows what `status` found: on one platform, again and again if asked for, or on both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from jvbundler.cli.printer import echo_line, echo_lines
from jvbundler.cli.session import print_json


class State(NamedTuple):
    """The state of the app on a platform, for machines and for people."""

    document: dict[str, Any]
    lines: tuple[str, ...]
    is_fine: bool


class States(NamedTuple):
    """`each` is one state, or a new one every time that it has changed."""

    platform: str
    as_json: bool
    each: Iterator[State]


def show_states(found: Sequence[States]) -> int:
    """The exit code: 1 if anything is not fine."""
    if len(found) == 1:
        return _show_one(found[0])
    both = {states.platform: next(islice(states.each, 1)) for states in found}
    is_fine = all(state.is_fine for state in both.values())
    if found[0].as_json:
        print_json({"ok": is_fine, **{platform: state.document for platform, state in both.items()}})
    else:
        for platform, state in both.items():
            echo_lines([f"{platform}:", *(f"  {line}" for line in state.lines)])
    return 0 if is_fine else 1


def _show_one(states: States) -> int:
    code = 0
    for number, state in enumerate(states.each):
        if number:
            echo_line("---")
        if states.as_json:
            print_json(state.document)
        else:
            echo_lines(state.lines)
        code = 0 if state.is_fine else 1
    return code
