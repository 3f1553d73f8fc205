from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.checkers.kubernetes_schema import (
    check_manifests,
    schema_version,
    shipped_versions,
    unchecked_kinds,
    write_kubeconform_schemas,
)
from jvbundler.values.problem import Place, Problem
from tests.checkers.manifests import (
    CUSTOM_RESOURCE,
    GOOD,
    MISSING_FIELD,
    MISSPELT_FIELD,
    REPEATED_KEY,
    WRONG_TYPE,
)

CHECKOUT = Path(__file__).resolve().parents[2]
FILE = "kubernetes/base/all.yaml"


@pytest.mark.parametrize("version", ["1.34", "1.35", "1.36", "1.37", "v1.37.2"])
def test_a_good_manifest_has_no_problem(version: str) -> None:
    assert check_manifests(FILE, GOOD, version) == ()


def test_a_misspelt_field_is_named_with_its_line_and_the_right_spelling() -> None:
    assert check_manifests(FILE, MISSPELT_FIELD, "1.37") == (
        Problem(
            "kubernetes-schema",
            "error",
            Place(FILE, 30, 11),
            "Deployment 'shop': unknown field 'spec.template.spec.containers[0].imagePullPolcy'",
            "did you mean 'imagePullPolicy'?",
        ),
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            WRONG_TYPE,
            32,
            "Deployment 'shop': 'spec.template.spec.containers[0].ports[0].containerPort' must be of type "
            'integer, but is "8080"',
        ),
        (MISSING_FIELD, 28, "Deployment 'shop': 'spec.template.spec.containers[0].name' is missing"),
        (REPEATED_KEY, 19, "the key 'replicas' is written twice; the last one would win"),
        (
            GOOD.replace("cpu: 2", "cpu: [2]"),
            35,
            "Deployment 'shop': 'spec.template.spec.containers[0].resources.limits.cpu' must be of type "
            "number or string, but is a list",
        ),
        ("kind: Service\n", 1, "not a Kubernetes object: 'apiVersion' and 'kind' are both required"),
        ("- a\n", 1, "not a Kubernetes object: 'apiVersion' and 'kind' are both required"),
        ("a: [\n", 2, "not valid YAML: did not find expected node content"),
    ],
)
def test_a_mistake_is_said_at_its_line(text: str, line: int, message: str) -> None:
    problems = check_manifests(FILE, text, "1.37")
    assert [(problem.place.line, problem.message) for problem in problems] == [(line, message)]


def test_all_mistakes_are_found_in_one_run_in_the_order_of_the_file() -> None:
    text = MISSPELT_FIELD.replace("port: 80\n", "port: http\n").replace("replicas: 1", "replica: 1")
    assert [problem.place.line for problem in check_manifests(FILE, text, "1.37")] == [10, 18, 30]


def test_a_custom_resource_is_not_judged_and_is_listed() -> None:
    assert check_manifests(FILE, CUSTOM_RESOURCE, "1.37") == ()
    assert unchecked_kinds(FILE, CUSTOM_RESOURCE, "1.37") == ("external-secrets.io/v1 ExternalSecret",)
    assert unchecked_kinds(FILE, GOOD, "1.37") == ()


ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(ANY_VALUE, ANY_VALUE)
def test_whatever_a_manifest_holds_it_is_judged_and_not_a_crash(metadata: object, spec: object) -> None:
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    problems = check_manifests(FILE, yaml.safe_dump(manifest), "1.37")
    assert all(problem.is_error and problem.place.file == FILE for problem in problems)
    # No made-up spec has the selector and the template that a Deployment needs; only null passes, as unset.
    assert problems or spec is None


def test_other_minors_are_checked_against_the_nearest_one_shipped() -> None:
    assert shipped_versions() == ("1.34", "1.35", "1.36", "1.37")
    assert [schema_version(version) for version in ("1.28", "1.35.3", "v1.36", "1.99")] == [
        "1.34",
        "1.35",
        "1.36",
        "1.37",
    ]


def test_kubeconform_gets_a_file_a_kind_that_stands_alone(tmp_path: Path) -> None:
    assert write_kubeconform_schemas("1.36", tmp_path) == "1.36.0"
    written = sorted(path.name for path in (tmp_path / "v1.36.0-standalone-strict").iterdir())
    assert "deployment-apps-v1.json" in written
    assert "ingress-networking-v1.json" in written
    assert "configmap-v1.json" in written
    schema = json.loads((tmp_path / "v1.36.0-standalone-strict" / "deployment-apps-v1.json").read_text())
    assert "io.k8s.api.core.v1.Container" in schema["$defs"]


def test_the_shipped_schemas_are_what_the_script_makes_of_the_pinned_package(tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in (CHECKOUT / "schemas/kubernetes").iterdir()}
    script = tmp_path / "scripts" / "build_kubernetes_schemas.py"
    script.parent.mkdir()
    script.write_bytes((CHECKOUT / "scripts" / script.name).read_bytes())
    subprocess.run([sys.executable, str(script)], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "schemas/kubernetes").iterdir()} == before


def test_a_minor_stays_small() -> None:
    assert max(path.stat().st_size for path in (CHECKOUT / "schemas/kubernetes").iterdir()) < 300_000
