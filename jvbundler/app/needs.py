"""What an app needs beyond pip: by its actions, and the programs that they, MCP servers and skills start.

Follows jvagent's mcp_action.py and skill_resolve.py, and the needs in the catalogue. A skill is prose for a
model: only a known program in a command is seen there, and its scripts are not read. Must not know of images,
nor what a need means for a platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from jvbundler.app.agents import Agent
from jvbundler.app.model import Action, Need, Program
from jvbundler.app.reading import exists, file_bytes, folders, shown
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem

SKILL = "SKILL.md"
# Debian packages by the program that they bring.
NODE = ("nodejs", "npm")
DEBIAN: dict[str, tuple[str, ...]] = {
    "convert": ("imagemagick",),
    "curl": ("curl",),
    "ffmpeg": ("ffmpeg",),
    "git": ("git",),
    "gs": ("ghostscript",),
    "jq": ("jq",),
    "libreoffice": ("libreoffice",),
    "magick": ("imagemagick",),
    "node": NODE,
    "npm": NODE,
    "npx": NODE,
    "pandoc": ("pandoc",),
    "pdflatex": ("texlive-latex-base",),
    "pdftoppm": ("poppler-utils",),
    "pdftotext": ("poppler-utils",),
    "qpdf": ("qpdf",),
    "soffice": ("libreoffice",),
    "tesseract": ("tesseract-ocr",),
    "wget": ("wget",),
    "xelatex": ("texlive-xetex",),
}
# Python packages by the program that they bring, with what the package needs beside it (JVB220).
PYTHON = {"uv": "uv", "uvx": "uv", "weasyprint": "weasyprint"}
_OWN_FILE_SYSTEMS = ("jvspatial_fs", "jvfs", "jvspatial")
_FENCE = r"\s*(?:```+|~~~+)\s*([A-Za-z]*)"
_SHELLS = ("bash", "sh", "shell", "console", "zsh")
# In a block of a shell: the first word of each command.
_COMMAND = r"(?:^|&&|\|\|?|;|\$\()\s*(?:\$ )?(?:sudo )?([a-z0-9]+)(?=\s|$)"
# In running text a command has an argument: `npm install -g docx` is one, `node` may be any word.
_INLINE = r"`([a-z0-9]+) [^`]+`"


class Needing(NamedTuple):
    """An action, and its entry in agent.yaml; None where only another action depends on it."""

    action: Action
    need: Need
    entry: Node | None

    @property
    def place(self) -> Place:
        listed = find(self.entry, ["action"]) if self.entry else None
        return listed.place if listed else self.action.place


def needing(actions: Iterable[Action], kind: str) -> Iterator[Needing]:
    """Every entry of an action that has this kind of need, and is on."""
    for action in actions:
        for need in action.needs:
            if need.kind == kind:
                for entry in action.entries or (None,):
                    if entry is None or is_on(entry, action.needs):
                        yield Needing(action, need, entry)


def is_on(entry: Node, needs: Iterable[Need]) -> bool:
    """Whether an entry of agent.yaml has its action do anything: some have to be enabled."""
    enabled = find(entry, ["context", "enabled"])
    if any(need.kind == "enabling" for need in needs):
        return enabled is not None and enabled.value is True
    return enabled is None or enabled.value is not False


def programs_of(
    agents: Iterable[Agent],
    actions: Iterable[Action],
    root: Path,
    shown_as: str,
    problems: list[Problem],
) -> tuple[Program, ...]:
    """Each program once for whoever starts it, in the order of the files."""
    needs = {action.id: action.needs for action in actions if action.needs}
    listed = {name for agent in agents for name, _, _ in agent.entries}
    found = [
        Program(need.value, action.id, action.place)
        for action in actions
        for need in action.needs
        if need.kind == "program" and action.id not in listed
    ]
    for agent in agents:
        for name, place, entry in agent.entries:
            if name not in needs or not is_on(entry, needs[name]):
                continue
            for need in needs[name]:
                if need.kind == "program":
                    found.append(Program(need.value, f"{name} of {agent.ref}", place))
                elif need.kind == "servers":
                    found += _servers(entry, f"{name} of {agent.ref}")
                elif need.kind == "skills":
                    found += _skills(agent.ref, root, shown_as, problems)
    return tuple({(one.name, one.by): one for one in reversed(found)}.values())[::-1]


def _servers(entry: Node, by: str) -> Iterator[Program]:
    servers = find(entry, ["context", "servers"])
    sandbox = find(entry, ["context", "sandbox_mode"])
    for server in servers.value if servers is not None and isinstance(servers.value, list) else ():
        enabled = find(server, ["enabled"])
        if _text(server, "transport") != "stdio" or (enabled is not None and not enabled.value):
            continue
        own = find(server, ["sandbox_mode"]) or sandbox
        is_sandboxed = own is None or own.value is not False
        if is_sandboxed and _text(server, "type").lower() in _OWN_FILE_SYSTEMS:
            continue  # runs in jvagent's own Python, whatever the command is
        command = find(server, ["command"])
        name = _text(server, "command")
        if not name and is_sandboxed and "server-filesystem" in _arguments(server):
            name = "npx"
        # A path is the app's own affair, and `${NAME}` is known to jvagent only.
        if name and "/" not in name and "$" not in name:
            yield Program(name, by, command.place if command is not None and command.value else server.place)


def _text(node: Node, key: str) -> str:
    child = find(node, [key])
    return child.value.strip() if child is not None and isinstance(child.value, str) else ""


def _arguments(server: Node) -> str:
    listed = find(server, ["args"])
    values = listed.value if listed is not None and isinstance(listed.value, list) else ()
    return " ".join(str(item.value) for item in values)


def _skills(agent: str, root: Path, shown_as: str, problems: list[Problem]) -> Iterator[Program]:
    """The known programs in the commands of the skills of an agent, and of those beside its own actions."""
    base = f"agents/{agent}"
    for inside in (f"{base}/skills", *_beside_actions(base, root, shown_as, problems)):
        for folder in folders(root / inside, shown(shown_as, inside), problems):
            path = folder / SKILL
            file = shown(shown_as, f"{inside}/{folder.name}/{SKILL}")
            data = file_bytes(path, file, root, problems) if exists(path, file, problems) else None
            for name, line, column in commands((data or b"").decode("utf-8-sig", "replace")):
                yield Program(name, f"the skill {folder.name} of {agent}", Place(file, line, column))


def _beside_actions(base: str, root: Path, shown_as: str, problems: list[Problem]) -> Iterator[str]:
    actions = f"{base}/actions"
    for namespace in folders(root / actions, shown(shown_as, actions), problems):
        inside = f"{actions}/{namespace.name}"
        for folder in folders(namespace, shown(shown_as, inside), problems):
            yield f"{inside}/{folder.name}/skills"


def commands(text: str) -> Iterator[tuple[str, int, int]]:
    """The known programs that a SKILL.md has in its commands, with line and column."""
    is_block, is_shell = False, False
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(_FENCE, line)
        if fence:
            is_block, is_shell = not is_block, fence[1].lower() in _SHELLS
        elif is_shell or not is_block:
            for match in re.finditer(_COMMAND if is_block else _INLINE, line):
                if match[1] in DEBIAN or match[1] in PYTHON:
                    yield match[1], number, match.start(1) + 1
