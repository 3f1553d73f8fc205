from __future__ import annotations

from collections.abc import Callable

import pytest

from jvbundler.checkers import kubeconform
from jvbundler.values.artifact import Artifact
from tests.checkers.manifests import (
    CUSTOM_RESOURCE,
    GOOD,
    MISSING_FIELD,
    MISSPELT_FIELD,
    REPEATED_KEY,
    WRONG_TYPE,
)


@pytest.fixture(autouse=True)
def _kubeconform(tool: Callable[[str], str]) -> None:
    tool("kubeconform")


@pytest.mark.parametrize("version", ["1.34", "1.35", "1.36", "1.37"])
def test_good_manifests_and_custom_resources_have_no_problem(version: str) -> None:
    manifests = [Artifact("base/all.yaml", GOOD), Artifact("base/secret.yaml", CUSTOM_RESOURCE)]
    assert kubeconform.check(manifests, version) == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (MISSPELT_FIELD, 28, "additional properties 'imagePullPolcy' not allowed"),
        (WRONG_TYPE, 32, "/spec/template/spec/containers/0/ports/0/containerPort: got string, want integer"),
        (MISSING_FIELD, 28, "missing property 'name'"),
        (REPEATED_KEY, 13, 'key "replicas" already set in map'),
        ("a: b\n", 1, "missing 'kind' key"),
    ],
)
def test_a_mistake_is_said_at_the_line_of_its_object(text: str, line: int, words: str) -> None:
    manifests = [Artifact("base/good.yaml", GOOD), Artifact("base/bad.yaml", text)]
    (problem,) = kubeconform.check(manifests, "1.37")
    assert (problem.rule, problem.place.file, problem.place.line) == ("kubeconform", "base/bad.yaml", line)
    assert words in problem.message


def test_nothing_to_check_is_no_problem() -> None:
    assert kubeconform.check([], "1.37") == ()
