"""Lists what is pinned or dated in this repository, with its age: `make facts`.

The age is that of the line in git. With --newest, pip is asked for newer releases of what comes from PyPI.
Fails if a date has passed that a rule or a default depends on.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jvbundler.project.keys import load_schema  # noqa: E402
from jvbundler.rules.kubernetes.network import AS_OF, CHECKED_VERSIONS, ENDS  # noqa: E402

# Where something is pinned, as a pattern with its name and version.
PINS = (
    ("scripts/bring_tools.py", r'"([\w./\[\],-]+?)(?:==|@)(v?[\d.]+[\w.]*)"'),
    ("pyproject.toml", r'"([\w\[\]-]+)==([\d.]+)"'),
    ("jvbundler/render/docker.py", r'"([\w./-]+aws-lambda-adapter):([\d.]+)"'),
    ("jvbundler/render/docker.py", r'(UV_VERSION) = "([\d.]+)"'),
    ("Makefile", r"(cosmic-ray)==([\d.]+)"),
    ("docs/ci.md", r"uses: (\S+)@(v\d+)"),
    (".github/workflows/ci.yml", r"uses: (\S+)@(v\d+)"),
    ("templates/ci/github.yaml.j2", r"uses: (\S+)@(v\d+)"),
    ("templates/ci/gitlab.yaml.j2", r"image: (docker):(\d+)"),
)
PYPI = re.compile(r"[a-z][\w-]*(\[[\w,]+\])?\Z")


class Fact(NamedTuple):
    """A pin or a date, where it stands, and the day on which its line was changed last."""

    name: str
    value: str
    file: str
    line: int
    changed: date


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--newest", action="store_true", help="ask pip for newer releases")
    asked = parser.parse_args()
    today = date.today()
    for fact in sorted(facts(), key=lambda each: each.changed):
        newest = f", newest {newest_of(fact.name)}" if asked.newest and PYPI.match(fact.name) else ""
        age = (today - fact.changed).days
        print(f"{age:5} days  {fact.name} {fact.value}{newest}  ({fact.file}:{fact.line})")
    passed = list(outdated(today))
    print(*passed, sep="\n")
    return 1 if passed else 0


def facts() -> Iterator[Fact]:
    for file, pattern in PINS:
        changed = days_of(file)
        for number, line in enumerate((ROOT / file).read_text(encoding="utf-8").splitlines(), 1):
            for name, value in re.findall(pattern, line):
                yield Fact(name, value, file, number, changed[number - 1])


def days_of(file: str) -> list[date]:
    """The day of each line's last change; today for what is not committed."""
    command = ["git", "blame", "--line-porcelain", "--", file]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [
        date.fromtimestamp(int(stamp)) for stamp in re.findall(r"^committer-time (\d+)$", told, re.MULTILINE)
    ]


def newest_of(package: str) -> str:
    command = [sys.executable, "-m", "pip", "index", "versions", package.partition("[")[0]]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"\(([^)]+)\)", told)
    return found[1] if found else "not known"


def outdated(today: date) -> Iterator[str]:
    """The dates that have passed since they were looked at."""
    for version in CHECKED_VERSIONS:
        end = date.fromisoformat(ENDS[version])
        if date.fromisoformat(AS_OF) <= end < today:
            yield f"Kubernetes {version} ended on {end}: set AS_OF in jvbundler/rules/kubernetes/network.py"
    default = load_schema()["properties"]["kubernetes"]["properties"]["version"]["default"]
    if date.fromisoformat(ENDS[default]) < today:
        yield f"Kubernetes {default}, the default of kubernetes.version, ended on {ENDS[default]}"


if __name__ == "__main__":
    sys.exit(main())
