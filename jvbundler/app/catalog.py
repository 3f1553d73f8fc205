"""The actions that come with jvagent itself, per release: from the shipped files or from a jvagent folder.

Must not import jvagent: the folder may belong to another Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.app.info import Info, Written, read_info
from jvbundler.files import read_file
from jvbundler.values.packaged import packaged_path
from jvbundler.values.problem import Place, Problem, error

_FOLDER = "schemas/catalog"


class CoreAction(NamedTuple):
    id: str
    place: Place
    pip: tuple[Written, ...]
    actions: tuple[str, ...]


class Catalog(NamedTuple):
    """`jvspatial` is the version specifier that this jvagent asks for, empty when it is not known."""

    jvagent: str
    python: str
    jvspatial: str
    actions: Mapping[str, CoreAction]


def available_versions() -> tuple[str, ...]:
    """The jvagent releases whose catalogue is shipped, oldest first."""
    names = [path.stem for path in packaged_path(_FOLDER).glob("*.json")]
    return tuple(sorted(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)]))


def load_catalog(
    version: str, jvagent_path: Path | None, place: Place
) -> tuple[Catalog | None, tuple[Problem, ...]]:
    """The catalogue of `version`, or of the jvagent in `jvagent_path`; `place` is blamed for an unknown.

    A version whose catalogue is not shipped is read from the jvagent that is installed, where that is it.
    """
    if jvagent_path is not None:
        return _from_folder(jvagent_path, version)
    if packaged_path(f"{_FOLDER}/{version}.json").is_file():
        return _shipped(version), ()
    installed = _installed()
    if installed is not None and _own_version(installed) == version:
        return _scanned(str(installed), version), ()
    hint = f"shipped are {', '.join(available_versions())}; for another one give --jvagent PATH, its folder"
    return None, (error("JVB205", place, f"no list of the actions of jvagent '{version}'", hint),)


def _installed() -> Path | None:
    """The package folder of the jvagent beside this jvbundler, which is not imported."""
    from importlib.util import find_spec

    spec = find_spec("jvagent")
    return Path(spec.origin).parent if spec is not None and spec.origin else None


@lru_cache(maxsize=16)
def _shipped(version: str) -> Catalog:
    import json

    return from_record(json.loads((packaged_path(_FOLDER) / f"{version}.json").read_text(encoding="utf-8")))


def _from_folder(folder: Path, version: str) -> tuple[Catalog | None, tuple[Problem, ...]]:
    package = folder if (folder / "action").is_dir() else folder / "jvagent"
    if not (package / "action").is_dir():
        return None, (
            error(
                "JVB205",
                Place(str(folder)),
                f"'{folder}' is not a jvagent package: it has no 'action' folder",
                "give the installed package's folder, such as site-packages/jvagent, or one that contains it",
            ),
        )
    return _scanned(str(package), version), ()


@lru_cache(maxsize=4)
def _scanned(package: str, version: str) -> Catalog:
    return from_record(record_of(Path(package), version))


def from_record(record: dict[str, Any]) -> Catalog:
    actions = {}
    for name, entry in record["actions"].items():
        file = f"jvagent-{record['jvagent']}/{entry['path']}"
        places = [Place(file, int(line), int(column)) for line, column in entry["at"]]
        actions[name] = CoreAction(
            name, Place(file), tuple(zip(entry["pip"], places, strict=True)), tuple(entry["actions"])
        )
    return Catalog(record["jvagent"], record["python"], record["jvspatial"], actions)


def record_of(package: Path, version: str = "") -> dict[str, Any]:
    """The catalogue of a jvagent package as JSON values, as `schemas/catalog/<version>.json` holds it.

    Follows jvagent's `core_discovery.py`: every `info.yaml` under `action/` with namespace `jvagent` and an
    archetype, outside folders that begin with an underscore. `at` has the line and column of each of `pip`.
    """
    actions = {}
    for path in sorted((package / "action").rglob("info.yaml")):
        inside = path.relative_to(package)
        info, _ = read_info(read_file(path), inside.as_posix())
        if info is None or any(part.startswith("_") for part in inside.parts[:-1]):
            continue
        if info.package.startswith("jvagent/") and info.archetype:
            actions[info.package] = _entry(info, f"jvagent/{inside.as_posix()}")
    metadata = _metadata(package)
    return {
        "jvagent": _own_version(package) or version,
        "python": metadata.get("python", ""),
        "jvspatial": metadata.get("jvspatial", ""),
        "actions": dict(sorted(actions.items())),
    }


def _entry(info: Info, path: str) -> dict[str, Any]:
    return {
        "pip": [spec for spec, _ in info.pip],
        "at": [[place.line, place.column] for _, place in info.pip],
        "actions": [name for name, _ in info.actions],
        "path": path,
    }


def _own_version(package: Path) -> str:
    file = package / "version.py"
    found = re.search(r"__version__\s*=\s*[\"']([^\"']+)", _text(file))
    return found[1] if found else ""


def _text(file: Path) -> str:
    return read_file(file).decode("utf-8", "replace") if file.is_file() else ""


def _metadata(package: Path) -> dict[str, str]:
    """What the wheel's METADATA, or a checkout's pyproject.toml, says of Python and jvspatial."""
    installed = package.parent / f"jvagent-{_own_version(package)}.dist-info" / "METADATA"
    checkout = package.parent / "pyproject.toml"
    file = installed if installed.is_file() else checkout
    content = _text(file)
    patterns = {
        "python": r"^(?:Requires-Python:|requires-python\s*=)\s*[\"']?([^\"'\n]+)",
        "jvspatial": r"^(?:Requires-Dist:\s*|\s*[\"'])jvspatial(?:\[[^\]]*\])?\s*([<>=!~][^\"';\n]*)",
    }
    found = {key: re.search(pattern, content, re.MULTILINE) for key, pattern in patterns.items()}
    return {key: match[1].strip() for key, match in found.items() if match}
