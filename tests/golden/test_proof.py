"""docs/proof.md tells of every golden case and platform, with the versions that are pinned today."""

from __future__ import annotations

from tests.e2e import proof
from tests.golden.cases import CASES, GOLDEN

TEXT = proof.PATH.read_text(encoding="utf-8")


def rows() -> dict[tuple[str, str], str]:
    cells = [line.strip("| ").split(" | ", 2) for line in TEXT.splitlines() if line.startswith("| ")]
    return {(case, platform): rest for case, platform, rest in cells[1:]}


def test_every_case_and_platform_has_its_row() -> None:
    folders = {"kubernetes": "Kubernetes", "lambda": "Lambda", "docker": "image", "gitops": "GitOps"}
    wanted = {
        (case, platform)
        for case in CASES
        for folder, platform in folders.items()
        if (GOLDEN / case / "expected" / folder).is_dir()
    }
    assert set(rows()) == wanted


def test_every_manifest_was_on_an_api_server_of_the_pinned_version() -> None:
    seen = f"Kubernetes {proof.kubernetes_version()}: applied and read back; a second apply changes nothing"
    missing = [
        case for (case, platform), row in rows().items() if platform == "Kubernetes" and seen not in row
    ]
    assert missing == []


def test_every_gitops_object_was_taken_by_the_api_server_with_the_kinds_of_today() -> None:
    told = rows()
    objects = GOLDEN.glob("*/expected/gitops/*")
    seen = {(path.parts[-4], f"accepted with {proof.gitops_version(path.name)}") for path in objects}
    assert seen
    assert [each for each in sorted(seen) if each[1] not in told[each[0], "GitOps"]] == []


def test_the_golden_case_was_pulled_by_the_flux_and_the_argo_cd_of_today() -> None:
    for system in ("flux", "argocd"):
        assert f"{proof.gitops_version(system)}: " in rows()["gitops", "GitOps"]


def test_the_tools_are_those_of_today() -> None:
    said = rows()
    for found in proof.static_proofs():
        assert found.words in said[found.case, found.platform]
