"""PyYAML's words for a syntax error → one plain line with its place and what to write instead.

libyaml and the pure Python loader word the same error differently; both are matched here.
"""

from __future__ import annotations

import re

from yaml import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from jvbundler.source.wording import one_line
from jvbundler.source.yaml.nodes import too_deep, unquoted_template
from jvbundler.values.problem import Place, Problem, error

_QUOTE = "quote the value"
# What YAML's own reader refuses (its production c-printable).
_CONTROL = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEMPLATE_START = re.compile(r"(?:^|[:,\[-])\s*(\{\{)")

# (pattern over 'context: problem', message, hint); the first match counts. {char} is the one at the place.
_WORDS = (
    (
        r"character .*cannot start any token",
        "a value cannot begin with '{char}'",
        _QUOTE,
    ),
    (
        r"scanning an (?:alias|anchor)",
        "'{char}' at the beginning of a value makes a YAML alias or anchor, and it needs a name",
        'quote the value, as in "*.example.com"',
    ),
    (
        r"mapping values are not allowed",
        "a ':' where no key is allowed",
        "quote the value if it holds ': ', and indent the keys of a map equally",
    ),
    (
        r"(?:block )?sequence entries are not allowed",
        "a list item '-' where no list is allowed",
        "begin the list on a line of its own",
    ),
    (
        r"could not find expected ':'",
        "this line is not 'key: value'",
        "write 'key: value', or quote a text of several lines",
    ),
    (
        r"quoted scalar.*(?:unexpected end of stream|unexpected document indicator)",
        "this quote is never closed",
        "add the closing quote",
    ),
    (
        r"quoted scalar.*(?:unknown escape|hexdecimal|hexadecimal|Unicode)",
        "'\\' begins an unknown escape in double quotes",
        "write '\\\\', or use single quotes",
    ),
    (
        r"flow (?:sequence|mapping): .*expected ',' or",
        "this '{char}' is never closed, or a ',' is missing",
        "separate the items with ',' and close the bracket",
    ),
    (
        r"block collection: ",
        "a list item that begins with '- ' was expected here",
        "indent the items of a list equally; quote the whole of an item that begins with a quote or '{'",
    ),
    (
        r"block mapping: ",
        "a key was expected here",
        "indent the keys of a map equally; quote the whole of a value that begins with a quote or a bracket",
    ),
    (
        r"block scalar: ",
        "a value that begins with '|' or '>' is a block of text, which begins on the next line",
        _QUOTE + ', as in ">=1.0"',
    ),
    (
        r"(?:node content)",
        "a value was expected here",
        "write a value, or quote it if it begins with a special character",
    ),
    (
        r"document start",
        "text after the end of the document",
        "remove the '...' line, or what follows it",
    ),
    (r"\btag\b", "a tag ('!') that cannot be read", "remove the tag, or quote a value that begins with '!'"),
    (r"YAML document|directive", "an unknown '%' directive", "remove the line"),
)
# For these, the beginning of the construct says more than where the parser noticed the error.
_AT_CONTEXT = re.compile(
    r"quoted scalar: |flow (?:sequence|mapping)"
    r"|an (?:alias|anchor)|block scalar|simple key"
)


def syntax_problem(failure: YAMLError, text: str, file: str) -> Problem:
    """The JVB101 of what the loader raised for `text`."""
    if isinstance(failure, ReaderError):
        return _control_character(text, file)
    if "nesting depth" in str(failure):
        return too_deep(Place(file))
    if not isinstance(failure, MarkedYAMLError):
        return error("JVB101", Place(file), "the file is not YAML", "check its syntax")
    words = f"{failure.context or ''}: {failure.problem or ''}".replace("\n", " ")
    noticed_at = failure.problem_mark
    mark = (_AT_CONTEXT.search(words) and failure.context_mark) or noticed_at
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    noticed = noticed_at.line if noticed_at else line
    return (
        _unquoted_variable(lines, noticed, words, file)
        or _unquoted_template(lines, (line, noticed), file)
        or _tab(lines, noticed, words, file)
        or _in_plain_words(words, lines, Place(file, line + 1, column + 1))
    )


def _control_character(text: str, file: str) -> Problem:
    found = _CONTROL.search(text)
    position = found.start() if found else 0
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    code = f"U+{ord(text[position]):04X}" if found else ""
    hint = "remove it, or write it as an escape in double quotes"
    return error("JVB101", Place(file, line, column), f"a control character {code}".rstrip(), hint)


def _unquoted_variable(lines: list[str], number: int, words: str, file: str) -> Problem | None:
    """`[${NAME}]`: inside brackets YAML takes the brace of an unquoted `${` for a map."""
    found = re.search(r"\$\{", lines[number]) if "flow" in words and number < len(lines) else None
    if not found:
        return None
    place = Place(file, number + 1, found.start() + 1)
    return error("JVB101", place, "a '${…}' inside brackets is not quoted", 'quote it: "${NAME}"')


def _unquoted_template(lines: list[str], candidates: tuple[int, ...], file: str) -> Problem | None:
    for number in candidates:
        found = _TEMPLATE_START.search(lines[number]) if number < len(lines) else None
        if found:
            return unquoted_template(Place(file, number + 1, found.start(1) + 1))
    return None


def _tab(lines: list[str], number: int, words: str, file: str) -> Problem | None:
    line = lines[number] if number < len(lines) else ""
    column = line.find("\t")
    indented = column >= 0 and not line[:column].strip()
    if not indented and not ("tab" in words or "'\\t'" in words):
        return None
    message = "a tab where only spaces are allowed" if not indented else "a tab in the indentation"
    return error("JVB101", Place(file, number + 1, max(column, 0) + 1), message, "indent with spaces")


def _in_plain_words(words: str, lines: list[str], place: Place) -> Problem:
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    char = line[place.column - 1 : place.column]
    if re.search(r"block (?:mapping|collection): ", words) and line[: place.column - 1].rstrip()[-1:] in (
        "'",
        '"',
    ):
        hint = "quote the whole value, and write a quote inside single quotes twice, as in 'it''s'"
        return error("JVB101", place, "text after a closing quote", hint)
    for pattern, message, hint in _WORDS:
        if re.search(pattern, words):
            return error("JVB101", place, message.replace("{char}", one_line(char)), hint)
    return error(
        "JVB101",
        place,
        f"not valid YAML: {one_line(words.strip(': '), 200)}",
        "check the syntax of this line",
    )
