"""The actions that come with jvagent itself, per release: from the shipped files or from a jvagent folder.

Must not import jvagent: the folder may belong to another Python.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.app.info import Written
from jvbundler.app.jvagent_package import ACTIONS, Package, own_version, record_of
from jvbundler.app.model import Need
from jvbundler.app.reading import outside, shown
from jvbundler.app.skill_front import Front
from jvbundler.files import leads_outside
from jvbundler.values.packaged import packaged_path
from jvbundler.values.problem import Place, Problem, error

_FOLDER = "schemas/catalog"


class CoreAction(NamedTuple):
    id: str
    place: Place
    pip: tuple[Written, ...]
    actions: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    archetype: str = ""


class CoreSkill(NamedTuple):
    """A skill that jvagent ships. After `|`, a module in `needs` has programs that do as well."""

    front: Front
    needs: tuple[Need, ...]


class Catalog(NamedTuple):
    """`jvagent` is the version that the package states; for a shipped catalogue, a release.

    `jvspatial` is the version specifier that this jvagent requires, empty if it is not known, and `requires`
    the names of all packages that it requires.
    """

    jvagent: str
    python: str
    jvspatial: str
    actions: Mapping[str, CoreAction]
    skills: Mapping[str, CoreSkill]
    requires: tuple[str, ...]
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
    own = own_version(installed, []) if installed else ""
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
    if package.within is not None and leads_outside(package.folder / ACTIONS, package.within):
        return None, (outside(given.shown_as, place),)
    if _is_package(package.folder):
        return _scanned(package) if package.within else _scanned_once(package)
    message = f"'{given.shown_as}' is not a jvagent package: it has no '{ACTIONS}' folder"
    hint = "give the installed package's folder, such as site-packages/jvagent, or one that contains it"
    return None, (error("JVB205", place, message, hint),)


def _is_package(folder: Path) -> bool:
    return os.path.isdir(folder / ACTIONS)  # noqa: PTH112 (Path raises where it may not look)


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
        needs = _needs_from(record, entry)
        actions[name] = CoreAction(name, Place(file), pip, tuple(entry["actions"]), needs, entry["class"])
    skills = {
        name: CoreSkill(
            Front(name, entry["claude"], entry["always"], tuple(entry["requires"])),
            _needs_from(record, entry),
        )
        for name, entry in record["skills"].items()
    }
    return Catalog(
        record["jvagent"],
        record["python"],
        record["jvspatial"],
        actions,
        skills,
        tuple(record["requires"]),
    )


def _needs_from(record: dict[str, Any], entry: dict[str, Any]) -> tuple[Need, ...]:
    return tuple(
        Need(need, value, Place(f"jvagent-{record['jvagent']}/{source}", line, 1))
        for need, value, source, line in entry.get("needs", ())
    )
