"""How a message shows what the user wrote, and guesses what was meant."""

from __future__ import annotations

from collections.abc import Iterable


def one_line(text: str, limit: int = 80) -> str:
    """`text` cut to `limit` characters, with line ends and other control characters as escapes."""
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
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {quoted(close[0])}?" if close else ""
