"""Builds a Kustomize folder, with `kustomize` or with the one inside `kubectl`."""

from __future__ import annotations

from pathlib import Path

from jvbundler.runner import find_tool, run

TIMEOUT_SECONDS = 120


def available() -> bool:
    return find_tool("kustomize") is not None or find_tool("kubectl") is not None


def build(folder: Path) -> str:
    """The manifest that a base or an overlay stands for; raises ToolFailed with Kustomize's own words."""
    return run([*_command(), str(folder)], timeout_seconds=TIMEOUT_SECONDS).text


def _command() -> list[str]:
    if find_tool("kustomize") is None and find_tool("kubectl") is not None:
        return ["kubectl", "kustomize"]
    return ["kustomize", "build"]
