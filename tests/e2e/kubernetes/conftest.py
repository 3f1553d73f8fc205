"""The real jvbundler with the real kubectl on a real API server: an app of its own for each test."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cluster import programs
from tests.cluster.cluster import Cluster, Object
from tests.cluster.fixtures import cluster, our_kubelet
from tests.e2e.proof import Proof

__all__ = ["cluster", "our_kubelet"]

ROOT = Path(__file__).resolve().parents[3]
# An image that a user's own cluster can pull; nothing is pulled in ours.
IMAGE = os.environ.get("E2E_IMAGE", "registry.example.com/acme/support:1.0.0")
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"
SECRETS = {"JVAGENT_ADMIN_PASSWORD": "e2e-password", "JVSPATIAL_JWT_SECRET_KEY": "e2e-key-of-some-length"}
DEPLOY = """\
app:
  name: e2e-agent
image:
  name: {name}
  tag: "{tag}"
environment:
  LOG_LEVEL: INFO
kubernetes:
  enabled: true
  context: {context}
  namespace: {namespace}
  create_namespace: true
  registry:
    url: {registry}
  deployment:
    progress_deadline_seconds: 120
"""


class App(NamedTuple):
    """An app in a folder `app`, and the namespace that it is deployed to."""

    folder: Path
    namespace: str
    cluster: Cluster

    def jvbundler(
        self, *words: str, expected: int = 0, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The command as users run it, with no terminal."""
        bin_folder = str(programs.BIN) if self.cluster.is_ours else ""
        path = os.pathsep.join(filter(None, [bin_folder, os.environ["PATH"]]))
        given = {"KUBECONFIG": str(self.cluster.kubeconfig), "HOME": str(self.folder), "PATH": path}
        environ = {k: v for k, v in programs.environ(**given, PYTHONPATH=str(ROOT)).items() if k != "CI"}
        done = subprocess.run(
            [sys.executable, "-m", "jvbundler", *words],
            cwd=self.folder,
            env=environ | dict(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"jvbundler {' '.join(words)}: {done.returncode}, not {expected}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == expected, said
        return done

    def deploy(
        self, *words: str, expected: int = 0, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return self.jvbundler("deploy", "k8s", "app", "--render", *words, expected=expected, env=env)

    def first_deployment(self, *words: str) -> None:
        self.deploy("--create-secrets", *words, env=SECRETS)

    def get(self, *words: str) -> Object:
        return self.cluster.get(self.namespace, *words)

    def deployment(self) -> Object:
        return self.get("deployment", "e2e-agent", "--show-managed-fields")

    def image(self) -> str:
        return str(self.deployment()["spec"]["template"]["spec"]["containers"][0]["image"])

    def kubectl(self, *words: str, given: str = "") -> str:
        return self.cluster.kubectl("--namespace", self.namespace, *words, given=given)


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """Of this test alone; not there yet, and gone afterwards."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:30].strip("-")
    name = f"e2e-{words}-{secrets.token_hex(3)}"
    yield name
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture
def app(cluster: Cluster, namespace: str, tmp_path: Path) -> App:
    root = tmp_path / "app"
    agent = root / "agents" / "e2e" / "helper"
    agent.mkdir(parents=True)
    (agent / "agent.yaml").write_text("agent: e2e/helper\nactions: []\n")
    (root / "app.yaml").write_text("app: e2e\nversion: 1.0.0\nagents:\n  - e2e/helper\n")
    registry, _, rest = IMAGE.rpartition("/")
    name, _, tag = rest.partition(":")
    places: dict[str, Any] = {"context": cluster.context, "namespace": namespace}
    (root / "deploy.yaml").write_text(DEPLOY.format(registry=registry, name=name, tag=tag, **places))
    return App(tmp_path, namespace, cluster)


def prove(request: pytest.FixtureRequest, cluster: Cluster, name: str, words: str, *missing: str) -> None:
    """Note for the summary, and for docs/proof.md, what this test has seen of a golden manifest."""
    case, _, environment = name.partition(".")
    said = f"Kubernetes {cluster.version()}: {words}"
    proof = Proof(case, "Kubernetes", said, ", ".join(f"{item} ({environment})" for item in missing))
    request.node.user_properties.append(("proof", proof._asdict()))
