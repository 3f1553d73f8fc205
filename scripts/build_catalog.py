"""Writes the catalogue of every jvagent release, and schemas/reads.json, hosts.json and variables.json.

`make catalog`. pip, as this machine has it configured, lists and brings the wheels. Same wheels, same bytes.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from catalog_hosts import hosts_of, hosts_text, merged  # noqa: E402

from jvbundler.app.jvagent_package import Package, record_of  # noqa: E402
from jvbundler.app.packages import REQUIRED_BY_JVSPATIAL, packages_of  # noqa: E402
from jvbundler.app.scripts import uses_of_python  # noqa: E402
from jvbundler.app.sources import names_read as names_in  # noqa: E402
from jvbundler.project.programs import IN_IMAGE  # noqa: E402
from jvbundler.values.problem import Problem  # noqa: E402

# Parts of jvagent below action/ that belong to no action: all actions import them, or none does.
FRAMEWORK = ("channels", "conversation_health", "interact", "loader", "response")
STARTS = r"create_subprocess_\w+\(|subprocess\.(?:run|Popen|call|check_\w+)\(|shutil\.which\("
VARIABLE = r"\b(?:JVSPATIAL|JVAGENT)_[A-Z0-9_]*[A-Z0-9]\b"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def released_versions(name: str) -> list[str]:
    listed = subprocess.run([*PIP, "index", "versions", name], capture_output=True, text=True, check=True)
    versions = re.search(r"Available versions: (.+)", listed.stdout)
    if not versions:
        raise SystemExit(f"pip lists no versions of {name}:\n{listed.stdout}{listed.stderr}")
    return versions[1].split(", ")


def unpacked_package(name: str, version: str, folder: Path) -> Path:
    """Downloads one wheel and unpacks it; the result is the folder of the package."""
    wheels = folder / f"{name}-{version}"
    argv = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(wheels)]
    subprocess.run([*PIP, *argv, f"{name}=={version}"], check=True)
    (wheel,) = wheels.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / f"unpacked-{name}-{version}")
    return folder / f"unpacked-{name}-{version}" / name


def unknown_programs(package: Path, record: dict[str, Any]) -> list[str]:
    """The places where an action starts a program, or looks for one, of which no need speaks."""
    needs = [need for entry in record["actions"].values() for need in entry.get("needs", ())]
    known = {source for kind, _, source, _ in needs if kind not in ("webhook", "active skills", "hooks")}
    folders = {Path(source).parent for source in known}
    found = []
    for path in sorted((package / "action").rglob("*.py")):
        source = path.relative_to(package.parent)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(STARTS, line) and source.parent not in folders:
                found.append(f"{source}:{number}: {line.strip()}")
    return found


def unknown_uses_of_skills(package: Path, record: dict[str, Any]) -> list[str]:
    """What the scripts of jvagent's skills start, or import and need, of which no need speaks.

    Also a skill beside an action: there was never one, and the catalogue has no place for it.
    """
    found = [f"{path.relative_to(package.parent)}: beside an action" for path in _beside_actions(package)]
    installed = {*record["requires"], *REQUIRED_BY_JVSPATIAL, "jvagent", "jvspatial"}
    for name, skill in record["skills"].items():
        known = {part for _, value, _, _ in skill.get("needs", ()) for part in value.split("|")}
        for path in sorted((package.parent / skill["path"]).parent.rglob("*.py")):
            uses = uses_of_python(path.read_bytes())
            needed = (
                *(use for use in uses.programs if use.name not in IN_IMAGE),
                *(use for use in uses.modules if not installed & {*packages_of(use.name)}),
            )
            source = path.relative_to(package.parent)
            found += [f"{source}:{use.line}: {name}: {use.name}" for use in needed if use.name not in known]
    return found


def _beside_actions(package: Path) -> list[Path]:
    return sorted((package / "action").glob("**/skills/*/SKILL.md"))


def catalog_text(package: Path, version: str) -> str:
    """The file's text: an action a line, so that the difference between two releases reads well."""
    problems: list[Problem] = []
    record = record_of(Package(package, str(package)), problems)
    if problems or record["jvagent"] != version:
        raise SystemExit(f"cannot read jvagent {version}: {problems or record['jvagent']}")
    unknown = [*unknown_programs(package, record), *unknown_uses_of_skills(package, record)]
    if unknown:
        raise SystemExit(
            "\n".join([f"schemas/needs.json has nothing on these of jvagent {version}:", *unknown])
        )
    scalars = ("jvagent", "python", "jvspatial", "requires")
    head = [f"  {json.dumps(key)}: {json.dumps(record[key])}" for key in scalars]
    return "{\n" + ",\n".join([*head, *(_lines(record, key) for key in ("skills", "actions"))]) + "\n}\n"


def _lines(record: dict[str, Any], key: str) -> str:
    lines = [f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in record[key].items()]
    return f"  {json.dumps(key)}: {{\n" + ",\n".join(lines) + "\n  }"


def modules_of(package: Path, actions: dict[str, Any]) -> dict[str, list[Path]]:
    """The sources of each core action: those in its own folder, and what it imports from others."""
    folders = {package.parent / entry["path"]: name for name, entry in actions.items()}
    homes = {info.parent: name for info, name in folders.items()}
    modules = {_module(path, package): path for path in sorted((package / "action").rglob("*.py"))}
    found: dict[str, list[Path]] = {}
    for home, name in homes.items():
        pending = [module for module, path in modules.items() if home in path.parents]
        seen: set[str] = set()
        while pending:
            module = pending.pop()
            if module in seen:
                continue
            seen.add(module)
            pending += [
                one for one in _imports(modules[module], module) if _is_part(one, home, homes, modules)
            ]
        found[name] = [modules[module] for module in sorted(seen)]
    return found


def reads_of(modules: dict[str, list[Path]]) -> dict[str, set[str]]:
    """The variables that each core action reads."""
    return {
        action: {one for path in paths for one in names_in(path.read_bytes())}
        for action, paths in modules.items()
    }


def _module(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_part(module: str, home: Path, homes: dict[Path, str], modules: dict[str, Path]) -> bool:
    """Whether what an action imports is read for it: not jvagent's own modules, nor another action's."""
    path = modules.get(module)
    if path is None:
        return False
    parts = module.split(".")[2:]
    if not parts or parts[0] in FRAMEWORK or (len(parts) == 1 and path.name != "__init__.py"):
        return False
    return not any(other in path.parents for other in homes if other != home and other not in home.parents)


def _imports(path: Path, module: str) -> Iterator[str]:
    inside = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = inside.split(".")[: len(inside.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (base, *(f"{base}.{alias.name}" for alias in node.names))


def reads_text(reads: dict[str, set[str]]) -> str:
    """The file's text: an action a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(sorted(reads[name]))}" for name in sorted(reads)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def names_read(package: Path) -> set[str]:
    """The variables of the framework that a package names in its sources."""
    files = (path for path in package.rglob("*") if path.suffix == ".py" or path.name == ".env.example")
    return {name for path in files for name in re.findall(VARIABLE, path.read_text("utf-8", "replace"))}


def main() -> None:
    target = ROOT / "schemas" / "catalog"
    target.mkdir(parents=True, exist_ok=True)
    names: set[str] = set()
    reads: dict[str, set[str]] = {}
    hosts: dict[str, list[list[Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for version in released_versions("jvagent"):
            package = unpacked_package("jvagent", version, Path(folder))
            text = catalog_text(package, version)
            (target / f"{version}.json").write_text(text, encoding="utf-8", newline="\n")
            print(f"{version}: {len(json.loads(text)['actions'])} actions")
            names |= names_read(package)
            modules = modules_of(package, json.loads(text)["actions"])
            for action, read in reads_of(modules).items():
                reads.setdefault(action, set()).update(read)
            merged(hosts, hosts_of(package, modules), version)
        for version in released_versions("jvspatial"):
            names |= names_read(unpacked_package("jvspatial", version, Path(folder)))
    known = {action: read for action, read in reads.items() if read}
    (ROOT / "schemas" / "reads.json").write_text(reads_text(known), encoding="utf-8", newline="\n")
    (ROOT / "schemas" / "hosts.json").write_text(hosts_text(hosts), encoding="utf-8", newline="\n")
    variables = ROOT / "schemas" / "variables.json"
    variables.write_text(json.dumps(sorted(names), indent=0) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(names)} variables")


if __name__ == "__main__":
    main()
