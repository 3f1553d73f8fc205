"""The field's own tools find nothing to say about any golden output."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvbundler.checkers.kubernetes_schema import write_kubeconform_schemas
from tests.checkers import kustomize, sam
from tests.golden.cases import CASES, GOLDEN

KUBERNETES = [c for c in CASES if (GOLDEN / c / "expected/kubernetes").is_dir()]
TEMPLATES = sorted(GOLDEN.glob("*/expected/lambda/*/template.yaml"))
REPOSITORIES = sorted(GOLDEN.glob("*/expected/lambda/*/repository.yaml"))
MANIFESTS = sorted(GOLDEN.glob("*/expected/kubernetes/rendered/*/manifest.yaml"))
# Kinds of other projects, whose schemas neither Kubernetes nor kubeconform has.
FOREIGN_KINDS = "ExternalSecret,ServiceMonitor"


def label(path: Path) -> str:
    return path.relative_to(GOLDEN).as_posix().replace("expected/", "")


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("version", ["1.34", "1.37"])
def test_kubeconform_finds_every_manifest_valid(version: str, tmp_path: Path) -> None:
    write_kubeconform_schemas(version, tmp_path)
    run(
        "kubeconform", "-strict", "-summary", "-kubernetes-version", f"{version}.0",
        "-schema-location", str(tmp_path), "-skip", FOREIGN_KINDS, *map(str, MANIFESTS),
    )  # fmt: skip


def documents(text: str) -> dict[tuple[str, ...], Any]:
    found = [d for d in yaml.load_all(text, Loader=yaml.CSafeLoader) if d]
    return {(d["kind"], d["metadata"].get("namespace", ""), d["metadata"]["name"]): d for d in found}


@pytest.mark.parametrize("overlay", sorted(GOLDEN.glob("*/expected/kubernetes/overlays/*")), ids=label)
def test_the_overlay_builds_to_the_flat_manifest(overlay: Path) -> None:
    built = documents(kustomize.build(overlay))
    flat = documents(
        (overlay.parents[1] / "rendered" / overlay.name / "manifest.yaml").read_text(encoding="utf-8")
    )
    assert built == flat


def test_hadolint_has_nothing_to_say_with_all_its_rules() -> None:
    files = sorted(GOLDEN.glob("*/expected/docker/Dockerfile"))
    assert run("hadolint", "--failure-threshold", "ignore", *map(str, files)) == ""


def test_cfn_lint_has_nothing_to_say_about_any_template() -> None:
    from jvbundler.checkers.cfn import check_template

    findings = [
        str(finding)
        for path in (*TEMPLATES, *REPOSITORIES)
        for finding in check_template(label(path), path.read_text(encoding="utf-8"))
    ]
    assert findings == []


@pytest.mark.parametrize("template", TEMPLATES, ids=label)
def test_sam_validates_every_template(template: Path) -> None:
    assert sam.validate(template) == ()


def test_the_lock_names_every_file_of_the_output() -> None:
    for case in CASES:
        output = GOLDEN / case / "expected"
        lock = json.loads((output / "jvbundler.lock.json").read_text(encoding="utf-8"))
        files = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
        assert files == {*lock["files"], "jvbundler.lock.json"}
