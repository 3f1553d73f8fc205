"""Reads a letter, from a file or an address."""

from pathlib import Path

import httpx  # jvagent brings it


def read(name: str) -> str:
    return httpx.get(name).text if name.startswith("https://") else Path(name).read_text(encoding="utf-8")
