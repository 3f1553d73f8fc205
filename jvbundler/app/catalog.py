"""The actions that come with jvagent itself, per release: from the shipped files or from a jvagent folder.

Must not import jvagent: the folder may belong to another Python.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.app.info import Info, Written, read_info
from jvbundler.app.model import Need
from jvbundler.app.reading import exists, file_bytes, id_problem, outside, shown, unreadable
from jvbundler.files import leads_outside, read_file
from jvbundler.values.packaged import packaged_path, packaged_text
from jvbundler.values.problem import Place, Problem, error

_FOLDER = "schemas/catalog"
# What actions need beyond pip, kept by hand: each with a text of the file in which jvagent says so.
FACTS = "schemas/needs.json"
_ACTIONS = "action"
# Of a version specifier: Python refuses to parse numbers with thousands of digits.
_LONGEST = 200
_VERSION = r"__version__\s*=\s*[\"']([0-9A-Za-z.+!_-]{1,64})[\"']"


class CoreAction(NamedTuple):
    id: str
    place: Place
    pip: tuple[Written, ...]
    actions: tuple[str, ...]
    needs: tuple[Need, ...] = ()


class Package(NamedTuple):
    """The folder of a jvagent package, and its name in messages.

    Its files must not lead out of `within`, None for a package that is not the app's.
    """

    folder: Path
    shown_as: str
    within: Path | None = None


class Catalog(NamedTuple):
    """`jvagent` is the version that the package states; for a shipped catalogue, a release.

    `jvspatial` is the version specifier that this jvagent requires, empty if it is not known.
    """

    jvagent: str
    python: str
    jvspatial: str
    actions: Mapping[str, CoreAction]
    is_shipped: bool = True


@lru_cache(maxsize=1)
def available_versions() -> tuple[str, ...]:
    """The jvagent releases whose catalogue is shipped, oldest first."""
    names = [path.stem for path in packaged_path(_FOLDER).glob("*.json")]
    return tuple(sorted(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)]))


def load_catalog(version: str, place: Place) -> tuple[Catalog | None, tuple[Problem, ...]]:
    """The catalogue of a release; `place` is blamed for an unknown one.

    A version whose catalogue is not shipped is read from the installed jvagent, if it is that version.
    """
    if version in available_versions():
        return _shipped(version), ()
    installed = _installed()
    own = _own_version(installed, []) if installed else ""
    if installed and own == version:
        return _scanned_once(installed)
    hint = f"shipped: {', '.join(available_versions())}"
    hint += f", installed: {own}" if own else ""
    hint += "; give another one by image.jvagent_path or --jvagent, the folder of its package"
    return None, (error("JVB205", place, f"no list of the actions of jvagent '{version}'", hint),)


def releases_with(action: str) -> tuple[str, ...]:
    """The releases that have a core action, oldest first."""
    return tuple(version for version in available_versions() if action in _shipped(version).actions)


def package_catalog(package: Package, place: Place) -> tuple[Catalog | None, tuple[Problem, ...]]:
    """The catalogue of a jvagent package, or of the one a level below; `place` is blamed if there is none."""
    given = package
    if not _is_package(given.folder):
        package = given._replace(folder=given.folder / "jvagent", shown_as=shown(given.shown_as, "jvagent"))
    if package.within is not None and leads_outside(package.folder / _ACTIONS, package.within):
        return None, (outside(given.shown_as, place),)
    if _is_package(package.folder):
        return _scanned(package) if package.within else _scanned_once(package)
    message = f"'{given.shown_as}' is not a jvagent package: it has no '{_ACTIONS}' folder"
    hint = "give the installed package's folder, such as site-packages/jvagent, or one that contains it"
    return None, (error("JVB205", place, message, hint),)


def _is_package(folder: Path) -> bool:
    return os.path.isdir(folder / _ACTIONS)  # noqa: PTH112 (Path raises where it may not look)


def _installed() -> Package | None:
    """The jvagent beside this jvbundler, which is not imported."""
    from importlib.util import find_spec

    spec = find_spec("jvagent")
    folder = Path(spec.origin).parent if spec is not None and spec.origin else None
    return Package(folder, str(folder)) if folder else None


@lru_cache(maxsize=16)
def _shipped(version: str) -> Catalog:
    import json

    return from_record(json.loads((packaged_path(_FOLDER) / f"{version}.json").read_text(encoding="utf-8")))


@lru_cache(maxsize=4)
def _scanned_once(package: Package) -> tuple[Catalog, tuple[Problem, ...]]:
    """Cached: many apps of one run may share a package."""
    return _scanned(package)


def _scanned(package: Package) -> tuple[Catalog, tuple[Problem, ...]]:
    problems: list[Problem] = []
    record = record_of(package, problems)
    return from_record(record)._replace(is_shipped=False), tuple(problems)


def from_record(record: dict[str, Any]) -> Catalog:
    actions = {}
    for name, entry in record["actions"].items():
        file = f"jvagent-{record['jvagent']}/{entry['path']}"
        places = [Place(file, int(line), int(column)) for line, column in entry["at"]]
        pip = tuple(zip(entry["pip"], places, strict=True))
        needs = tuple(
            Need(need, value, Place(f"jvagent-{record['jvagent']}/{source}", line, 1))
            for need, value, source, line in entry.get("needs", ())
        )
        actions[name] = CoreAction(name, Place(file), pip, tuple(entry["actions"]), needs)
    return Catalog(record["jvagent"], record["python"], record["jvspatial"], actions)


def record_of(package: Package, problems: list[Problem]) -> dict[str, Any]:
    """The catalogue of a jvagent package as JSON values, as `schemas/catalog/<version>.json` holds it.

    Follows jvagent's `core_discovery.py`: every `info.yaml` under `action/` with namespace `jvagent` and an
    archetype, outside folders that begin with an underscore. `at` has the line and column of each of `pip`,
    `needs` what the action needs beyond pip, with the file and the line that say so.
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
    for action, need in _needs(package, actions, problems):
        actions[action].setdefault("needs", []).append(need)
    version = _own_version(package, problems)
    metadata = _metadata(package, version, problems)
    return {
        "jvagent": version,
        "python": metadata["python"],
        "jvspatial": metadata["jvspatial"],
        "actions": dict(sorted(actions.items())),
    }


def facts() -> list[dict[str, str]]:
    """What is known of actions: `action` needs `value`, as the line of `file` with the text `says` has it."""
    import json

    found: list[dict[str, str]] = json.loads(packaged_text(FACTS))
    return found


def _needs(
    package: Package, known: Container[str], problems: list[Problem]
) -> Iterator[tuple[str, list[Any]]]:
    """The facts that this package still has, each under its action."""
    for fact in facts():
        if fact["action"] not in known:
            continue
        lines = _text(package, fact["file"].removeprefix("jvagent/"), problems).splitlines()
        for number, line in enumerate(lines, 1):
            if fact["says"] in line:
                yield fact["action"], [fact["need"], fact["value"], fact["file"], number]
                break


def _info_files(package: Package, problems: list[Problem]) -> list[str]:
    """Without recursion: a hostile folder may be nested deeper than Python's stack."""
    found, pending = [], [_ACTIONS]
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
        "path": path,
    }


def _shown(package: Package, name: str) -> str:
    return os.path.normpath(shown(package.shown_as, name))


def _own_version(package: Package, problems: list[Problem]) -> str:
    found = re.search(_VERSION, _text(package, "version.py", problems))
    return found[1] if found else ""


def _text(package: Package, name: str, problems: list[Problem]) -> str:
    """The file's text, empty if there is none."""
    is_there = exists(package.folder / name, _shown(package, name), problems)
    data = _read(package, name, problems) if is_there else None
    return (data or b"").decode("utf-8", "replace")


def _metadata(package: Package, version: str, problems: list[Problem]) -> dict[str, str]:
    """What the wheel's METADATA, or a checkout's pyproject.toml, says of Python and jvspatial."""
    installed = f"../jvagent-{version}.dist-info/METADATA"
    name = installed if exists(package.folder / installed, "", []) else "../pyproject.toml"
    # A package at the top of an app has nothing of the app beside it.
    is_ours = package.within is None or not leads_outside(package.folder / "..", package.within)
    content = _text(package, name, problems) if is_ours else ""
    patterns = {
        "python": r"^(?:Requires-Python:|requires-python\s*=)\s*[\"']?([^\"'\n]+)",
        "jvspatial": r"^(?:Requires-Dist:\s*|\s*[\"'])jvspatial(?:\[[^\]]*\])?\s*([<>=!~][^\"';\n]*)",
    }
    found = {key: re.search(pattern, content, re.MULTILINE) for key, pattern in patterns.items()}
    return {key: _specifier(match[1].strip()) if match else "" for key, match in found.items()}


def _specifier(text: str) -> str:
    """The text if it is a version specifier of a sensible length, else an empty one."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return ""
    return text if len(text) <= _LONGEST else ""
