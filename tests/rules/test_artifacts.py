"""The size of a rendered template: CloudFormation counts bytes, not characters."""

from __future__ import annotations

import pytest

from jvbundler.rules.artifacts import check_artifacts
from jvbundler.values.artifact import Artifact


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
