"""The unit of output: a path inside the output folder and the text that belongs there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """`path` is relative, with forward slashes; `text` is UTF-8 with LF line ends and a final newline."""

    path: str
    text: str
