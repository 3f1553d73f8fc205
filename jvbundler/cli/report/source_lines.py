"""The line of a problem, with its word underlined; not shown if it may hold a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice

from jvbundler.files import read_file
from jvbundler.values.problem import Place, Problem
from jvbundler.values.safe_text import printable
from jvbundler.values.secret_names import looks_secret
from jvbundler.values.secret_values import contains_secret

LONGEST_LINE = 160


def source_lines(problem: Problem) -> Iterator[str]:
    """The line of the problem, with its word underlined."""
    lines = _lines_until(problem.place)
    if not lines or not lines[-1] or problem.rule.startswith("JVB9") or _may_hold_secret(lines):
        return
    shown = printable(lines[-1].expandtabs(1))[:LONGEST_LINE]
    number = f"{problem.place.line:>5}"
    yield f"{number} | {shown}"
    if problem.place.column <= len(shown):
        before, word = shown[: problem.place.column - 1], word_at(shown, problem.place.column)
        yield f"{' ' * len(number)} | {' ' * len(before)}{'^' * len(word)}"


def word_at(line: str, column: int) -> str:
    """The key or the value that begins at `column`: up to its colon, its closing quote or its end."""
    before, rest = line[: column - 1], line[column - 1 :]
    quote = rest[0] if rest[0] in "'\"" else ""
    end = rest.find(quote, 1) + 1 if quote else 0
    if end:
        return rest[:end]
    is_in_flow = "{" in before or "[" in before
    ends = r":(?= |$)|\s#|[,\]}]" if is_in_flow else r":(?= |$)|\s#"
    return re.split(ends, rest, maxsplit=1)[0].rstrip() or rest[0]


def _lines_until(place: Place) -> list[str]:
    """The lines of the file up to the place; none if the file is shorter."""
    try:
        text = read_file(place.file).decode("utf-8-sig")
    except (OSError, ValueError):
        return []
    lines = [line.rstrip("\r\n") for line in islice(StringIO(text, newline=None), place.line)]
    return lines if len(lines) == place.line else []


def _may_hold_secret(lines: Sequence[str]) -> bool:
    """Whether the last line may hold a secret, by its shape, or by a name in it or in a line above it."""
    listed = {name for line in lines for name in _listed(line)}
    meant = [lines[-1], *_parents(lines)]
    words = {word for line in meant for word in re.findall(r"\w+", line)}
    return (
        contains_secret(lines[-1])
        or _in_private_key(lines)
        or bool(words & listed)
        or any(looks_secret(word) for word in words)
    )


def _in_private_key(lines: Sequence[str]) -> bool:
    """Whether a key has begun and not ended: its inner lines do not look like a secret."""
    text = "\n".join(lines)
    return text.rfind("PRIVATE KEY") >= 0 and text.rfind("-----BEGIN") > text.rfind("-----END")


def _listed(line: str) -> list[str]:
    """The names in a list on one line, or in an item of a list: `secrets` may be such a list."""
    found = re.fullmatch(
        r"\s*secrets:\s*\[(.*)\].*|\s*-\s*(?:name:)?\s*[\"']?([A-Za-z_]\w*)[\"']?\s*(?:#.*)?", line
    )
    return re.findall(r"[A-Za-z_]\w*", found[1] or found[2]) if found else []


def _parents(lines: Sequence[str]) -> Iterator[str]:
    """The lines that the last one is nested in, innermost first."""
    depth = _depth(lines[-1])
    for line in reversed(lines[:-1]):
        if line.strip() and _depth(line) < depth:
            depth = _depth(line)
            yield line


def _depth(line: str) -> int:
    """An item of a list belongs to the key above it even if both begin in the same column."""
    text = line.lstrip()
    return 2 * (len(line) - len(text)) + text.startswith("-")
