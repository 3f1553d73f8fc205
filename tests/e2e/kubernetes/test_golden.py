"""Every golden manifest is what the API server makes of it, and what it takes without a change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.cluster import Cluster, eventually
from tests.cluster.readback import differences
from tests.e2e.kubernetes.conftest import prove
from tests.e2e.kubernetes.manifests import (
    GOLDEN_NAMES,
    Manifest,
    admission,
    apply,
    golden,
    live,
    make_namespace,
    marks,
    refused_containers,
    remove,
)
from tests.test_pod_security import USERS_OWN


@pytest.fixture
def manifest(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Manifest]:
    if not cluster.is_ours:
        pytest.skip("not proven: the golden manifests name namespaces that may be somebody's")
    found = golden(request.param)
    make_namespace(cluster, found.namespace)
    yield found
    remove(cluster, found)


@pytest.mark.parametrize("manifest", GOLDEN_NAMES, indirect=True)
def test_a_golden_manifest_is_applied_read_back_and_applied_again(
    cluster: Cluster, manifest: Manifest, request: pytest.FixtureRequest
) -> None:
    warnings = apply(cluster, manifest)
    assert [line for line in warnings if "PodSecurity" not in line] == []
    # Containers that deploy.yaml adds are the user's: the namespace admits none of them as they are.
    assert refused_containers("\n".join(warnings)) <= set(USERS_OWN)
    words = admission(cluster, manifest)
    assert refused_containers(words) <= set(USERS_OWN), words
    assert bool(words) == bool(warnings), words
    found = live(cluster, manifest)
    assert [
        d for ours, theirs in zip(manifest.objects, found, strict=True) for d in differences(ours, theirs)
    ] == []

    def is_settled() -> bool:
        """Controllers write the status of what they have seen; once they are done, nothing else may move."""
        before = marks(live(cluster, manifest))
        apply(cluster, manifest)
        return before == marks(live(cluster, manifest))

    eventually(is_settled, "a second apply changes nothing")
    name = request.node.callspec.params["manifest"]
    refused = [f"a pod with {item}" for item in sorted(refused_containers(words))]
    verdict = "finds nothing in our containers" if refused else "admits the pods"
    prove(request, cluster, name, f'Pod Security "restricted" {verdict}', *refused)
    prove(request, cluster, name, "applied and read back; a second apply changes nothing", *manifest.custom)
