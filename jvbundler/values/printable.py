"""Foreign text that is safe to show: names, paths, values and messages come from other people's files.

Escapes are those of JSON, so that a text inside a JSON document still means the same.
"""

from __future__ import annotations

# What no rendered file and no terminal gets as it is: control characters, every line end, what turns the
# direction of text around (CVE-2021-42574) and what is no character at all. The patterns of the schema that
# say "one line of text" leave out the same.
UNSAFE = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufffe\uffff"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """`text` on one line, with an escape for each character that could hide, move or end something."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else escape(c) for c in text)


def escape(character: str) -> str:
    """A character as `\\n` or `\\u202e`, beyond U+FFFF as two of them."""
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
