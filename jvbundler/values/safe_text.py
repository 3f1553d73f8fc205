"""Makes untrusted text safe to show, and to paste into a shell as one word.

Names, paths, values and messages come from other people's files. Shown text is escaped as in JSON, so that it
means the same inside a JSON document; a shell word is escaped as in bash.
"""

from __future__ import annotations

from collections.abc import Iterable

# Never written raw to a rendered file or a terminal: control characters, every line end, bidirectional
# controls (CVE-2021-42574) and noncharacters. The schema patterns for "one line of text" exclude the same.
UNSAFE = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufffe\uffff"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """`text` on one line, with an escape for each character that could hide, move or end something."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else escape(c) for c in text)


def escape(character: str) -> str:
    """A character as `\\n` or `\\u202e`, beyond U+FFFF as a surrogate pair."""
    code = ord(character)
    if code > 0xFFFF:
        return f"\\u{0xD800 + (code - 0x10000 >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return _SHORT.get(character) or f"\\u{code:04x}"


def is_safe(text: str) -> bool:
    """Whether `text` is one line that shows what it holds; a no-break space and the like may be in it."""
    if text.isprintable():
        return True
    import re

    return not re.search(f"[{UNSAFE}]", text)


def shell_word(text: str) -> str:
    """`text` for bash or zsh: as `shlex.quote` writes it, or as `$'…'` where it holds line ends and the like.

    `##` is split too: CI runners take `##[` and `##vso[` as commands anywhere in a line.
    """
    if text.isprintable() and "##" not in text:
        import shlex

        return shlex.quote(text)
    inside = text.replace("\\", "\\\\").replace("'", "\\'").replace("##", "\\x23#").replace("##", "\\x23#")
    return "$'" + "".join(c if c.isprintable() else _shell_escape(c) for c in inside) + "'"


def shell_line(words: Iterable[str]) -> str:
    """The words as a command."""
    return " ".join(map(shell_word, words))


def _shell_escape(character: str) -> str:
    """`\\n`, or the bytes in UTF-8: bash writes `\\u` in the character set of its locale."""
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    # A file name that is not UTF-8 arrives as lone surrogates, one per byte.
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return short or "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", errors))
