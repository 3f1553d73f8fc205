"""app.yaml's `agents`, their agent.yaml files and the actions in their folders, as jvagent finds them.

Follows jvagent's agent_loader.py and action_loader.py; decides nothing about what the files ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jvbundler.app.info import Info, read_info
from jvbundler.app.reading import (
    BROKEN,
    exists,
    file_bytes,
    folders,
    id_problem,
    items,
    kind,
    outside,
    shown,
    text,
)
from jvbundler.files import leads_outside
from jvbundler.source.wording import MOST_GUESSES, closest, quoted
from jvbundler.source.yaml.file import parse_yaml
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem, error, warning


class LocalAction(NamedTuple):
    """`id` is the namespace's folder and the name in info.yaml: jvagent composes it in the same way."""

    id: str
    info: Info


class Agent(NamedTuple):
    """`entries` are the items of agent.yaml's `actions`: the action's id, its place, the whole mapping."""

    ref: str
    entries: tuple[tuple[str, Place, Node], ...]
    local: tuple[LocalAction, ...]


def read_agents(app_yaml: Node, root: Path, shown_as: str, problems: list[Problem]) -> tuple[Agent, ...]:
    """The agents that app.yaml lists and that exist."""
    found: dict[str, Agent] = {}
    there = cache(lambda: list(_refs_on_disk(root)))
    listed = items(app_yaml, "agents", problems)
    for item in listed:
        if not isinstance(item.value, str):
            problems.append(
                error(BROKEN, item.place, f"an agent must be text such as 'acme/bot', not {kind(item)}")
            )
        elif item.value not in found:
            agent = _listed(item.value, item.place, root, shown_as, problems, there)
            if agent is not None:
                found[agent.ref] = agent
    problems.extend(_left_out(app_yaml, listed, there()))
    return tuple(found.values())


def _left_out(app_yaml: Node, listed: Sequence[Node], there: Sequence[str]) -> Iterator[Problem]:
    """One warning about all agents that app.yaml does not list: jvagent never starts them.

    None while the list itself is wrong: a missing agent may only be misspelt in it.
    """
    agents = find(app_yaml, ["agents"])
    is_list = agents is None or agents.value is None or isinstance(agents.value, list)
    refs = {str(item.value) for item in listed}
    is_right = is_list and refs <= set(there)
    left_out = sorted(set(there) - refs)
    if is_right and left_out:
        place = (agents.key_place or agents.place) if agents else app_yaml.place
        message = "agents that app.yaml does not list are not started, and their packages not in the image: "
        hint = "list them under 'agents', or remove their folders"
        yield warning("JVB212", place, message + _some(left_out, most=100), hint)


def unlisted_local_actions(root: Path, listed: Iterable[str]) -> Iterator[LocalAction]:
    """The actions in agents that app.yaml does not list; jvagent looks there for dependencies as well.

    Their problems are dropped: jvagent never starts these agents.
    """
    ignored: list[Problem] = []
    for ref in _refs_on_disk(root):
        if ref not in listed:
            yield from _local_actions(root, f"agents/{ref}", "", ignored)


def _listed(
    ref: str,
    place: Place,
    root: Path,
    shown_as: str,
    problems: list[Problem],
    there: Callable[[], list[str]],
) -> Agent | None:
    folder, file = root / "agents" / ref, shown(shown_as, f"agents/{ref}/agent.yaml")
    told = len(problems)
    if leads_outside(folder, root):
        problems.append(outside(f"agents/{ref}", place))
    elif "/" not in ref or not exists(folder / "agent.yaml", file, problems):
        # What may not be looked at is told by `exists`, and need not be missing.
        if len(problems) == told:
            problems.append(_missing(ref, place, root, there(), may_guess=told < MOST_GUESSES))
    else:
        top = _agent_yaml(folder / "agent.yaml", file, root, problems)
        local = tuple(_local_actions(root, f"agents/{ref}", shown_as, problems))
        wrong = id_problem("agent", ref, place)
        if wrong is not None:
            problems.append(wrong)
        elif top is not None:
            _check_name(top, ref, problems)
            return Agent(ref, tuple(_entries(top, problems)), local)
    return None


def _missing(ref: str, place: Place, root: Path, there: Sequence[str], *, may_guess: bool) -> Problem:
    if "/" not in ref:
        message = f"{quoted(ref)} is not an agent: agents are listed as 'namespace/name'"
    else:
        what = "agent.yaml" if exists(root / "agents" / ref, "", []) else "folder"
        message = f"agent {quoted(ref)} has no {what}: there is no {quoted(f'agents/{ref}/agent.yaml')}"
    meant = _meant(ref, there) if may_guess else ""
    return error("JVB201", place, message, f"did you mean {quoted(meant)}?" if meant else _there(there))


def _meant(ref: str, there: Sequence[str]) -> str:
    return closest(ref, there) or next((one for one in there if one.endswith(f"/{ref}")), "")


def _there(refs: Sequence[str]) -> str:
    if not refs:
        return "the app has no agent"
    return f"the app has {_some(refs, most=10)}"


def _some(refs: Sequence[str], most: int) -> str:
    more = f" and {len(refs) - most:,} more" if len(refs) > most else ""
    return f"{', '.join(refs[:most])}{more}"


def _refs_on_disk(root: Path) -> Iterator[str]:
    for namespace in folders(root / "agents", "", []):
        for folder in folders(namespace, "", []):
            if exists(folder / "agent.yaml", "", []):
                yield f"{namespace.name}/{folder.name}"


def _agent_yaml(path: Path, file: str, root: Path, problems: list[Problem]) -> Node | None:
    data = file_bytes(path, file, root, problems)
    if data is None:
        return None
    top, found = parse_yaml(data, file)
    problems.extend(found)
    return top


def _check_name(top: Node, ref: str, problems: list[Problem]) -> None:
    """jvagent takes an agent's local actions from the folder that its `agent` key names."""
    name = text(top, "agent", problems)
    if name == ref:
        return
    place = top.value["agent"].place if name and isinstance(top.value, dict) else top.place
    says = f"says it is '{name}'" if name else "has no 'agent'"
    hint = f"write 'agent: {ref}'"
    problems.append(
        warning(BROKEN, place, f"agent.yaml of '{ref}' {says}: its local actions are not found", hint)
    )


def _entries(top: Node, problems: list[Problem]) -> Iterator[tuple[str, Place, Node]]:
    for item in items(top, "actions", problems):
        action = item.value.get("action") if isinstance(item.value, dict) else None
        if action is not None and isinstance(action.value, str):
            yield action.value, action.place, item
            continue
        what = "has no 'action'" if isinstance(item.value, dict) and action is None else "must be text"
        message = f"an item of 'actions' {what}" if isinstance(item.value, dict) else _not_an_entry(item)
        problems.append(error(BROKEN, item.place, message, "write '- action: namespace/name'"))


def _not_an_entry(item: Node) -> str:
    return f"an item of 'actions' must be a mapping with 'action', not {kind(item)}"


def _local_actions(root: Path, agent: str, shown_as: str, problems: list[Problem]) -> Iterator[LocalAction]:
    """Every `actions/<namespace>/<folder>/info.yaml` of an agent."""
    seen: dict[str, Place] = {}
    actions = f"{agent}/actions"
    for namespace in folders(root / actions, shown(shown_as, actions), problems):
        inside = f"{actions}/{namespace.name}"
        for folder in folders(namespace, shown(shown_as, inside), problems):
            file = shown(shown_as, f"{inside}/{folder.name}/info.yaml")
            info = _info(folder / "info.yaml", file, root, problems)
            if info is None:
                continue
            action = LocalAction(f"{namespace.name}/{info.name or folder.name}", info)
            wrong = id_problem("action", action.id, info.place)
            if wrong is not None:
                problems.append(wrong)
                continue
            if action.id in seen:
                problems.append(_same_id(action, seen[action.id]))
                continue
            seen[action.id] = info.place
            _check_namespace(action, problems)
            yield action


def _info(path: Path, file: str, root: Path, problems: list[Problem]) -> Info | None:
    data = file_bytes(path, file, root, problems) if exists(path, file, problems) else None
    if data is None:
        return None
    info, found = read_info(data, file)
    problems.extend(found)
    return info


def _same_id(action: LocalAction, first: Place) -> Problem:
    message = f"two actions of one agent are called '{action.id}': the other is {first}"
    return error("JVB208", action.info.place, message, "give each its own 'package.name'", first)


def _check_namespace(action: LocalAction, problems: list[Problem]) -> None:
    package = action.info.package
    if "/" in package and package != action.id:
        message = f"'{package}' is in the folder of another namespace: jvagent calls it '{action.id}'"
        problems.append(warning(BROKEN, action.info.place, message, f"write 'name: {action.id}', or move it"))
