"""The unit of output: a path inside the output folder and the text that belongs there."""

from __future__ import annotations

from typing import NamedTuple


class Artifact(NamedTuple):
    """`path` is relative, with forward slashes; `text` is UTF-8 with LF line ends and a final newline."""

    path: str
    text: str
