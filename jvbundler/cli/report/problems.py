"""Problems as text for people, and in other formats by formats.py.

In a pipe a line each; on a terminal wrapped, by app, and without the warnings that were shown before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from jvbundler.cli.printer import echo_data, echo_line, echo_lines, echo_text
from jvbundler.cli.terminal import Terminal
from jvbundler.values.problem import Problem
from jvbundler.values.safe_text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

COLORS = {"error": "red", "warning": "yellow"}
# Problems under the name of their app; a single app needs none.
Groups = Sequence[tuple[str, Sequence[Problem]]]


def report(
    problems: Sequence[Problem], terminal: Terminal, groups: Groups = (), *, is_failure: bool = False
) -> None:
    """Print problems in the chosen format; if there are none, only in formats for machines.

    Those of a failure are shown even if they were before: with `--strict` a warning is the reason of one.
    """
    if terminal.format != "text":
        from jvbundler.cli.report.formats import formatted

        text = formatted(problems, terminal.format)
        # GitHub's format consists of workflow commands; it escapes their content.
        (echo_data if terminal.format == "github" else echo_text)(text)
    elif problems:
        print_text(problems, terminal, groups, is_failure=is_failure)


def print_text(
    problems: Sequence[Problem], terminal: Terminal, groups: Groups = (), *, is_failure: bool = False
) -> None:
    if sys.stderr.isatty():
        shows_all = is_failure or terminal.verbose or bool(os.environ.get("CI"))
        _print_on_terminal(problems, terminal, groups or [("", problems)], shows_all=shows_all)
        return
    for problem in problems:
        echo_line(problem_line(problem), err=True)
        echo_lines(_source(problem, terminal), err=True)
    echo_line(summary(problems), err=True)


def _print_on_terminal(
    problems: Sequence[Problem], terminal: Terminal, groups: Groups, *, shows_all: bool
) -> None:
    """What was not shown before, by app; a line for the others; the numbers of all."""
    from jvbundler.cli.report.paper import Hanging, cut, show, words
    from jvbundler.fleet.shown import remember, split

    new, seen = (problems, ()) if shows_all else split(problems, os.environ)
    left = set(new)
    things: list[RenderableType] = []
    for name, group in groups:
        # Apps may share a deploy.yaml, with its problems.
        mine = [problem for problem in group if problem in left]
        left.difference_update(mine)
        if name and mine:
            things.append(words(f"{name}:", "bold"))
        for problem in mine:
            things.append(Hanging(_styled_line(problem)))
            things += [cut(line) for line in _source(problem, terminal)]
    if seen:
        rules = ", ".join(dict.fromkeys(problem.rule for problem in seen))
        what = f"{summary(seen)} as before, of files that have not changed ('-v' shows all): {rules}"
        things.append(Hanging(words(what)))
    severity = "error" if any(problem.is_error for problem in problems) else "warning"
    things.append(words(summary(problems), f"bold {COLORS[severity]}"))
    show(things, terminal, err=True)
    remember(new, os.environ)


def _source(problem: Problem, terminal: Terminal) -> Iterable[str]:
    if not terminal.shows_source():
        return ()
    from jvbundler.cli.report.source_lines import source_lines

    return source_lines(problem)


def problem_line(problem: Problem) -> str:
    """`deploy.yaml:12:5: JVB104 unknown key 'memmory' under lambda.function (did you mean 'memory'?)`"""
    return "".join(_parts(problem))


def _styled_line(problem: Problem) -> Text:
    from jvbundler.cli.report.paper import words

    place, rule, rest = _parts(problem)
    return words(place) + words(rule, f"bold {COLORS[problem.severity]}") + words(rest)


def _parts(problem: Problem) -> tuple[str, str, str]:
    """The place, the rule, and what is wrong, each on one line."""
    severity = "" if problem.is_error else "warning: "
    hint = f" ({_sentence(problem.hint)})" if problem.hint else ""
    also = "".join(f"; see {printable(str(place))}" for place in problem.related)
    rest = f" {severity}{_sentence(problem.message)}{hint}{also}"
    return f"{printable(str(problem.place))}: ", printable(problem.rule), rest


def _sentence(text: str) -> str:
    """Joins a reason that a library gave over several lines."""
    return printable(text.replace("\n", " "))


def summary(problems: Iterable[Problem]) -> str:
    """`2 errors, 1 warning`"""
    counts = {"error": 0, "warning": 0}
    for problem in problems:
        counts[problem.severity] += 1
    return ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n) or "no problems"
