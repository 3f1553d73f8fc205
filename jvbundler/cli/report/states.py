"""Shows what `status` found: on one platform, again and again if asked for, or on both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.cli.printer import echo_line
from jvbundler.cli.report.paper import Hanging, columns, indented, show, words
from jvbundler.cli.session import print_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from jvbundler.cli.terminal import Terminal


class State(NamedTuple):
    """The state of the app on a platform: for machines, and for people as facts, lines and a verdict."""

    document: dict[str, Any]
    verdict: tuple[str, ...]
    is_fine: bool
    facts: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()


class States(NamedTuple):
    """`each` is one state, or a new one every time that it has changed."""

    platform: str
    as_json: bool
    each: Iterator[State]


def show_states(found: Sequence[States], terminal: Terminal) -> int:
    """The exit code: 1 if anything is not fine."""
    if len(found) == 1:
        return _show_one(found[0], terminal)
    both = {states.platform: next(islice(states.each, 1)) for states in found}
    is_fine = all(state.is_fine for state in both.values())
    if found[0].as_json:
        print_json({"ok": is_fine, **{platform: state.document for platform, state in both.items()}})
    else:
        for platform, state in both.items():
            show([words(f"{platform}:", "bold"), *map(indented, _things(state))], terminal)
    return 0 if is_fine else 1


def _show_one(states: States, terminal: Terminal) -> int:
    code = 0
    for number, state in enumerate(states.each):
        if number:
            echo_line("---")
        if states.as_json:
            print_json(state.document)
        else:
            show(_things(state), terminal)
        code = 0 if state.is_fine else 1
    return code


def _things(state: State) -> Iterator[RenderableType]:
    """The facts first; the verdict last, where the eye ends up."""
    if state.facts:
        yield columns((words(name), words(text)) for name, text in state.facts)
    yield from (Hanging(words(line)) for line in state.lines)
    yield from (Hanging(words(line, "green" if state.is_fine else "red")) for line in state.verdict)
