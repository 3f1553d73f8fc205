"""Flux and Argo CD pull what was rendered, and nothing is left to do: an app's whole life in a repository."""

from __future__ import annotations

import shutil

import pytest
import yaml

from tests.cluster.cluster import eventually
from tests.e2e.gitops.conftest import SECONDS_TO_SYNC, Pulled, Puller, make_namespace, prove, write_pulled
from tests.e2e.gitops.repository import Repository
from tests.e2e.proof import gitops_version
from tests.golden.cases import GOLDEN

# The controllers of Kubernetes write into the status of these, whoever applied them.
STEADY = "deployments,services,configmaps,serviceaccounts,persistentvolumeclaims,networkpolicies"


def versions(pulled: Pulled) -> dict[str, str]:
    """What changes when an object does."""
    items = pulled.app.get(STEADY, "--selector=app.kubernetes.io/managed-by=jvbundler")["items"]
    return {f"{o['kind']}/{o['metadata']['name']}": o["metadata"]["resourceVersion"] for o in items}


def is_steady(pulled: Pulled) -> bool:
    """Whether it compares once more and changes nothing."""
    before = versions(pulled)
    pulled.puller.look_again(pulled.name)
    return len(before) >= 5 and versions(pulled) == before


def test_a_release_is_pulled_changed_and_pruned_and_its_volume_stays(pulled: Pulled) -> None:
    first = pulled.start()
    assert pulled.deployment()["status"]["readyReplicas"] == 1

    # Nothing is left to do, also at a later look.
    eventually(lambda: is_steady(pulled), "a later look changes nothing")
    assert pulled.puller.is_at(pulled.name, first)

    # A commit is a deployment.
    pulled.edit("LOG_LEVEL: INFO", "LOG_LEVEL: DEBUG")
    pulled.deliver("Tell more")
    assert pulled.config()["LOG_LEVEL"] == "DEBUG"

    # What leaves the manifest goes; the volume does not, and is no difference either.
    assert pulled.app.get("networkpolicies")["items"]
    pulled.edit("persistence: {enabled: true}", "network_policy: {enabled: false}")
    last = pulled.deliver("Neither volume nor policy")
    eventually(lambda: not pulled.app.get("networkpolicies").get("items"), "the policy goes")
    assert [o["metadata"]["name"] for o in pulled.app.get("persistentvolumeclaims")["items"]] == [pulled.name]
    eventually(lambda: is_steady(pulled), "a later look changes nothing")
    assert pulled.puller.is_at(pulled.name, last)


def test_a_bad_release_is_told_and_its_correction_runs(pulled: Pulled) -> None:
    # With a volume of its own, an app has no two pods at a time.
    pulled.edit("persistence: {enabled: true}", "network_policy: {enabled: false}")
    pulled.start()
    pulled.edit('tag: "1.0.0"', 'tag: "no-such-tag"')
    pulled.publish("A release that cannot be pulled")
    pulled.puller.refresh(pulled.name)
    eventually(lambda: pulled.puller.has_failed(pulled.name), "it says so", SECONDS_TO_SYNC)
    # The pods of the release before go on serving.
    assert pulled.deployment()["status"]["readyReplicas"] == 1
    pulled.edit('tag: "no-such-tag"', 'tag: "1.0.1"')
    pulled.deliver("The correction")
    assert pulled.image().endswith(":1.0.1")


def test_many_apps_of_one_repository_each_have_their_own_path(
    puller: Puller, repository: Repository, namespace: str
) -> None:
    apps = []
    for word in ("billing", "support"):
        name = f"{word}-{namespace[-6:]}"
        make_namespace(puller.cluster, namespace, name)
        apps.append(write_pulled(name, f"apps/{word}", repository, namespace, puller))
    apps[0].app.jvbundler("render", "apps/*", "-o", "gitops")
    commit = repository.publish("Two apps")
    try:
        for each in apps:
            folder = repository.folder / "gitops" / each.folder.rpartition("/")[2]
            rendered = folder / f"gitops/{puller.system}/default.yaml"
            assert f"path: gitops/{folder.name}/kubernetes/rendered/default\n" in rendered.read_text()
            puller.start_pulling(rendered)
        for each in apps:
            puller.sync(each.name, commit)
            assert each.deployment()["status"]["readyReplicas"] == 1
    finally:
        for each in apps:
            puller.stop_pulling(each.name)


@pytest.mark.parametrize(
    ("system", "environment", "branch"), [("flux", "staging", "main"), ("argocd", "prod", "prod")]
)
def test_the_golden_case_is_pulled(
    request: pytest.FixtureRequest, repository: Repository, system: str, environment: str, branch: str
) -> None:
    """As it is in golden/, but for the address of the repository."""
    puller: Puller = request.getfixturevalue(system)
    expected, name, namespace = GOLDEN / "gitops" / "expected", "acme-support", f"acme-{environment}"
    shutil.copytree(expected, repository.folder / "apps/acme-support/deploy")
    commit = repository.publish("The golden case")
    repository.git("push", "--quiet", "origin", "HEAD:refs/heads/prod")
    text = (expected / f"gitops/{system}/{environment}.yaml").read_text(encoding="utf-8")
    path = repository.folder.parent / "pulls.yaml"
    path.write_text(text.replace("https://git.example.com/acme/gitops.git", repository.url))
    make_namespace(puller.cluster, namespace, name)
    own = next(yaml.safe_load_all(text))["metadata"]["name"]
    try:
        puller.start_pulling(path)
        puller.sync(own, commit, branch)
        puller.look_again(own)
        assert puller.is_at(own, commit, branch)
    finally:
        puller.stop_pulling(own)
        puller.cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    words = {"flux": "Ready", "argocd": "Synced and Healthy"}[system]
    prove(request, "gitops", f"{gitops_version(system)}: {environment} is pulled and {words}")
