"""Which actions of an app have a need beyond pip, where they are on. Must not know what a need means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from jvbundler.app.model import Action, Need
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place


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
