"""Every object that is rendered for Argo CD, Flux and the External Secrets operator is one that they know."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.e2e.gitops.conftest import prove
from tests.e2e.kubernetes.conftest import App
from tests.e2e.proof import gitops_version
from tests.golden.cases import GOLDEN

OBJECTS = sorted(GOLDEN.glob("*/expected/gitops/*/*.yaml"))
EXTERNAL = sorted(
    path
    for path in GOLDEN.glob("*/expected/kubernetes/rendered/*/manifest.yaml")
    if "kind: ExternalSecret\n" in path.read_text(encoding="utf-8")
)
GIT = "repo_url: https://git.example.com/acme/gitops.git"
OCI = "repo_url: oci://registry.example.com/acme/deploy"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
# What of gitops.* differs from the defaults, and what has to be in what is rendered for it.
VARIANTS = {
    "branch": (f"{GIT}, revision: prod, flux: {{enabled: true}}", "branch: prod"),
    "tag": (f"{GIT}, revision: v1.2.3, flux: {{enabled: true}}", "tag: v1.2.3"),
    "semver": (f"{GIT}, revision: '~1.2', flux: {{enabled: true}}", "semver: ~1.2"),
    "commit": (f"{GIT}, revision: '{COMMIT}', flux: {{enabled: true}}", COMMIT),
    "digest": (
        f"{OCI}, revision: 'sha256:{'ab' * 32}', flux: {{enabled: true, source: OCIRepository}}",
        "digest: sha256:",
    ),
    "OCI tag": (f"{OCI}, revision: prod, flux: {{enabled: true, source: OCIRepository}}", "tag: prod"),
    "OCI semver": (
        f"{OCI}, revision: '>=1.2', flux: {{enabled: true, source: OCIRepository}}",
        "semver: ",
    ),
    "OCI of a cloud": (
        f"{OCI}, flux: {{enabled: true, source: OCIRepository, provider: azure, "
        "verify: {secret_name: cosign-public-keys}}",
        "provider: azure",
    ),
    "OCI signed without a key": (
        f"{OCI}, flux: {{enabled: true, source: OCIRepository, "
        "verify: {identities: [{issuer: '^https://issuer$', subject: '^subject$'}]}}",
        "matchOIDCIdentity:",
    ),
    "ssh": (
        "repo_url: 'git@git.example.com:acme/gitops.git', flux: {enabled: true, secret_name: key}",
        "url: ssh://git@git.example.com/acme/gitops.git",
    ),
    "times": (f"{GIT}, flux: {{enabled: true, interval: 90s, timeout: 20m, prune: false}}", "interval: 90s"),
    "cascade": (f"{GIT}, argocd: {{enabled: true, cascade: true}}", "resources-finalizer"),
    "by hand": (f"{GIT}, argocd: {{enabled: true, automated: false}}", "kind: Application"),
    "elsewhere": (
        f"{GIT}, argocd: {{enabled: true, destination_server: 'https://cluster.example.com', project: apps}}",
        "server: https://cluster.example.com",
    ),
}


def check(cluster: Cluster, text: str) -> str:
    """The server's verdict, in which an unknown field is an error."""
    return cluster.kubectl(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-"), given=text
    )


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: f"{path.parts[-5]}.{path.parts[-2]}")
def test_a_golden_object_is_accepted(
    definitions: Cluster, path: Path, request: pytest.FixtureRequest
) -> None:
    text = path.read_text(encoding="utf-8")
    items = list(yaml.safe_load_all(text))
    for namespace in {item["metadata"]["namespace"] for item in items}:
        if not definitions.get("", "namespace", namespace):
            definitions.kubectl("create", "namespace", namespace)
    kinds = [item["kind"] for item in items]
    assert check(definitions, text).count("serverside-applied") == len(kinds) >= 1
    prove(request, path.parts[-5], f"{' and '.join(kinds)} accepted with {gitops_version(path.parts[-2])}")


@pytest.mark.parametrize("path", EXTERNAL, ids=lambda path: path.parts[-6])
def test_a_golden_external_secret_is_accepted(definitions: Cluster, path: Path) -> None:
    every = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    found = [item for item in every if item and item["kind"] == "ExternalSecret"]
    # Into a namespace that is there.
    for item in found:
        item["metadata"]["namespace"] = "default"
    assert check(definitions, yaml.safe_dump_all(found)).count("serverside-applied") == len(found) >= 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_is_accepted(definitions: Cluster, tmp_path: Path, variant: str) -> None:
    gitops, said = VARIANTS[variant]
    (tmp_path / "app" / "agents").mkdir(parents=True)
    (tmp_path / "app" / "app.yaml").write_text("app: e2e\nversion: 1.0.0\nagents: []\n")
    (tmp_path / "app" / "deploy.yaml").write_text(
        "app: {name: e2e-agent}\n"
        "kubernetes: {enabled: true, registry: {url: registry.example.com}}\n"
        f"gitops: {{{gitops}}}\n"
    )
    App(tmp_path, "default", definitions).jvbundler("render", "app")
    (path,) = (tmp_path / "app" / "deploy" / "gitops").glob("*/default.yaml")
    assert said in path.read_text()
    assert "serverside-applied" in check(definitions, path.read_text())


def test_a_field_that_they_do_not_know_is_refused(definitions: Cluster) -> None:
    """The check above sees something."""
    text = next(path for path in OBJECTS if "flux" in path.parts).read_text(encoding="utf-8")
    wrong = text.replace("  interval:", "  intervall:")
    said = definitions.ask(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-"), given=wrong
    )
    assert said.returncode == 1
    assert "intervall" in said.stderr
