"""`make facts` finds what is pinned, and the dates that a rule depends on."""

from __future__ import annotations

import runpy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jvbundler.rules.kubernetes.network import AS_OF, CHECKED_VERSIONS, ENDS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "facts.py"))


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the age of a line is in git")
def test_the_pins_of_each_place_are_found_with_their_day(script: dict[str, Any]) -> None:
    found = {(fact.file, fact.name) for fact in script["facts"]()}
    assert {
        ("scripts/bring_tools.py", "aws-sam-cli"),
        ("scripts/bring_tools.py", "github.com/yannh/kubeconform/cmd/kubeconform"),
        ("pyproject.toml", "mypy"),
        ("jvbundler/render/docker.py", "public.ecr.aws/awsguru/aws-lambda-adapter"),
        ("jvbundler/render/docker.py", "UV_VERSION"),
        ("docs/ci.md", "actions/checkout"),
        (".github/workflows/ci.yml", "actions/checkout"),
    } <= found
    assert {file for file, _ in found} == {file for file, _ in script["PINS"]}


def test_a_version_that_ended_since_is_told_by_its_number(script: dict[str, Any]) -> None:
    assert not list(script["outdated"](date.fromisoformat(AS_OF)))
    told = list(script["outdated"](date(2027, 3, 1)))
    assert told == ["Kubernetes 1.35 ended on 2027-02-28: set AS_OF in jvbundler/rules/kubernetes/network.py"]
    assert any("the default of kubernetes.version" in line for line in script["outdated"](date(2027, 7, 1)))


def test_each_checked_version_has_its_end() -> None:
    assert set(CHECKED_VERSIONS) <= ENDS.keys()
