"""Values as YAML text that a person would have written: plain where that is safe, quoted where it is not.

The emitter is ours because the text is the product: its quoting, its indentation and its order are reviewed
in pull requests. Every YAML reader (1.1 and 1.2, Python and Go) must read back the same value.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from jvbundler.values.safe_text import UNSAFE, escape

# Characters that a plain scalar may hold anywhere; `:` and `#` are checked separately.
_PLAIN = re.compile(
    r"[A-Za-z0-9_./$~^(][A-Za-z0-9_./@+=:,$~^()*%<>;!?&|'\"{}\[\]\\#-]*"
    r"(?: [A-Za-z0-9_./@+=,$~^()*%<>;!?&|'\"{}\[\]\\:#-]+)*\Z"
)
# `?` is one for PyYAML.
_FLOW_SPECIAL = re.compile(r"[,?\[\]{}]")
# Words and numbers that some reader does not take for text. YAML 1.1 (PyYAML, Go) and 1.2.
_NOT_TEXT = re.compile(
    r"(?i:~|null|true|false|yes|no|on|off|y|n)\Z"
    r"|[-+]?(?:0[xX][0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+)\Z"
    r"|[-+]?[0-9][0-9_,]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?\Z"
    r"|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?\Z"
    r"|[-+]?\.(?i:inf|nan)\Z"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?\Z"
)


def scalar(value: object, *, in_flow: bool = False) -> str:
    """One scalar on one line."""
    if isinstance(value, str):  # first, as most values are
        return _text(str(value), in_flow)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else _special_float(value)
    return _text(str(value), in_flow)


@lru_cache(maxsize=16_384)
def _text(text: str, in_flow: bool) -> str:
    return text if is_plain(text, in_flow=in_flow) else quoted(text)


def _special_float(value: float) -> str:
    return ".nan" if value != value else ".inf" if value > 0 else "-.inf"


def is_plain(text: str, *, in_flow: bool = False) -> bool:
    """Whether every reader reads the unquoted text as that same text."""
    if not _PLAIN.match(text) or _NOT_TEXT.match(text):
        return False
    if ": " in text or " #" in text or text.endswith(":"):
        return False
    return not (in_flow and (_FLOW_SPECIAL.search(text) or (":" in text and '"' in text)))


def quoted(text: str) -> str:
    """Double-quoted, with escapes that YAML and JSON share; printable characters stay readable."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped if escaped.isprintable() else re.sub(f"[{UNSAFE}]", lambda m: escape(m[0]), escaped)


def flow(value: object) -> str:
    """A value on one line: `[GET, POST]`, `{cpu: 100m}`."""
    if isinstance(value, str):
        return _text(str(value), True)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k, in_flow=True)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return scalar(value, in_flow=True)


def block(value: object, indent: int = 0) -> str:
    """A value over several lines, each indented by `indent` spaces, without a final newline."""
    lines: list[str] = []
    _add(lines, value, " " * indent)
    return "\n".join(lines)


def _add(lines: list[str], value: Any, pad: str) -> None:
    """Adds the lines of a value, each of which begins with `pad`."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            _add_under(lines, f"{pad}{scalar(key)}:", child, pad)
    elif isinstance(value, (list, tuple)) and value:
        for child in value:
            _add_item(lines, child, pad)
    else:
        lines.append(pad + flow(value))


def _add_under(lines: list[str], head: str, value: Any, pad: str) -> None:
    """Adds `head`, which ends in `:` or `-`, with the value after it or below."""
    if isinstance(value, str):
        if is_literal(value):
            lines.append(f"{head} {literal_indicator(value)}")
            lines += literal_lines(value, len(pad) + 2)
        else:
            lines.append(f"{head} {_text(str(value), False)}")
    elif isinstance(value, (dict, list, tuple)):
        if value:
            lines.append(head)
            _add(lines, value, pad + "  ")
        else:
            lines.append(f"{head} {flow(value)}")
    else:
        lines.append(f"{head} {scalar(value)}")


def _add_item(lines: list[str], value: Any, pad: str) -> None:
    """Adds an item of a list; the first line of a map or list follows its dash."""
    if isinstance(value, (dict, list, tuple)) and value:
        first = len(lines)
        _add(lines, value, pad + "  ")
        lines[first] = f"{pad}- {lines[first].lstrip(' ')}"
    else:
        _add_under(lines, f"{pad}-", value, pad)


def is_literal(text: str) -> bool:
    """Whether a `|` block reads back as exactly this text."""
    if "\n" not in text:
        return False
    lines = text.split("\n")
    return (
        bool(lines[0])
        and not lines[0][0].isspace()
        and all(line == line.rstrip() and line.isprintable() for line in lines)
        and not text.endswith("\n\n")
        and text.strip("\n") != ""
    )


def literal_indicator(text: str) -> str:
    return "|" if text.endswith("\n") else "|-"


def literal_lines(text: str, indent: int) -> list[str]:
    pad = " " * indent
    return [pad + line if line else "" for line in text.removesuffix("\n").split("\n")]
