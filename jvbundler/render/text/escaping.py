"""Values → text that means the same in the file that it is printed in.

No escape trusts its value: what cannot be written in a place is refused (Unprintable). Every value was
checked when it was read, so a refusal is a bug of ours or of the user's template.

In Markdown a value is only text: no element, link, address, comment, fence or cell of its own, by CommonMark
and GitHub's extensions. Whatever is not plain prose goes into a code span, where nothing has a special
meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from jvbundler.render.text import yaml_text
from jvbundler.values.safe_text import escape, is_safe, printable, shell_word

Result = TypeVar("Result")
# Words, and marks without a meaning in and between them. `_` must be between two letters, `:` before a space
# and `.` not before a word, or they could be emphasis, an emoji or an address.
_PROSE = re.compile(
    r"""(?!.*(?:www\.|\.[a-z]{2}|\b_|_\b))[\w'"(](?:[\w .,;%+=?!'"/()-]|:(?=\ |\Z)|[^\x00-\x7f])*\Z""",
    re.IGNORECASE,
)


class Verbatim(str):
    """Text that is printed as it is: made by an escape, or our own."""

    __slots__ = ()


class Unprintable(ValueError):
    """A value has characters that cannot be written in its place in the file."""


def one_line(value: object) -> str:
    """The value as text; Unprintable if it holds line ends, or control or direction characters."""
    text = str(value)
    if not is_safe(text):
        raise Unprintable(f"a value with line ends or control characters has no place here: {text[:60]!r}")
    return text


def docker_word(value: object) -> str:
    """A value of ENV, ARG or LABEL: in double quotes, so that only `\\`, `"` and `$` are special."""
    text = one_line(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


def ignore_pattern(value: object) -> str:
    """A line of a .dockerignore that names this path; `?` stands for a character that cannot be written."""
    text = "".join(f"\\{c}" if c in "\\*?[]!#" else c if is_safe(c) else "?" for c in str(value))
    # Spaces around a pattern would be dropped.
    return re.sub(r"^\s+|\s+$", lambda spaces: "?" * len(spaces[0]), text)


def toml_value(value: object) -> str:
    """A TOML value: its basic strings are JSON's, except for escapes beyond U+FFFF."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _toml_escape(c) for c in text)


def _toml_escape(character: str) -> str:
    return escape(character) if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"


def markdown_text(value: object) -> str:
    """The value as prose, or as a code span if it could be taken for markup."""
    text = str(value)
    return text if text.isprintable() and _PROSE.match(text) else code_span(text)


def code_span(value: object) -> str:
    """The value in more backticks than it has in a row; a bar is escaped, as it would end a table cell."""
    text = printable(str(value)).replace("|", "\\u007c") or " "
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    # A span that begins or ends with a space or a backtick is read without one space on each side.
    pad = " " if text.strip(" ") and (text[0] in " `" or text[-1] in " `") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def mermaid_label(lines: Iterable[str]) -> str:
    """A label of a Mermaid diagram, with these lines; an empty one is left out.

    Whatever is not a letter, a digit or a harmless mark is an entity code: no quote, bracket, backtick, `%%{`
    or element comes through.
    """
    return '"' + "<br/>".join(map(_mermaid_text, filter(None, lines))) + '"'


def _mermaid_text(text: str) -> str:
    shown = "".join(c if c.isalnum() or c in " .,:/_-" else f"#{ord(c)};" for c in printable(text))
    # `1. ` and `- ` at its beginning would make a list of it.
    return re.sub(r"^( *\d*)([.-])(?= )", lambda found: f"{found[1]}#{ord(found[2])};", shown)


ESCAPES: dict[str, Callable[[object], str]] = {
    ".yaml.j2": yaml_text.flow,
    "Dockerfile.j2": docker_word,
    ".dockerignore.j2": ignore_pattern,
    ".toml.j2": toml_value,
    ".md.j2": markdown_text,
}


@lru_cache
def escape_of(template: str) -> Callable[[object], str]:
    """The escape for the values that a template prints, by the name of its file."""
    return next((escape for suffix, escape in ESCAPES.items() if template.endswith(suffix)), str)


def verbatim(value: object) -> Verbatim:
    """For values that a pattern has checked; a word or two, never more than a line."""
    return Verbatim(one_line(value))


def comment(value: object) -> Verbatim:
    """A part of a comment, which it cannot end: neither the line's nor HTML's."""
    return Verbatim(printable(str(value)).replace(">", "\\u003e"))


def block(value: object, indent: int = 0) -> Verbatim:
    return Verbatim(yaml_text.block(value, indent))


def to_json(value: object) -> Verbatim:
    text = json.dumps(value, ensure_ascii=False)
    return Verbatim(text if text.isprintable() else json.dumps(value))


def shell(value: object) -> Verbatim:
    """A word of `sh`, always in single quotes: a reader need not know which characters are safe unquoted."""
    return Verbatim("'" + one_line(value).replace("'", "'\"'\"'") + "'")


def word(value: object) -> Verbatim:
    """A word of a command that a person pastes into bash or zsh."""
    return Verbatim(shell_word(str(value)))


def code(value: object) -> Verbatim:
    return Verbatim(code_span(value))


FILTERS: dict[str, Callable[..., Verbatim]] = {
    "block": block,
    "code": code,
    "comment": comment,
    "json": to_json,
    "shell": shell,
    "verbatim": verbatim,
    "word": word,
}


def neutral(value: Any) -> Any:
    """A placeholder of the same shape: its printed text has the structure of the real value's.

    Text that is ours already (Verbatim) stays.
    """
    if isinstance(value, str):
        return value if isinstance(value, Verbatim) else "x"
    if isinstance(value, dict):
        return {f"x{number}": neutral(child) for number, child in enumerate(value.values())}
    if isinstance(value, (list, tuple)):
        return [neutral(child) for child in value]
    return value


def of_neutral(escape: Callable[..., Result]) -> Callable[..., Result]:
    """The escape or filter, applied to a neutral value instead of the real one."""
    return lambda value, *arguments: escape(neutral(value), *arguments)
