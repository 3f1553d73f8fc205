"""Which actions jvagent loads for its agents, and which pip packages they require.

Follows `ActionLoader._resolve_action_dependencies` and `load_actions_for_agent` of jvagent 0.1.7: whether an
action or agent is enabled does not matter, as jvagent installs and imports a disabled one too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal

from jvbundler.app.agents import Agent, LocalAction, unlisted_local_actions
from jvbundler.app.catalog import Catalog, releases_with
from jvbundler.app.info import Written
from jvbundler.app.model import Action, Wish
from jvbundler.source.wording import MOST_GUESSES, closest, quoted
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem, error, warning

RULE = "JVB202"


class Providers:
    """Everything that may provide an action. `catalog` is None for an unknown jvagent.

    `chosen_at` is where this jvagent is asked for, None if it is not.
    """

    def __init__(
        self, root: Path, agents: tuple[Agent, ...], catalog: Catalog | None, chosen_at: Place | None
    ) -> None:
        self.root, self.agents, self.catalog, self.chosen_at = root, agents, catalog, chosen_at
        self.local: dict[str, list[LocalAction]] = {}
        for agent in agents:
            for action in agent.local:
                self.local.setdefault(action.id, []).append(action)

    @cached_property
    def unlisted(self) -> dict[str, LocalAction]:
        """Actions of agents that app.yaml does not list, read only if something is found nowhere else."""
        refs = {agent.ref for agent in self.agents}
        return {action.id: action for action in unlisted_local_actions(self.root, refs)}

    def is_core(self, name: str) -> bool:
        """An unknown jvagent is assumed to have every action of its namespace: one problem, not many."""
        if self.catalog is None:
            return name.startswith("jvagent/")
        return name in self.catalog.actions

    def dependencies(self, name: str) -> Iterator[Written]:
        """What an action depends on. For an id that is both core and local, jvagent reads the core one's."""
        if self.catalog and name in self.catalog.actions:
            core = self.catalog.actions[name]
            yield from ((other, core.place) for other in core.actions)
            return
        for action in self._local(name):
            yield from action.info.actions

    def wishes(self, name: str) -> Iterator[Wish]:
        """The pip packages of an action; jvagent installs those of both if it is core and local."""
        if self.catalog and name in self.catalog.actions:
            yield from (Wish(text, name, place, True) for text, place in self.catalog.actions[name].pip)
        for action in self._local(name):
            yield from (Wish(text, name, place) for text, place in action.info.pip)

    def place(self, name: str) -> Place:
        for action in self._local(name):
            return action.info.place
        known = self.catalog.actions.get(name) if self.catalog else None
        return known.place if known else Place(f"jvagent/action/{name.partition('/')[2]}/info.yaml")

    def _local(self, name: str) -> list[LocalAction]:
        if name in self.local or self.is_core(name):
            return self.local.get(name, [])
        return [self.unlisted[name]] if name in self.unlisted else []

    def knows(self, name: str) -> bool:
        return name in self.local or self.is_core(name) or name in self.unlisted


def resolve(providers: Providers, problems: list[Problem]) -> tuple[tuple[Action, ...], tuple[Action, ...]]:
    """The closure over all agents, and the local actions outside it that jvagent imports anyway."""
    entries: dict[str, list[Node]] = {}
    for agent in providers.agents:
        for name, place, node in agent.entries:
            entries.setdefault(name, []).append(node)
            _check_entry(name, place, node, agent, providers, problems)
    found = _reachable([name for name in entries if providers.knows(name)], providers, problems)
    closure = tuple(_action(name, providers, tuple(entries.get(name, ()))) for name in sorted(found))
    beside = {a.id for agent in providers.agents if agent.entries for a in agent.local} - found
    return closure, tuple(_action(name, providers, ()) for name in sorted(beside))


def _reachable(names: list[str], providers: Providers, problems: list[Problem]) -> set[str]:
    found: set[str] = set()
    while names:
        name = names.pop()
        if name in found:
            continue
        found.add(name)
        for other, place in providers.dependencies(name):
            if providers.knows(other):
                names.append(other)
            else:
                problems.append(_unknown(other, place, f"'{name}' depends on", providers, len(problems)))
    return found


def _check_entry(
    name: str, place: Place, entry: Node, agent: Agent, providers: Providers, problems: list[Problem]
) -> None:
    if providers.is_core(name) or any(action.id == name for action in agent.local):
        return
    if not providers.knows(name):
        unknown = _unknown(name, place, f"'{agent.ref}' lists", providers, len(problems))
        problems.append(_harmless(unknown) if name.startswith("jvagent/") and _disabled(entry) else unknown)
        return
    message = f"action '{name}' is in another agent's folder, where jvagent does not look for '{agent.ref}'"
    hint = f"move or copy it to 'agents/{agent.ref}/actions/{name}'; jvagent starts without it"
    problems.append(warning(RULE, place, message, hint, providers.place(name)))


def _disabled(entry: Node) -> bool:
    """As in jvagent's agent_yaml_validator.py: only a literal false counts."""
    enabled = find(entry, ["context", "enabled"])
    return enabled is not None and enabled.value is False


def _harmless(unknown: Problem) -> Problem:
    """jvagent skips a core action that it does not have, and a disabled one is not wanted either."""
    message = f"{unknown.message}; its entry is disabled, and jvagent starts without it"
    return warning(unknown.rule, unknown.place, message, unknown.hint, *unknown.related)


def _unknown(name: str, place: Place, who: str, providers: Providers, found: int) -> Problem:
    """`found` is the number of problems so far: only the first ones get a guess."""
    meant = _meant(name, providers) if found < MOST_GUESSES else ""
    version = f" nor in jvagent {providers.catalog.jvagent}".rstrip() if providers.catalog else ""
    message = f"{who} action '{name}', which is neither in the app{version}"
    if "/" not in name:
        message = f"{who} '{name}', which is not an action: an action is named 'namespace/name'"
    having = releases_with(name)
    if having:
        hint = f"jvagent {', '.join(having)} {'has' if len(having) == 1 else 'have'} it"
        return error(RULE, place, message, hint, *((providers.chosen_at,) if providers.chosen_at else ()))
    hint = "a local action is in 'agents/<namespace>/<agent>/actions/<namespace>/<name>/info.yaml'"
    return error(RULE, place, message, f"did you mean {quoted(meant)}?" if meant else hint)


def _meant(name: str, providers: Providers) -> str:
    core = list(providers.catalog.actions) if providers.catalog else []
    known = sorted({*core, *providers.local, *providers.unlisted})
    return closest(name, known) or next((one for one in known if one.endswith(f"/{name}")), "")


def _action(name: str, providers: Providers, entries: tuple[Node, ...]) -> Action:
    is_local = name in providers.local or not providers.is_core(name)
    core = providers.catalog.actions.get(name) if providers.catalog and not is_local else None
    origin: Literal["local", "core"] = "local" if is_local else "core"
    return Action(name, origin, providers.place(name), entries, core.needs if core else ())
