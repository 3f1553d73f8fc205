"""Which skills an agent of the app may use: those that jvagent's orchestrator finds, chooses and can run.

Follows jvagent 0.1.7: scaffold/skill_resolve.py, action/orchestrator/skills.py and requires-actions of
orchestrator_interact_action.py. Must not know what a skill needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from jvbundler.app.agents import Agent
from jvbundler.app.catalog import Catalog, CoreSkill
from jvbundler.app.model import Action
from jvbundler.app.needs import is_on, needing_of
from jvbundler.app.reading import exists, file_bytes, folders, shown
from jvbundler.app.skill_files import SKILL, SKILLS
from jvbundler.app.skill_front import Front, read_front
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem

_ALL = "-all"
# More than anybody writes; each is compared with each skill.
_MOST_PATTERNS = 1000
# A requirement is a class of an action, with a version or without, which is not looked at here.
_REQUIRED = r"[^<>=!~]*"


class Skill(NamedTuple):
    """A skill, and where it is: `folder` is below the app, empty for one that jvagent ships.

    `place` is its SKILL.md, and `text` what that says; for one of jvagent's, the line of agent.yaml that
    turns it on.
    """

    front: Front
    folder: str
    place: Place
    text: str = ""
    shipped: CoreSkill | None = None


def active_skills(
    agent: Agent,
    actions: Sequence[Action],
    catalog: Catalog,
    root: Path,
    shown_as: str,
    problems: list[Problem],
) -> tuple[Skill, ...]:
    """The skills of an agent, sorted by name; none without an orchestrator that is on.

    What needs a value of the environment (`${NAME}`) is assumed to choose all.
    """
    found: dict[str, Skill] = {}
    classes = _classes(agent, catalog)
    for one in needing_of(agent, actions, "active skills"):
        entry = one.entry or Node({}, one.place)
        for name, skill in _merged(agent, entry, catalog, root, shown_as, problems).items():
            chosen_at = _chosen_at(name, skill, entry, one.place)
            if chosen_at is not None and _names(skill.front.requires) <= classes:
                found[name] = skill._replace(place=chosen_at) if skill.shipped else skill
    return tuple(found[name] for name in sorted(found))


def _merged(
    agent: Agent, entry: Node, catalog: Catalog, root: Path, shown_as: str, problems: list[Problem]
) -> dict[str, Skill]:
    """The skills by name; of two, that of an action counts more than the agent's, and this than jvagent's."""
    written = find(entry, ["context", "skills_source"])
    source = str(written.value or "both").strip().lower() if written else "both"
    base = f"agents/{agent.ref}"
    beside = (f"{base}/actions/{name}/{SKILLS}" for name, _, _ in agent.entries if "/" in name)
    merged = {
        name: Skill(one.front, "", entry.place, shipped=one)
        for name, one in catalog.skills.items()
        if source != "app"
    }
    for inside in (f"{base}/{SKILLS}", *dict.fromkeys(beside)):
        for skill in _in_folder(inside, root, shown_as, problems):
            merged[skill.front.name] = skill
    is_library = source == "library"
    return {name: skill for name, skill in merged.items() if skill.shipped or not is_library}


def _in_folder(inside: str, root: Path, shown_as: str, problems: list[Problem]) -> Iterator[Skill]:
    for folder in folders(root / inside, shown(shown_as, inside), problems):
        path, name = folder / SKILL, f"{inside}/{folder.name}"
        file = shown(shown_as, f"{name}/{SKILL}")
        data = file_bytes(path, file, root, problems) if exists(path, file, problems) else None
        front = read_front(data, folder.name) if data is not None else None
        if data is not None and front is not None:
            yield Skill(front, name, Place(file), data.decode("utf-8"))


def _names(requires: Iterable[str]) -> set[str]:
    """The classes that a skill requires. A version is assumed to fit."""
    names = {match[0].strip() for text in requires if (match := re.match(_REQUIRED, text))}
    return names - {""}


def _classes(agent: Agent, catalog: Catalog) -> set[str]:
    """The classes of the actions that an agent has, and that are on."""
    listed = {name: entry for name, _, entry in agent.entries}
    own = {action.id: action.info.archetype for action in agent.local}
    core = {name: catalog.actions[name].archetype for name in listed if name in catalog.actions}
    needs = {name: catalog.actions[name].needs for name in core}
    return {
        archetype
        for name, archetype in {**core, **own}.items()
        if name not in listed or is_on(listed[name], () if name in own else needs[name])
    }


def _chosen_at(name: str, skill: Skill, entry: Node, listed: Place) -> Place | None:
    """Where agent.yaml turns a skill on, None if it does not: by name or pattern, or with all."""
    denied = find(entry, ["context", "denied_skills"])
    if denied is not None and any(fnmatchcase(name, pattern) for pattern, _ in _patterns(denied)):
        return None
    chosen = find(entry, ["context", "skills"])
    # Nothing chosen is all, whatever jvagent's documentation says.
    if chosen is None or not chosen.value:
        return listed
    if chosen.value == _ALL or (isinstance(chosen.value, str) and "$" in chosen.value):
        return chosen.place
    matching = (place for pattern, place in _patterns(chosen) if fnmatchcase(name, pattern))
    return next(matching, listed if skill.front.always else None)


def _patterns(node: Node) -> Iterator[tuple[str, Place]]:
    for item in node.value[:_MOST_PATTERNS] if isinstance(node.value, list) else ():
        yield str(item.value).strip(), item.place
