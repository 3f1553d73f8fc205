"""Looks at every golden output with the field's own security checkers: `make audit`.

Each finding has to be waived in docs/hardening-waivers.yaml, with a reason; a waiver without a finding fails
as well. `--write` puts the waivers into docs/hardening.md. The checkers run without network, as far as they
are brought by scripts/bring_tools.py; what is not there is an error, unless `--skip` names it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "golden"
TOOLS = ROOT / ".tools" / "bin"
WAIVERS = ROOT / "docs" / "hardening-waivers.yaml"
DOCUMENT = ROOT / "docs" / "hardening.md"
BEGIN, END = "<!-- waivers: `make hardening` writes this part -->\n", "<!-- end of waivers -->\n"

# What is built, deployed or applied. The base and the overlays only lead up to the manifests.
MANIFESTS = "*/expected/kubernetes/rendered/*/manifest.yaml"
TEMPLATES = ("*/expected/lambda/*/template.yaml", "*/expected/lambda/*/repository.yaml")
DOCKERFILES = "*/expected/docker/Dockerfile"
# kube-score's tests that are off unless they are asked for.
OPTIONAL = (
    "container-cpu-requests-equal-limits",
    "container-ephemeral-storage-request-equals-limit",
    "container-memory-requests-equal-limits",
    "container-ports-check",
    "container-resource-requests-equal-limits",
    "container-seccomp-profile",
)
# Its grades end with 10, "ok"; below 5 is critical, below 10 a warning.
FINE = 10


@dataclass(frozen=True, order=True)
class Finding:
    """`where` is the case and the file, `minimal/kubernetes/rendered/default/manifest.yaml`."""

    tool: str
    id: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.tool} {self.id} {self.where}: {self.message}"


@dataclass(frozen=True)
class Waiver:
    """Why a finding stays. `where` are patterns of cases and files; one of `says` is in its message."""

    tool: str
    id: str
    where: tuple[str, ...]
    says: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        return (
            (self.tool, self.id) == (finding.tool, finding.id)
            and any(fnmatchcase(finding.where, pattern) for pattern in self.where)
            and any(words in finding.message for words in self.says)
        )

    def __str__(self) -> str:
        return f"{self.tool} {self.id} {', '.join(self.says)}".rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="put the waivers into docs/hardening.md")
    parser.add_argument("--skip", action="append", default=[], choices=list(CHECKERS))
    arguments = parser.parse_args()
    if arguments.write:
        DOCUMENT.write_text(documented(waivers()), encoding="utf-8")
        return 0
    failures = audit([name for name in CHECKERS if name not in arguments.skip])
    print("\n".join(failures) or "audit: nothing that is not waived")
    return 1 if failures else 0


def audit(tools: Sequence[str]) -> list[str]:
    """What `unexplained` says of all that these tools find."""
    findings = {finding for tool in tools for finding in CHECKERS[tool]()}
    return unexplained(findings, [waiver for waiver in waivers() if waiver.tool in tools])


def unexplained(findings: Iterable[Finding], known: Sequence[Waiver]) -> list[str]:
    """A line per finding that no waiver covers, and per waiver that covers none."""
    used: set[Waiver] = set()
    failures: list[str] = []
    for finding in sorted(findings):
        covering = [waiver for waiver in known if waiver.covers(finding)]
        used.update(covering)
        if not covering:
            failures.append(str(finding))
    return failures + [f"waiver without a finding: {waiver}" for waiver in known if waiver not in used]


def waivers() -> tuple[Waiver, ...]:
    entries = yaml.safe_load(WAIVERS.read_text(encoding="utf-8"))
    return tuple(
        Waiver(tool, id, tuple(entry.get("where", ["*"])), tuple(entry.get("says", [""])), entry["reason"])
        for entry in entries
        for tool, ids in entry["ids"].items()
        for id in ids
    )


def documented(known: Iterable[Waiver]) -> str:
    """docs/hardening.md with its table of the waivers, a row per reason."""
    rows: dict[str, list[Waiver]] = {}
    for waiver in known:
        rows.setdefault(waiver.reason, []).append(waiver)
    table = ["| finding | where | why it stays |", "|---|---|---|"]
    for reason, group in rows.items():
        ids = "<br>".join(f"{waiver.tool} `{waiver.id}`" for waiver in group)
        places = ", ".join(f"`{pattern}`" for pattern in group[0].where if pattern != "*") or "everywhere"
        table.append(f"| {ids} | {places} | {' '.join(reason.split())} |")
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + "\n".join(table) + "\n" + END + rest.partition(END)[2]


def golden(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in GOLDEN.glob(pattern))


def place(path: Path | str) -> str:
    return Path(path).resolve().relative_to(GOLDEN).as_posix().replace("/expected/", "/", 1)


def said(*argv: str, expected: Sequence[int] = (0, 1)) -> str:
    """What a checker prints; any other exit code means that it did not check."""
    path = f"{TOOLS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    program = shutil.which(argv[0], path=path)
    if program is None:
        raise SystemExit(f"error: '{argv[0]}' is not there: python scripts/bring_tools.py --group audit")
    with tempfile.TemporaryDirectory() as home:
        # No configuration, cache or plugin of this machine takes part.
        env = {"PATH": path, "HOME": home}
        done = subprocess.run(
            [program, *argv[1:]], capture_output=True, text=True, env=env, cwd=home, check=False
        )
    if done.returncode not in expected:
        raise SystemExit(f"error: {argv[0]} left with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def kube_score() -> Iterator[Finding]:
    enabled = [f"--enable-optional-test={test}" for test in OPTIONAL]
    for path in golden(MANIFESTS):
        for scored in json.loads(said("kube-score", "score", *enabled, "--output-format=json", str(path))):
            yield from scored_findings(scored, place(path))


def scored_findings(scored: dict[str, Any], where: str) -> Iterator[Finding]:
    for check in scored["checks"] or ():
        if check["skipped"] or check["grade"] >= FINE:
            continue
        for comment in check["comments"] or ({"path": "", "summary": check["check"]["name"]},):
            message = f"{scored['object_name']} {comment['path']}: {comment['summary']}"
            yield Finding("kube-score", check["check"]["id"], where, message)


def checkov() -> Iterator[Finding]:
    # The folder is copied without what is not deployed, as checkov's own patterns for leaving out are slow.
    with tempfile.TemporaryDirectory() as temporary:
        # A name that ends in a hyphen: checkov takes 40 characters of a path in a row for a secret, and the
        # name of a temporary folder is a different one each time.
        folder = str(Path(temporary) / "copy-")
        for path in golden(MANIFESTS, *TEMPLATES, DOCKERFILES):
            copy = Path(folder) / place(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        frameworks = ("kubernetes", "cloudformation", "dockerfile")
        text = said(
            "checkov", "--directory", folder, "--framework", *frameworks,
            "--skip-download", "--compact", "--quiet", "--soft-fail", "--output=json",
        )  # fmt: skip
    reports = json.loads(text)
    for report in reports if isinstance(reports, list) else [reports]:
        if report["summary"]["parsing_errors"]:
            raise SystemExit(f"error: checkov could not read {report['results']['parsing_errors']}")
        for failed in report["results"]["failed_checks"]:
            where = failed["repo_file_path"].rpartition(Path(folder).name)[2].lstrip("/")
            yield Finding(
                "checkov", failed["check_id"], where, f"{failed['resource']}: {failed['check_name']}"
            )


def hadolint() -> Iterator[Finding]:
    # DL3057 is off unless it is asked for; what a Dockerfile itself ignores is to be waived like the rest.
    every_rule = ("--error=DL3057", "--disable-ignore-pragma")
    paths = map(str, golden(DOCKERFILES))
    for found in json.loads(said("hadolint", "--no-fail", *every_rule, "--format=json", *paths)):
        yield Finding("hadolint", found["code"], place(found["file"]), found["message"])


def trivy() -> Iterator[Finding]:
    for case in golden("*/expected"):
        yield from trivy_case(case)


def trivy_case(expected: Path) -> Iterator[Finding]:
    # Its checks are built in; newer ones would come from a registry.
    quiet = ("--quiet", "--skip-check-update", "--skip-version-check", "--disable-telemetry")
    skipped = ("--skip-dirs=kubernetes/base", "--skip-dirs=kubernetes/overlays")
    report = json.loads(said("trivy", "config", *quiet, *skipped, "--format=json", str(expected)))
    for result in report.get("Results", ()):
        for found in result.get("Misconfigurations") or ():
            where = f"{expected.parent.name}/{result['Target']}"
            yield Finding("trivy", found["ID"], where, found["Message"])


CHECKERS: dict[str, Callable[[], Iterator[Finding]]] = {
    "kube-score": kube_score,
    "checkov": checkov,
    "hadolint": hadolint,
    "trivy": trivy,
}

if __name__ == "__main__":
    sys.exit(main())
