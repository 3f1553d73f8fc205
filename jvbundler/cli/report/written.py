"""The tree of what a render wrote: each file that changed, and how many did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.tree import Tree

from jvbundler.cli.report.paper import show, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jvbundler.cli.report.outcomes import Outcomes
    from jvbundler.cli.terminal import Terminal
    from jvbundler.pipeline.request import Outcome

STYLES = {"new": "green", "changed": "yellow", "deleted": "red"}


def show_written(outcomes: Outcomes, terminal: Terminal) -> None:
    """A tree for every app in whose output something changed."""
    changed = [outcome for outcome in outcomes.all if outcome.written or outcome.deleted]
    show(map(tree, changed), terminal)


def tree(outcome: Outcome) -> Tree:
    """The output folder: what changed by name, what did not by number."""
    marks = {
        **dict.fromkeys(outcome.unchanged, ""),
        **dict.fromkeys(outcome.written, "changed"),
        **dict.fromkeys(outcome.created, "new"),
        **dict.fromkeys(outcome.deleted, "deleted"),
    }
    root = Tree(words(f"{outcome.app.output}/", "bold"))
    _grow(root, {tuple(path.split("/")): mark for path, mark in sorted(marks.items())})
    return root


def _grow(branch: Tree, marks: dict[tuple[str, ...], str]) -> None:
    for name in dict.fromkeys(path[0] for path in marks):
        if (name,) in marks:
            mark = marks[(name,)]
            if mark:
                branch.add(words(f"{name}  {mark}", STYLES[mark]))
            continue
        below = {path[1:]: mark for path, mark in marks.items() if path[0] == name}
        if any(below.values()):
            _grow(branch.add(words(f"{name}/")), below)
        else:
            branch.add(words(f"{name}/  {_unchanged(below)}"))
    if still := [path for path, mark in marks.items() if len(path) == 1 and not mark]:
        branch.add(words(_unchanged(still)))


def _unchanged(paths: Iterable[object]) -> str:
    number = len(list(paths))
    return f"{number} file{'' if number == 1 else 's'} unchanged"
