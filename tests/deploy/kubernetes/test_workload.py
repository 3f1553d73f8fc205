"""What the render knows of a manifest is what the manifest says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jvbundler.deploy.kubernetes.workload import manifest_of, workload_of
from jvbundler.deploy.release import load_release
from jvbundler.pipeline.request import Options
from jvbundler.values.artifact import ObjectName
from tests.golden.cases import CASES, app_of, environ

PATCHED = """
kubernetes:
  enabled: true
  context: here
  patches:
    - target: {kind: Deployment}
      patch:
        - {op: replace, path: /spec/template/spec/containers/0/image, value: mirror.example.com/acme:1}
"""


def named(item: dict[str, dict[str, str]]) -> ObjectName:
    group, slash, _ = str(item["apiVersion"]).partition("/")
    about = item["metadata"]
    return ObjectName(group if slash else "", str(item["kind"]), about["name"], about.get("namespace", ""))


@pytest.mark.parametrize("case", CASES)
def test_the_names_are_those_of_the_manifest(case: str, tmp_path: Path) -> None:
    app = app_of(case, tmp_path)
    document = yaml.safe_load((app / "deploy.yaml").read_text())
    for name in document.get("environments") or ["default"]:
        release = load_release(app, str(app), Options(environ(case)), targets=(), environment=name)
        if not release.environment.settings["kubernetes"]["enabled"]:
            continue
        items = [item for item in yaml.safe_load_all(manifest_of(release).text) if item]
        workload = workload_of(release, context="golden")
        assert workload.objects == tuple(map(named, items))
        deployment = next(item for item in items if item["kind"] == "Deployment")
        assert workload.image == deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        assert workload.deployment == deployment["metadata"]["name"]


def test_a_patch_may_give_another_image(app: Path) -> None:
    (app / "deploy.yaml").write_text("app: {name: acme}\n" + PATCHED)
    release = load_release(app, "support", Options({}), targets=("kubernetes",))
    assert workload_of(release).image == "mirror.example.com/acme:1"
