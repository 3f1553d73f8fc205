"""Security checkers find nothing in any golden output that docs/hardening-waivers.yaml does not explain.

Trivy is left to `make audit`: to compile it takes longer than all other tests together.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# A script is no module of a package.
audit: Any = import_module("scripts.audit")


def test_every_finding_is_waived_and_every_waiver_has_a_finding() -> None:
    assert audit.audit(["kube-score", "checkov", "hadolint"]) == []


def test_a_finding_without_a_waiver_and_a_waiver_without_a_finding_fail() -> None:
    found = audit.Finding("hadolint", "DL3008", "minimal/docker/Dockerfile", "pin versions")
    unused = audit.Waiver("hadolint", "DL3009", ("*",), ("",), "none")
    assert audit.unexplained([found], [unused]) == [str(found), "waiver without a finding: hadolint DL3009"]


def test_a_waiver_covers_what_it_names_and_nothing_else() -> None:
    waiver = audit.Waiver("trivy", "KSV-0011", ("minimal/*",), ("cpu", "memory"), "none")
    assert waiver.covers(audit.Finding("trivy", "KSV-0011", "minimal/a.yaml", "no cpu limit"))
    for other in (
        audit.Finding("checkov", "KSV-0011", "minimal/a.yaml", "no cpu limit"),
        audit.Finding("trivy", "KSV-0012", "minimal/a.yaml", "no cpu limit"),
        audit.Finding("trivy", "KSV-0011", "everything/a.yaml", "no cpu limit"),
        audit.Finding("trivy", "KSV-0011", "minimal/a.yaml", "no disk limit"),
    ):
        assert not waiver.covers(other)


def test_the_documentation_shows_the_waivers() -> None:
    assert audit.documented(audit.waivers()) == audit.DOCUMENT.read_text(encoding="utf-8")
