"""`cluster`: one control plane for all tests of a worker.

With E2E_KUBECONFIG the tests run in the current context of that file instead, in namespaces of their own.
What only our kubelet shows is then left out, by name. On a machine that cannot have a control plane the tests
are skipped as not proven, by name; in CI they fail.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster, started
from tests.cluster.programs import missing_programs

KUBECONFIG = "E2E_KUBECONFIG"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    given = os.environ.get(KUBECONFIG)
    if given:
        yield _users_own(Path(given).resolve())
        return
    missing = missing_programs()
    if missing:
        words = f"not proven: {', '.join(missing)} could not be built here; see .tools/logs/cluster"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(words)
    with started(tmp_path_factory.mktemp("control-plane")) as found:
        yield found


@pytest.fixture
def our_kubelet(cluster: Cluster) -> None:
    """For a test of what our kubelet alone can be told to do."""
    if not cluster.is_ours:
        pytest.skip("not proven: a container that crashes when it is told to, in a cluster with real nodes")


def _users_own(kubeconfig: Path) -> Cluster:
    context = subprocess.run(
        ["kubectl", "config", "current-context"],
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return Cluster(kubeconfig, context, is_ours=False)
