"""Problems as text for people. A line of a file is shown only where it holds no secret."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import click

from jvbundler.cli.terminal import Terminal
from jvbundler.problem import Place, Problem
from jvbundler.secret_names import contains_secret, looks_secret

COLORS = {"error": "red", "warning": "yellow"}
LONGEST_LINE = 160


def report(problems: Sequence[Problem], terminal: Terminal) -> None:
    """Print problems in the format that was asked for; with none, only a machine wants to hear it."""
    if terminal.format != "text":
        from jvbundler.cli.formats import formatted

        click.echo(formatted(problems, terminal.format), nl=False)
    elif problems:
        print_text(problems, terminal, sys.stderr)


def print_text(problems: Sequence[Problem], terminal: Terminal, stream: TextIO) -> None:
    color = terminal.colors(stream)
    for problem in problems:
        click.echo(problem_line(problem, color=color), file=stream, color=color)
        if terminal.shows_source():
            for line in source_lines(problem):
                click.echo(line, file=stream, color=color)
    click.echo(summary(problems), file=stream)


def problem_line(problem: Problem, *, color: bool = False) -> str:
    """`deploy.yaml:12:5: JVB104 unknown key 'memmory' under lambda.function (did you mean 'memory'?)`"""
    rule = printable(problem.rule)
    rule = click.style(rule, fg=COLORS[problem.severity], bold=True) if color else rule
    severity = "" if problem.is_error else "warning: "
    hint = f" ({printable(problem.hint)})" if problem.hint else ""
    also = "".join(f"; see {printable(str(place))}" for place in problem.related)
    return f"{printable(str(problem.place))}: {rule} {severity}{printable(problem.message)}{hint}{also}"


def printable(text: str) -> str:
    """One line, without what could move the cursor: messages repeat what stands in files."""
    text = text.replace("\n", " ")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def summary(problems: Iterable[Problem]) -> str:
    """`2 errors, 1 warning`"""
    counts = {"error": 0, "warning": 0}
    for problem in problems:
        counts[problem.severity] += 1
    return ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n) or "no problems"


def source_lines(problem: Problem) -> Iterator[str]:
    """The line that is meant, with its word underlined."""
    line = _line_at(problem.place)
    if line is None or problem.rule.startswith("JVB9") or _may_hold_secret(line):
        return
    shown = printable(line.expandtabs(1))[:LONGEST_LINE]
    number = f"{problem.place.line:>5}"
    yield f"{number} | {shown}"
    if problem.place.column <= len(shown):
        before, word = shown[: problem.place.column - 1], word_at(shown, problem.place.column)
        yield f"{' ' * len(number)} | {' ' * len(before)}{'^' * len(word)}"


def word_at(line: str, column: int) -> str:
    """The key or the value that begins at `column`: up to its colon, its closing quote or the next space."""
    rest = line[column - 1 :]
    quote = rest[0] if rest[0] in "'\"" else ""
    end = rest.find(quote, 1) + 1 if quote else 0
    return rest[:end] if end else re.split(r":(?= |$)|[ ,\]}]", rest, maxsplit=1)[0] or rest[0]


def _line_at(place: Place) -> str | None:
    try:
        with Path(place.file).open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, 1):
                if number == place.line:
                    return line.rstrip("\r\n") or None
    except (OSError, ValueError):
        pass
    return None


def _may_hold_secret(line: str) -> bool:
    words = "".join(c if c.isalnum() or c == "_" else " " for c in line).split()
    return contains_secret(line) or any(looks_secret(word) for word in words)
