"""The hosts that each core action of jvagent calls, for schemas/hosts.json: a part of build_catalog.py.

What the sources have written out is read from them. A host that a client library holds, or that only a
setting says, is in schemas/known_hosts.json by hand, as are the addresses that no action calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.app.urls import urls_in

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "schemas" / "known_hosts.json"
HTTPS = 443


class Called(NamedTuple):
    """A host of an action, with the place in jvagent's source; `setting` may name another one."""

    host: str
    port: int
    setting: str
    file: str
    line: int


def hosts_of(package: Path, modules: Mapping[str, Iterable[Path]]) -> dict[str, list[Called]]:
    """By action, given the modules that are its own: each host once, sorted."""
    known: dict[str, list[dict[str, Any]]] = json.loads(KNOWN.read_text(encoding="utf-8"))
    not_called = tuple(one["url"] for one in known["not called"])
    found: dict[str, list[Called]] = {}
    for action, paths in modules.items():
        called = [one for one in _by_hand(package, known["called"]) if one[0] == action]
        read = [one for path in paths for one in _read(package, path, not_called)]
        # First those with a setting, and those by hand before others, as only the first of a host stays.
        ordered = sorted([*(one for _, one in called), *read], key=lambda one: not one.setting)
        each = {(one.host, one.port or one.setting): one for one in reversed(ordered)}
        if each:
            found[action] = sorted(each.values())
    return found


def _read(package: Path, path: Path, not_called: tuple[str, ...]) -> list[Called]:
    file = path.relative_to(package.parent).as_posix()
    return [
        Called(url.host, url.port, f"context.{url.setting}" if url.setting else "", file, url.line)
        for url in sorted(urls_in(path.read_bytes()), key=lambda url: url.line)
        if not url.text.startswith(not_called)
    ]


def _by_hand(package: Path, facts: Iterable[dict[str, Any]]) -> list[tuple[str, Called]]:
    """The facts that this release still has, each with its action."""
    found = []
    for fact in facts:
        path = package.parent / fact["file"]
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        numbers = [number for number, line in enumerate(lines, 1) if fact["says"] in line]
        port = fact.get("port", HTTPS if fact["host"] else 0)
        if numbers:
            called = Called(fact["host"], port, fact["setting"], fact["file"], numbers[0])
            found.append((fact["action"], called))
    return found


def merged(known: dict[str, list[list[Any]]], hosts: Mapping[str, list[Called]], version: str) -> None:
    """Adds the hosts of a release that `known`, of newer ones, does not have."""
    for action, called in hosts.items():
        there = known.setdefault(action, [])
        have = {(host, port, setting) for host, port, setting, _, _ in there}
        for one in called:
            if (one.host, one.port, one.setting) not in have:
                there.append([one.host, one.port, one.setting, f"jvagent-{version}/{one.file}", one.line])


def hosts_text(hosts: Mapping[str, list[list[Any]]]) -> str:
    """The file's text: a host a line."""
    blocks = []
    for action in sorted(hosts):
        lines = ",\n".join(f"    {json.dumps(one)}" for one in sorted(hosts[action]))
        blocks.append(f"  {json.dumps(action)}: [\n{lines}\n  ]")
    return "{\n" + ",\n".join(blocks) + "\n}\n"
