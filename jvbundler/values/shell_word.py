"""A text as one word of a shell command that somebody pastes or reads in a log: always on one line."""

from __future__ import annotations

import shlex
from collections.abc import Iterable


def shell_word(text: str) -> str:
    """`text` for bash or zsh: as `shlex.quote` writes it, or as `$'…'` where it holds line ends and the like.

    Two number signs are kept apart too: `##[` and `##vso[` are commands to runners of CI wherever they are.
    """
    if text.isprintable() and "##" not in text:
        return shlex.quote(text)
    inside = text.replace("\\", "\\\\").replace("'", "\\'").replace("##", "\\x23#").replace("##", "\\x23#")
    return "$'" + "".join(c if c.isprintable() else _escape(c) for c in inside) + "'"


def shell_line(words: Iterable[str]) -> str:
    """The words as a command."""
    return " ".join(map(shell_word, words))


def _escape(character: str) -> str:
    """`\\n`, or the bytes in UTF-8: bash takes `\\u` for the character set of its locale."""
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    # A file name that is no UTF-8 comes as halves of surrogates, one for each byte.
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return short or "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", errors))
