"""Checks manifests with kubeconform, if it is on PATH, against the schemas that ship with jvbundler."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jvbundler.checkers.kubernetes_schema import write_kubeconform_schemas
from jvbundler.checkers.manifest import documents
from jvbundler.runner import find_tool, run
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import Place, Problem, error

RULE = "kubeconform"
TIMEOUT_SECONDS = 120

_AT = re.compile(r"- at '(?P<pointer>[^']*)': (?P<words>.*?)(?=\s+- at '|$)", re.DOTALL)


def available() -> bool:
    return find_tool("kubeconform") is not None


def check(manifests: Sequence[Artifact], version: str) -> tuple[Problem, ...]:
    """kubeconform's findings on manifests for a Kubernetes minor such as "1.37", in one run of it.

    Kinds without a schema here are skipped. Raises ToolFailed when kubeconform itself fails.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        full_version = write_kubeconform_schemas(version, folder / "schemas")
        for number, manifest in enumerate(manifests):
            (folder / f"{number}.yaml").write_text(manifest.text, encoding="utf-8")
        argv = ["kubeconform", "-strict", "-output", "json", "-ignore-missing-schemas"]
        argv += ["-kubernetes-version", full_version, "-schema-location", str(folder / "schemas")]
        argv += [str(folder / f"{number}.yaml") for number in range(len(manifests))]
        said = run(argv, timeout_seconds=TIMEOUT_SECONDS, expected=(0, 1)).stdout
    findings = json.loads(said)["resources"]
    problems = (problem for finding in findings for problem in _problems(finding, manifests))
    return tuple(sorted(problems, key=lambda problem: (problem.place, problem.message)))


def _problems(finding: dict[str, Any], manifests: Sequence[Artifact]) -> Iterator[Problem]:
    manifest = manifests[int(Path(finding["filename"]).stem)]
    owner = f"{finding['kind']} '{finding['name']}'" if finding["kind"] else "document"
    details = [match for match in _AT.finditer(finding["msg"]) if match["words"] != "validation failed"]
    if not details:
        yield error(RULE, _place(manifest, finding, ()), f"{owner}: {finding['msg']}")
    for match in details:
        place = _place(manifest, finding, _path(match["pointer"]))
        yield error(RULE, place, f"{owner}: at {match['pointer'] or '/'}: {match['words']}")


def _place(manifest: Artifact, finding: dict[str, Any], path: Sequence[str | int]) -> Place:
    """kubeconform names an object by kind and name, not by line."""
    kind = f"{finding['version']} {finding['kind']}"
    for document in documents(manifest.path, manifest.text)[0]:
        if document.kind == kind and document.name == finding["name"]:
            return document.place(path)
    return Place(manifest.path)


def _path(pointer: str) -> tuple[str | int, ...]:
    """A JSON pointer, RFC 6901, as keys and indexes."""
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return tuple(int(part) if part.isdecimal() else part for part in parts)
