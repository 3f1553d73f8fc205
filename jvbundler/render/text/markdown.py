"""Values → Markdown that is only text: no element, link, address, comment, fence or cell of its own.

Follows CommonMark and GitHub's extensions. Whatever is not plain prose goes into a code span, where nothing
has a meaning.
"""

from __future__ import annotations

import re

from jvbundler.values.safe_text import printable

# Words, and marks that mean nothing in and between them. `_` stands between two letters, `:` before a space
# and `.` before no word, or they could be emphasis, an emoji or an address.
_PROSE = re.compile(
    r"""(?!.*(?:www\.|\.[a-z]{2}|\b_|_\b))[\w'"(](?:[\w .,;%+=?!'"/()-]|:(?=\ |\Z)|[^\x00-\x7f])*\Z""",
    re.IGNORECASE,
)


def markdown_text(value: object) -> str:
    """The value as prose, or as a code span where it could be taken for more than that."""
    text = str(value)
    return text if text.isprintable() and _PROSE.match(text) else code_span(text)


def code_span(value: object) -> str:
    """The value in more backticks than it has in a row; a bar is escaped, as it ends the cell of a table."""
    text = printable(str(value)).replace("|", "\\u007c") or " "
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    # A span that begins or ends with a space or a backtick is read without one space on each side.
    pad = " " if text.strip(" ") and (text[0] in " `" or text[-1] in " `") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
