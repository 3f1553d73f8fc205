"""Reads images.yaml, without parsing it: for source/images.py, and for records of what was read."""

from __future__ import annotations

import hashlib
import os

from jvbundler.files import MIB, read_file, reason


def content_and_state(path: str | os.PathLike[str]) -> tuple[bytes | OSError, str]:
    """The content, or what kept it from being read; and a text that differs where one of them does."""
    try:
        data = read_file(path, MIB)
    except OSError as failure:
        return failure, reason(failure)
    return data, hashlib.sha256(data).hexdigest()
