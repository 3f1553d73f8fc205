"""Problems as text for people, and in other formats by formats.py."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from jvbundler.cli.printer import echo_data, echo_line, echo_lines, echo_text, styled
from jvbundler.cli.terminal import Terminal
from jvbundler.values.problem import Problem
from jvbundler.values.safe_text import printable

COLORS = {"error": "red", "warning": "yellow"}


def report(problems: Sequence[Problem], terminal: Terminal) -> None:
    """Print problems in the chosen format; if there are none, only in formats for machines."""
    if terminal.format != "text":
        from jvbundler.cli.report.formats import formatted

        text = formatted(problems, terminal.format)
        # GitHub's format consists of workflow commands; it escapes their content.
        (echo_data if terminal.format == "github" else echo_text)(text)
    elif problems:
        print_text(problems, terminal)


def print_text(problems: Sequence[Problem], terminal: Terminal) -> None:
    from jvbundler.cli.report.source_lines import source_lines

    color = terminal.colors(sys.stderr)
    for problem in problems:
        echo_line(problem_line(problem, color=color), err=True)
        if terminal.shows_source():
            echo_lines(source_lines(problem), err=True)
    echo_line(summary(problems), err=True)


def problem_line(problem: Problem, *, color: bool = False) -> str:
    """`deploy.yaml:12:5: JVB104 unknown key 'memmory' under lambda.function (did you mean 'memory'?)`"""
    rule = printable(problem.rule)
    rule = styled(rule, color=COLORS[problem.severity], bold=True) if color else rule
    severity = "" if problem.is_error else "warning: "
    hint = f" ({_sentence(problem.hint)})" if problem.hint else ""
    also = "".join(f"; see {printable(str(place))}" for place in problem.related)
    return f"{printable(str(problem.place))}: {rule} {severity}{_sentence(problem.message)}{hint}{also}"


def _sentence(text: str) -> str:
    """Joins a reason that a library gave over several lines."""
    return printable(text.replace("\n", " "))


def summary(problems: Iterable[Problem]) -> str:
    """`2 errors, 1 warning`"""
    counts = {"error": 0, "warning": 0}
    for problem in problems:
        counts[problem.severity] += 1
    return ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n) or "no problems"
