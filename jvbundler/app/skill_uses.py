"""What the skills of an app need of the image: programs, modules, and the packages that they declare.

A skill of the spec "claude" has its scripts run, by commands that its SKILL.md says: by
`jvagent/code_execution`, and only where that is on. Of any other skill only the hooks are loaded, by the
actions that have some. A script that cannot be read is told of, and not judged.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from jvbundler.app.agents import Agent
from jvbundler.app.catalog import Catalog
from jvbundler.app.model import Action, Module, Program, SkillUses, Wish
from jvbundler.app.needs import needing_of
from jvbundler.app.pip.requirements_txt import requirements_of
from jvbundler.app.reading import exists, file_bytes, shown
from jvbundler.app.scripts import Use, Uses, uses_of_markdown, uses_of_python, uses_of_shell
from jvbundler.app.skill_files import PYTHON_SCRIPT, REQUIREMENTS, SCRIPTS
from jvbundler.app.skills import Skill, active_skills
from jvbundler.values.problem import Place, Problem

# Where a skill declares its packages; the first is what jvagent's skills/README.md says.
_DECLARED = (f"resources/{REQUIREMENTS}", REQUIREMENTS, f"scripts/{REQUIREMENTS}")
# In a skill; what is beyond is not read. os.walk is recursive before Python 3.12.
_MOST_FILES = 500
_MOST_LEVELS = 16
# Of a name, in comments and messages.
_LONGEST = 100
Read = Callable[[str], "bytes | None"]


def uses_of_skills(
    agents: Iterable[Agent],
    actions: Sequence[Action],
    catalog: Catalog,
    root: Path,
    shown_as: str,
    problems: list[Problem],
) -> SkillUses:
    """What the skills of all agents need; nothing where no action runs scripts, or loads hooks."""
    found = []
    for agent in agents:
        runs = any(needing_of(agent, actions, "skills"))
        hooks = {one.need.value for one in needing_of(agent, actions, "hooks")}
        if not runs and not hooks:
            continue
        for skill in active_skills(agent, actions, catalog, root, shown_as, problems):
            by = f"the skill {skill.front.name[:_LONGEST]} of {agent.ref}"
            if skill.shipped is None:
                found.append(_uses_of_own(skill, by, runs, hooks, root, shown_as, problems))
            elif runs:
                found.append(_uses_of_shipped(skill, by))
    return SkillUses(
        tuple(program for uses in found for program in uses.programs),
        tuple(module for uses in found for module in uses.modules),
        tuple(wish for uses in found for wish in uses.wishes),
    )


def _uses_of_shipped(skill: Skill, by: str) -> SkillUses:
    """As the catalogue has it: a program, or a module and the programs with which it is not needed."""
    programs, modules = [], []
    for need in skill.shipped.needs if skill.shipped else ():
        name, *instead = need.value.split("|")
        if need.kind == "module":
            modules.append(Module(name, by, skill.place, tuple(instead), need.place))
        else:
            programs.append(Program(name, by, skill.place))
    return SkillUses(tuple(programs), tuple(modules))


def _uses_of_own(
    skill: Skill,
    by: str,
    runs: bool,
    hooks: set[str],
    root: Path,
    shown_as: str,
    problems: list[Problem],
) -> SkillUses:
    files = list(_files(root / skill.folder))
    runs_scripts = runs and skill.front.is_claude
    wanted = [name for name in files if name.endswith(SCRIPTS) and (runs_scripts or name in hooks)]
    unread: list[Problem] = []
    read = partial(_content, skill.folder, root, shown_as, unread)
    found = [(skill.place.file, uses_of_markdown(skill.text))] if runs else []
    found += [(shown(shown_as, f"{skill.folder}/{name}"), _uses_of_script(name, read)) for name in wanted]
    own = {part.removesuffix(PYTHON_SCRIPT) for name in files for part in name.split("/")}
    wishes: list[Wish] = []
    for name in _DECLARED if runs_scripts else ():
        if name in files:
            wishes += requirements_of(root / skill.folder / name, by, root, shown_as, unread)
    problems += (one if one.rule == "JVB207" else one._replace(severity="warning") for one in unread)
    return SkillUses(
        tuple(Program(use.name, by, _place(file, use)) for file, uses in found for use in uses.programs),
        tuple(
            Module(use.name, by, _place(file, use))
            for file, uses in found
            for use in uses.modules
            if use.name not in own
        ),
        tuple(wishes),
    )


def _place(file: str, use: Use) -> Place:
    return Place(file, use.line, use.column)


def _files(folder: Path) -> Iterator[str]:
    """The files of a skill by their paths in it, sorted by folder."""
    count = 0
    for top, inside, names in os.walk(folder):
        is_deep = os.path.relpath(top, folder).count(os.sep) >= _MOST_LEVELS
        inside[:] = sorted(
            name for name in inside if not name.startswith((".", "__pycache__")) and not is_deep
        )
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                return
            yield os.path.relpath(os.path.join(top, name), folder).replace(os.sep, "/")  # noqa: PTH118


def _content(folder: str, root: Path, shown_as: str, problems: list[Problem], name: str) -> bytes | None:
    path = root / folder / name
    file = shown(shown_as, f"{folder}/{name}")
    return file_bytes(path, file, root, problems) if exists(path, file, problems) else None


def _uses_of_script(name: str, read: Read) -> Uses:
    data = read(name) or b""
    if name.endswith(PYTHON_SCRIPT):
        return uses_of_python(data)
    return uses_of_shell(data.decode("utf-8", "replace"))
