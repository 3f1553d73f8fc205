"""The path that a reference names, and the failure of one that cannot be replaced."""

from __future__ import annotations

Path = tuple[str | int, ...]


class Failed(Exception):
    """A reference that cannot be replaced; `message` is empty where the cause was reported elsewhere."""

    def __init__(self, message: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def shown(path: Path) -> str:
    return ".".join(map(str, path))
