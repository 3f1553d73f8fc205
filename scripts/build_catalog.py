"""Writes schemas/catalog/<version>.json for every jvagent release, and schemas/variables.json.

`make catalog`. pip, as this machine has it configured, lists and brings the wheels. Same wheels, same bytes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jvbundler.app.catalog import Package, record_of  # noqa: E402
from jvbundler.values.problem import Problem  # noqa: E402

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
    known = {source for entry in record["actions"].values() for _, _, source, _ in entry.get("needs", ())}
    folders = {Path(source).parent for source in known}
    found = []
    for path in sorted((package / "action").rglob("*.py")):
        source = path.relative_to(package.parent)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(STARTS, line) and source.parent not in folders:
                found.append(f"{source}:{number}: {line.strip()}")
    return found


def catalog_text(package: Path, version: str) -> str:
    """The file's text: an action a line, so that the difference between two releases reads well."""
    problems: list[Problem] = []
    record = record_of(Package(package, str(package)), problems)
    if problems or record["jvagent"] != version:
        raise SystemExit(f"cannot read jvagent {version}: {problems or record['jvagent']}")
    unknown = unknown_programs(package, record)
    if unknown:
        raise SystemExit(
            "\n".join([f"schemas/needs.json has nothing on these of jvagent {version}:", *unknown])
        )
    actions = [f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in record["actions"].items()]
    head = "".join(
        f"  {json.dumps(k)}: {json.dumps(record[k])},\n" for k in ("jvagent", "python", "jvspatial")
    )
    return "{\n" + head + '  "actions": {\n' + ",\n".join(actions) + "\n  }\n}\n"


def names_read(package: Path) -> set[str]:
    """The variables of the framework that a package names in its sources."""
    files = (path for path in package.rglob("*") if path.suffix == ".py" or path.name == ".env.example")
    return {name for path in files for name in re.findall(VARIABLE, path.read_text("utf-8", "replace"))}


def main() -> None:
    target = ROOT / "schemas" / "catalog"
    target.mkdir(parents=True, exist_ok=True)
    names: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for version in released_versions("jvagent"):
            package = unpacked_package("jvagent", version, Path(folder))
            text = catalog_text(package, version)
            (target / f"{version}.json").write_text(text, encoding="utf-8", newline="\n")
            print(f"{version}: {text.count('path')} actions")
            names |= names_read(package)
        for version in released_versions("jvspatial"):
            names |= names_read(unpacked_package("jvspatial", version, Path(folder)))
    variables = ROOT / "schemas" / "variables.json"
    variables.write_text(json.dumps(sorted(names), indent=0) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(names)} variables")


if __name__ == "__main__":
    main()
