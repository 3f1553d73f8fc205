"""What an app's actions need beyond pip, and the programs that they and MCP servers start.

Follows jvagent's mcp_action.py, and the needs in the catalogue. Skills have skill_uses.py. Must not know of
images, nor what a need means for a platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from jvbundler.app.agents import Agent
from jvbundler.app.model import Action, Module, Need, Program
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place

_OWN_FILE_SYSTEMS = ("jvspatial_fs", "jvfs", "jvspatial")


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


def needing_of(agent: Agent, actions: Iterable[Action], *kinds: str) -> Iterator[Needing]:
    """The entries of one agent whose action has a need of these kinds, and is on, in their order."""
    known = {action.id: action for action in actions if action.needs}
    for name, _, entry in agent.entries:
        for need in known[name].needs if name in known else ():
            if need.kind in kinds and is_on(entry, known[name].needs):
                yield Needing(known[name], need, entry)


def programs_of(agents: Iterable[Agent], actions: Sequence[Action]) -> Iterator[Program]:
    """What the actions of the agents start, and the MCP servers of their entries."""
    listed = {name for agent in agents for name, _, _ in agent.entries}
    for action in actions:
        for need in action.needs:
            if need.kind == "program" and action.id not in listed:
                yield Program(need.value, action.id, action.place)
    for agent in agents:
        for one in needing_of(agent, actions, "program", "servers"):
            by = f"{one.action.id} of {agent.ref}"
            if one.need.kind == "program":
                yield Program(one.need.value, by, one.place)
            elif one.entry is not None:
                yield from _servers(one.entry, by)


_Used = TypeVar("_Used", Program, Module)


def each_once(used: Iterable[_Used]) -> tuple[_Used, ...]:
    """Each program or module once for whoever uses it, in the order of the files."""
    found: dict[tuple[str, str], _Used] = {}
    for one in used:
        found.setdefault((one.name, one.by), one)
    return tuple(found.values())


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
            place = command.place if command is not None and command.value else server.place
            yield Program(name, by, place, is_server=True)


def _text(node: Node, key: str) -> str:
    child = find(node, [key])
    return child.value.strip() if child is not None and isinstance(child.value, str) else ""


def _arguments(server: Node) -> str:
    listed = find(server, ["args"])
    values = listed.value if listed is not None and isinstance(listed.value, list) else ()
    return " ".join(str(item.value) for item in values)
