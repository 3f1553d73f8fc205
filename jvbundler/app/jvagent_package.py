"""What a jvagent package says of its actions and skills, as JSON values: the catalogue of a release is that.

Must not import jvagent: the folder may belong to another Python.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.app.info import Info, read_info
from jvbundler.app.reading import exists, file_bytes, folders, id_problem, shown, unreadable
from jvbundler.app.skill_files import SKILL, SKILLS
from jvbundler.app.skill_front import read_front
from jvbundler.files import leads_outside, read_file
from jvbundler.values.packaged import packaged_text
from jvbundler.values.problem import Problem

# What actions and skills need beyond pip, kept by hand: each with a text of jvagent's file that says so.
FACTS = "schemas/needs.json"
ACTIONS = "action"
# Of a version specifier: Python refuses to parse numbers with thousands of digits.
_LONGEST = 200
_VERSION = r"__version__\s*=\s*[\"']([0-9A-Za-z.+!_-]{1,64})[\"']"


class Package(NamedTuple):
    """The folder of a jvagent package, and its name in messages.

    Its files must not lead out of `within`, None for a package that is not the app's.
    """

    folder: Path
    shown_as: str
    within: Path | None = None


def record_of(package: Package, problems: list[Problem]) -> dict[str, Any]:
    """The catalogue of a jvagent package as JSON values, as `schemas/catalog/<version>.json` holds it.

    Follows jvagent's `core_discovery.py`: every `info.yaml` under `action/` with namespace `jvagent` and an
    archetype, outside folders that begin with an underscore. `at` has the line and column of each of `pip`,
    `needs` what the action needs beyond pip, with the file and the line that say so. The skills are those
    under `skills/`, as `skill_resolve.py` finds them.
    """
    actions = {}
    for name in _info_files(package, problems):
        data = _read(package, name, problems)
        info = read_info(data, _shown(package, name))[0] if data is not None else None
        if info is None or not (info.package.startswith("jvagent/") and info.archetype):
            continue
        wrong = id_problem("action", info.package, info.place)
        if wrong is not None:
            problems.append(wrong)
        else:
            actions[info.package] = _entry(info, f"jvagent/{name}")
    skills = dict(_skills(package, problems))
    known = {"action": actions, "skill": skills}
    for kind, name, need in _needs(package, known, problems):
        known[kind][name].setdefault("needs", []).append(need)
    version = own_version(package, problems)
    metadata = _metadata(package, version, problems)
    return {
        "jvagent": version,
        "python": metadata["python"],
        "jvspatial": metadata["jvspatial"],
        "requires": _required(package, version, problems),
        "skills": dict(sorted(skills.items())),
        "actions": dict(sorted(actions.items())),
    }


def facts() -> list[dict[str, str]]:
    """What an `action`, or a `skill`, needs: `value`, as the line of `file` with the text `says` has it."""
    import json

    found: list[dict[str, str]] = json.loads(packaged_text(FACTS))
    return found


def _needs(
    package: Package, known: Mapping[str, Container[str]], problems: list[Problem]
) -> Iterator[tuple[str, str, list[Any]]]:
    """The facts that this package still has, each with the kind and the name of whose they are."""
    for fact in facts():
        kind = "skill" if "skill" in fact else "action"
        if fact[kind] not in known[kind]:
            continue
        lines = _text(package, fact["file"].removeprefix("jvagent/"), problems).splitlines()
        for number, line in enumerate(lines, 1):
            if fact["says"] in line:
                yield kind, fact[kind], [fact["need"], fact["value"], fact["file"], number]
                break


def _skills(package: Package, problems: list[Problem]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The skills under `skills/`, by name; of two, the one in the later folder counts."""
    for folder in folders(package.folder / SKILLS, _shown(package, SKILLS), problems):
        name = f"{SKILLS}/{folder.name}/{SKILL}"
        is_there = not folder.name.startswith("_") and exists(
            package.folder / name, _shown(package, name), []
        )
        data = _read(package, name, problems) if is_there else None
        front = read_front(data, folder.name) if data is not None else None
        if front is not None:
            declared = {"claude": front.is_claude, "always": front.always, "requires": list(front.requires)}
            yield front.name, {**declared, "path": f"jvagent/{name}"}


def _info_files(package: Package, problems: list[Problem]) -> list[str]:
    """Without recursion: a hostile folder may be nested deeper than Python's stack."""
    found, pending = [], [ACTIONS]
    while pending:
        inside = pending.pop()
        try:
            with os.scandir(package.folder / inside) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending += [] if entry.name.startswith("_") else [f"{inside}/{entry.name}"]
                    elif entry.name == "info.yaml":
                        found.append(f"{inside}/{entry.name}")
        except OSError as failure:
            problems.append(unreadable(_shown(package, inside), failure))
    return sorted(found)


def _read(package: Package, name: str, problems: list[Problem]) -> bytes | None:
    path, file = package.folder / name, _shown(package, name)
    if package.within is not None:
        return file_bytes(path, file, package.within, problems)
    try:
        return read_file(path)
    except OSError as failure:
        problems.append(unreadable(file, failure))
    return None


def _entry(info: Info, path: str) -> dict[str, Any]:
    return {
        "pip": [spec for spec, _ in info.pip],
        "at": [[place.line, place.column] for _, place in info.pip],
        "actions": [name for name, _ in info.actions],
        "class": info.archetype,
        "path": path,
    }


def _shown(package: Package, name: str) -> str:
    return os.path.normpath(shown(package.shown_as, name))


def own_version(package: Package, problems: list[Problem]) -> str:
    found = re.search(_VERSION, _text(package, "version.py", problems))
    return found[1] if found else ""


def _text(package: Package, name: str, problems: list[Problem]) -> str:
    """The file's text, empty if there is none."""
    is_there = exists(package.folder / name, _shown(package, name), problems)
    data = _read(package, name, problems) if is_there else None
    return (data or b"").decode("utf-8", "replace")


def _metadata(package: Package, version: str, problems: list[Problem]) -> dict[str, str]:
    """What the metadata says of Python and jvspatial."""
    content = _metadata_text(package, version, problems)
    patterns = {
        "python": r"^(?:Requires-Python:|requires-python\s*=)\s*[\"']?([^\"'\n]+)",
        "jvspatial": r"^(?:Requires-Dist:\s*|\s*[\"'])jvspatial(?:\[[^\]]*\])?\s*([<>=!~][^\"';\n]*)",
    }
    found = {key: re.search(pattern, content, re.MULTILINE) for key, pattern in patterns.items()}
    return {key: _specifier(match[1].strip()) if match else "" for key, match in found.items()}


def _required(package: Package, version: str, problems: list[Problem]) -> list[str]:
    """The names of the packages that it requires without an extra; of a checkout, none is known."""
    content = _metadata_text(package, version, problems)
    names = re.findall(r"^Requires-Dist:\s*([A-Za-z0-9._-]{1,100})(?!.*\bextra\s*==)", content, re.MULTILINE)
    return sorted({re.sub(r"[-_.]+", "-", name).lower() for name in names})


def _metadata_text(package: Package, version: str, problems: list[Problem]) -> str:
    """The wheel's METADATA, or a checkout's pyproject.toml."""
    installed = f"../jvagent-{version}.dist-info/METADATA"
    name = installed if exists(package.folder / installed, "", []) else "../pyproject.toml"
    # A package at the top of an app has nothing of the app beside it.
    is_ours = package.within is None or not leads_outside(package.folder / "..", package.within)
    return _text(package, name, problems) if is_ours else ""


def _specifier(text: str) -> str:
    """The text if it is a version specifier of a sensible length, else an empty one."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return ""
    return text if len(text) <= _LONGEST else ""
