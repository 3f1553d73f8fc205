"""How a message shows what the user wrote, and guesses what was meant."""

from __future__ import annotations

from collections.abc import Iterable

from jvbundler.values.secret_values import without_secrets

# A guess compares with everything known, which takes milliseconds: beyond this number, mistakes are reported
# without one.
MOST_GUESSES = 20
# Of more than these, a guess compares only with those that begin and end most alike.
_MOST_COMPARED = 200


def one_line(text: str, limit: int = 80) -> str:
    """`text` cut to `limit` characters, with line ends and other control characters as escapes.

    What looks like a secret is masked first: half a token would not be recognised as one.
    """
    text = without_secrets(text[: 64 * limit], assigned=True) if len(text) > 7 else text
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    if short.isprintable():
        return short
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in short
    )


def quoted(text: str) -> str:
    return f"'{one_line(text)}'"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint such as `did you mean 'app.name'?`, or "" where nothing comes close."""
    close = closest(word, known)
    return f"did you mean {quoted(close)}?" if close else ""


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """What is most like `word`, or "" where nothing is. In milliseconds, however many there are."""
    from difflib import get_close_matches

    candidates = list(known)
    if len(word) > 200:
        return ""
    if len(candidates) > _MOST_COMPARED:
        from heapq import nlargest

        candidates = nlargest(_MOST_COMPARED, candidates, key=lambda one: _likeness(one, word))
    return next(iter(get_close_matches(word, candidates, n=1, cutoff=cutoff)), "")


def _likeness(one: str, word: str) -> int:
    """How many characters are the same at the beginning, and at the end."""
    return _same(one, word) + _same(one[::-1], word[::-1])


def _same(one: str, word: str) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, word, strict=False)) if a != b), min(len(one), len(word))
    )
