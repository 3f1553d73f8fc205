"""What only a render can tell: a template is counted in bytes, a claim compared with the committed one."""

from __future__ import annotations

import pytest

from jvbundler.rules.rendered import check_artifacts, check_output
from jvbundler.values.artifact import Artifact
from tests.rules.projects import project

VOLUME = "kubernetes: {enabled: true, persistence: {enabled: true}}\n"
CLAIM = """\
kind: PersistentVolumeClaim
metadata: {name: acme-support, namespace: acme-support}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
"""


@pytest.mark.parametrize(
    ("size", "rules"),
    [(51_200, []), (51_201, ["JVB327"]), (1_000_000, ["JVB327"]), (1_000_001, ["JVB326"])],
)
def test_a_template_has_two_limits(size: int, rules: list[str]) -> None:
    template = Artifact("lambda/prod/template.yaml", "x" * (size - 1) + "\n")
    assert [problem.rule for problem in check_artifacts([template])] == rules


def test_a_large_manifest_is_no_template() -> None:
    assert check_artifacts([Artifact("kubernetes/rendered/prod/manifest.yaml", "x" * 60_000)]) == ()


def test_bytes_are_counted() -> None:
    (problem,) = check_artifacts([Artifact("lambda/prod/template.yaml", "ü" * 30_000)])
    assert "60,000 bytes" in problem.message


def test_the_manifest_of_each_environment_with_a_volume_is_read_and_no_other() -> None:
    asked: list[str] = []

    def read(path: str) -> None:
        asked.append(path)

    text = VOLUME + "environments: {dev: {kubernetes: {persistence: {enabled: false}}}, prod: {}}\n"
    assert check_output(project(text), read) == ()
    assert asked == ["kubernetes/rendered/prod/manifest.yaml"]


def test_the_same_claim_may_grow_and_is_no_problem() -> None:
    grown = VOLUME.replace("enabled: true}}", "enabled: true, size: 1Ti}}")
    assert check_output(project(grown), lambda _: CLAIM) == ()


def test_a_claim_of_another_name_or_namespace_is_another_claim() -> None:
    other = CLAIM.replace("namespace: acme-support", "namespace: acme-dev").replace("10Gi", "1Ti")
    assert check_output(project(VOLUME), lambda _: other) == ()


def test_what_comes_before_a_claim_in_the_manifest_does_not_hide_it() -> None:
    other = CLAIM.replace("namespace: acme-support", "namespace: acme-dev")
    manifest = f"{other}---\n{CLAIM.replace('10Gi', '1Ti')}"
    problems = check_output(project(VOLUME), lambda _: manifest)
    assert [problem.rule for problem in problems] == ["JVB428"]


def test_an_existing_claim_of_the_users_is_not_compared() -> None:
    own = VOLUME.replace("enabled: true}}", "enabled: true, existing_claim: data}}")
    assert check_output(project(own), lambda _: CLAIM.replace("10Gi", "1Ti")) == ()


@pytest.mark.parametrize("text", ["", "a: [", "- 1\n", "kind: Deployment\nmetadata: x\n", "\x00", CLAIM[:60]])
def test_a_manifest_that_was_edited_by_hand_is_no_traceback(text: str) -> None:
    assert check_output(project(VOLUME), lambda _: text) == ()


def test_a_class_that_is_named_for_the_first_time_may_be_the_clusters_default() -> None:
    named = VOLUME.replace("enabled: true}}", "enabled: true, storage_class: gp3}}")
    assert check_output(project(named), lambda _: CLAIM) == ()
