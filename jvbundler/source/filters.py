"""What a `{{ … }}` may use besides the path of a key: filters, tests and methods, described for the docs.

Nothing here takes much time or memory, whatever its arguments: a result has at most LONGEST_TEXT characters,
and its length is known before it is made. It must not import jinja2.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any, NamedTuple

LONGEST_TEXT = 64 * 1024  # characters; ten times the largest value of a real deploy.yaml


Path = tuple[str | int, ...]


class Failed(Exception):
    """A reference that cannot be replaced; `message` is empty where the cause was reported elsewhere."""

    def __init__(self, message: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def shown(path: Path) -> str:
    return ".".join(map(str, path))


class NotAllowed(Exception):
    """The expression uses what is not available, or too much; the hint says what to write instead."""

    def __init__(
        self, message: str, hint: str = "'jvbundler explain references' lists what is available"
    ) -> None:
        super().__init__(message)
        self.hint = hint


class Missing(NamedTuple):
    """The value of a name that is not a key of the file."""

    name: str


class Offer(NamedTuple):
    """A function of an expression's language. `arguments` are those after the value: at least, at most."""

    apply: Callable[..., Any]
    words: str
    arguments: tuple[int, int] = (0, 0)


def text_of(value: Any) -> str:
    """A value as it would appear in a text."""
    if isinstance(value, (list, Sized)) and not isinstance(value, str):
        raise NotAllowed(
            "a list or map is used where a text is expected", "end it with '| join(\",\")', or name one value"
        )
    if value is None:
        raise NotAllowed("a value is null where a text is expected", "give it a value, or use '| default(…)'")
    return checked(str(value).lower() if isinstance(value, bool) else str(value))


def checked(text: str) -> str:
    _refuse_longer(len(text))
    return text


def _refuse_longer(length: int) -> None:
    if length > LONGEST_TEXT:
        raise NotAllowed(
            f"the text is longer than {LONGEST_TEXT // 1024} KiB", "refer to fewer or shorter values"
        )


def joined(parts: Any, separator: Any = "") -> str:
    between = text_of(separator)
    texts = [text_of(part) for part in items_of(parts)]
    _refuse_longer(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def items_of(value: Any) -> list[Any]:
    if isinstance(value, str):
        return list(checked(value))
    if not isinstance(value, Sized):
        raise NotAllowed("a single value is used where a list is expected", "name a list of the file")
    return list(value)  # type: ignore[call-overload,no-any-return]


def _replaced(value: Any, old: Any, new: Any) -> str:
    text, before, after = text_of(value), text_of(old), text_of(new)
    _refuse_longer(len(text) + text.count(before) * max(len(after) - len(before), 0))
    return text.replace(before, after)


def _defaulted(value: Any, default: Any = "") -> Any:
    return default if value is None or isinstance(value, Missing) else value


def _picked(index: int) -> Callable[[Any], Any]:
    def pick(value: Any) -> Any:
        items = items_of(value)
        if not items:
            raise NotAllowed("the list is empty", "fill it, or write the value out")
        return items[index]

    return pick


def _length(value: Any) -> int:
    return len(items_of(value))


def _number(value: Any) -> int:
    text = text_of(value).strip()
    if len(text) > 18 or not text.removeprefix("-").isdecimal():
        raise NotAllowed("the text is not a whole number of at most 18 digits", "give it a number")
    return int(text)


FILTERS: dict[str, Offer] = {
    "capitalize": Offer(
        lambda value: text_of(value).capitalize(), "the first letter in upper case, the rest in lower case"
    ),
    "default": Offer(_defaulted, "another value where the key is missing or null", (0, 1)),
    "first": Offer(_picked(0), "the first item of a list, or character of a text"),
    "int": Offer(_number, "a text as a whole number"),
    "join": Offer(joined, "the items of a list in one text, with a separator between them", (0, 1)),
    "last": Offer(_picked(-1), "the last item of a list, or character of a text"),
    "length": Offer(_length, "the number of items of a list or map, or characters of a text"),
    "lower": Offer(lambda value: text_of(value).lower(), "in lower case"),
    "replace": Offer(_replaced, "each occurrence of a text replaced by another", (2, 2)),
    "string": Offer(text_of, "a number or boolean as text"),
    "title": Offer(lambda value: text_of(value).title(), "the first letter of each word in upper case"),
    "trim": Offer(lambda value: text_of(value).strip(), "without spaces and line ends around it"),
    "upper": Offer(lambda value: text_of(value).upper(), "in upper case"),
}
TESTS: dict[str, Offer] = {
    "defined": Offer(lambda value: not isinstance(value, Missing), "the key is in the file"),
    "none": Offer(lambda value: value is None, "the value is null"),
    "number": Offer(
        lambda value: isinstance(value, (int, float)) and not isinstance(value, bool), "the value is a number"
    ),
    "string": Offer(lambda value: isinstance(value, str), "the value is a text"),
    "undefined": Offer(lambda value: isinstance(value, Missing), "the key is not in the file"),
}
METHODS: dict[str, Offer] = {
    "endswith": Offer(
        lambda value, end: text_of(value).endswith(text_of(end)), "whether a text ends with another", (1, 1)
    ),
    "lower": FILTERS["lower"],
    "replace": FILTERS["replace"],
    "startswith": Offer(
        lambda value, start: text_of(value).startswith(text_of(start)),
        "whether a text begins with another",
        (1, 1),
    ),
    "strip": FILTERS["trim"],
    "upper": FILTERS["upper"],
}


def reference_lines() -> list[str]:
    """What an expression may use, a line each, for `jvbundler explain references`."""
    width = max(len(name) for name in (*FILTERS, *TESTS, *METHODS)) + 3
    lines = [
        "references",
        "  {{ KEY }} is the value of another key of the file, by its path: {{ app.name }}.",
        "  filters, as in {{ app.name | lower }}:",
    ]
    lines += [f"    {name:{width}}  {offer.words}" for name, offer in FILTERS.items()]
    lines += ["  tests, as in {{ 'a' if app.name is defined else 'b' }}:"]
    lines += [f"    {name:{width}}  {offer.words}" for name, offer in TESTS.items()]
    lines += ["  methods, as in {{ app.name.upper() }}:"]
    lines += [f"    {f'.{name}()':{width}}  {offer.words}" for name, offer in METHODS.items()]
    lines += ["  operators: ~ (joins texts), ==, !=, <, <=, >, >=, in, not in, and, or, not, A if B else C"]
    return lines
