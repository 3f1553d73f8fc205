"""What `jvbundler render` wrote, committed to a git server of ours, and pulled by Flux and Argo CD."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster import controllers, git_server
from tests.cluster.cluster import Cluster, Object, eventually, served
from tests.cluster.fixtures import cluster
from tests.e2e.gitops.repository import Repository, new_repository
from tests.e2e.kubernetes.conftest import App, namespace
from tests.e2e.proof import Proof

__all__ = ["cluster", "namespace"]

DEFINITIONS = controllers.TOOLS / "crds"
SYSTEMS = ("flux", "argocd")
# Both pull, render, apply and wait; a busy machine is no failure.
SECONDS_TO_SYNC = 300.0


def not_proven(words: str) -> None:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not proven: {words}")


def prove(request: pytest.FixtureRequest, case: str, words: str) -> None:
    """Note for docs/proof.md what this test has seen of a golden case."""
    request.node.user_properties.append(("proof", Proof(case, "GitOps", words, "")._asdict()))


@pytest.fixture(scope="session")
def definitions(cluster: Cluster) -> Cluster:
    """The cluster, with the kinds of Flux, Argo CD and the External Secrets operator."""
    if not cluster.is_ours:
        pytest.skip("not proven: these tests install Flux and Argo CD, which a cluster of yours may have")
    folders = [DEFINITIONS / name for name in (*SYSTEMS, "external-secrets")]
    absent = [folder.name for folder in folders if not folder.is_dir()]
    if absent:
        not_proven(f"the kinds of {', '.join(absent)} could not be had here; see .tools/logs")
    for folder in folders:
        cluster.kubectl("apply", "--server-side", f"--filename={folder}")
    eventually(lambda: _are_established(cluster), "the kinds are served")
    for name in controllers.NAMESPACES.values():
        cluster.kubectl("create", "namespace", name)
    return cluster


def _are_established(cluster: Cluster) -> bool:
    states = [
        {c["type"]: c["status"] for c in item.get("status", {}).get("conditions") or []}
        for item in cluster.get("", "customresourcedefinitions")["items"]
    ]
    return all(state.get("Established") == "True" for state in states)


class Puller(NamedTuple):
    """Flux or Argo CD, as a test uses it."""

    system: str
    cluster: Cluster

    @property
    def namespace(self) -> str:
        return controllers.NAMESPACES[self.system]

    @property
    def kind(self) -> str:
        return {"flux": "kustomizations.kustomize.toolkit.fluxcd.io", "argocd": "applications.argoproj.io"}[
            self.system
        ]

    @property
    def manager(self) -> str:
        return {"flux": "kustomize-controller", "argocd": "argocd-controller"}[self.system]

    def get(self, name: str) -> Object:
        return self.cluster.get(self.namespace, self.kind, name)

    def start_pulling(self, rendered: Path) -> None:
        """What is done once, by hand: docs/ci.md."""
        self.cluster.kubectl("apply", f"--filename={rendered}")

    def refresh(self, name: str) -> None:
        """What a webhook of the forge does: look now, not at the next interval."""
        if self.system == "argocd":
            self._mark(self.kind, name, "argocd.argoproj.io/refresh=normal")
            return
        now = f"reconcile.fluxcd.io/requestedAt={time.time_ns()}"
        self._mark("gitrepositories.source.toolkit.fluxcd.io", name, now)

    def _mark(self, kind: str, name: str, mark: str) -> None:
        where = ("--namespace", self.namespace)
        self.cluster.kubectl(*where, "annotate", "--overwrite", kind, name, mark)

    def is_at(self, name: str, commit: str, branch: str = "main") -> bool:
        """Whether this commit is what runs, and nothing is left to do: Ready, or Synced and Healthy."""
        found = self.get(name)
        status = found.get("status", {})
        if self.system == "argocd":
            sync, phase = status.get("sync", {}), status.get("operationState", {}).get("phase")
            return (sync.get("status"), sync.get("revision"), status.get("health", {}).get("status")) == (
                "Synced",
                commit,
                "Healthy",
            ) and phase == "Succeeded"
        ready = self.ready_condition(found)
        return (
            ready.get("status") == "True"
            and ready.get("observedGeneration") == found["metadata"]["generation"]
            and status.get("lastAppliedRevision") == f"{branch}@sha1:{commit}"
        )

    def has_failed(self, name: str) -> bool:
        """Whether it says that what it applied does not get ready."""
        found = self.get(name)
        if self.system == "argocd":
            return bool(found["status"].get("health", {}).get("status") == "Degraded")
        return self.ready_condition(found).get("reason") == "HealthCheckFailed"

    def ready_condition(self, found: Object) -> Object:
        conditions = found.get("status", {}).get("conditions", [])
        return next((c for c in conditions if c["type"] == "Ready"), {})

    def sync(self, name: str, commit: str, branch: str = "main") -> None:
        """Have it pull the commit, and wait until that runs."""
        self.refresh(name)
        try:
            what = f"{self.system} runs {commit}"
            eventually(lambda: self.is_at(name, commit, branch), what, SECONDS_TO_SYNC)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{json.dumps(self.get(name).get('status'), indent=1)}") from None

    def look_again(self, name: str) -> None:
        """Have it compare once more, and wait until it has."""
        if self.system == "argocd":
            self.refresh(name)
            mark = "argocd.argoproj.io/refresh"
            # It takes the mark away once it has compared.
            eventually(
                lambda: mark not in self.get(name)["metadata"].get("annotations", {}),
                "Argo CD compares again",
            )
            return
        token = str(time.time_ns())
        self._mark(self.kind, name, f"reconcile.fluxcd.io/requestedAt={token}")
        eventually(
            lambda: self.get(name)["status"].get("lastHandledReconcileAt") == token, "Flux compares again"
        )

    def stop_pulling(self, name: str) -> None:
        where = ("--namespace", self.namespace)
        self.cluster.kubectl(*where, "delete", self.kind, name, "--ignore-not-found")


@contextmanager
def _running(system: str, cluster: Cluster, folder: Path) -> Iterator[Puller]:
    absent = controllers.missing(system)
    if absent:
        not_proven(f"{', '.join(absent)} could not be built here; see .tools/logs/{system}")
    if system == "argocd":
        config = controllers.TOOLS / "argocd" / "config"
        cluster.kubectl("--namespace=argocd", "apply", "--server-side", f"--filename={config}")
        cluster.kubectl("apply", "--filename=-", given=json.dumps(PROJECT))
    log = folder / "controllers.log"
    with served("tests.cluster.controllers", system, str(folder), str(cluster.kubeconfig), log=log):
        yield Puller(system, cluster)


# What Argo CD's server makes when it starts; it does not run here.
PROJECT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "default", "namespace": "argocd"},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"namespace": "*", "server": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}


@pytest.fixture(scope="session")
def flux(definitions: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Puller]:
    with _running("flux", definitions, tmp_path_factory.mktemp("flux")) as found:
        yield found


@pytest.fixture(scope="session")
def argocd(definitions: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Puller]:
    with _running("argocd", definitions, tmp_path_factory.mktemp("argocd")) as found:
        yield found


@pytest.fixture(params=SYSTEMS)
def puller(request: pytest.FixtureRequest) -> Puller:
    found: Puller = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A git server, and the folder of its bare repositories."""
    root = tmp_path_factory.mktemp("forge")
    with git_server.serving(root) as url:
        yield url, root


@pytest.fixture
def repository(forge: tuple[str, Path], tmp_path: Path) -> Repository:
    return new_repository(*forge, tmp_path / "work")


DEPLOY = """\
app:
  name: {name}
image:
  tag: "1.0.0"
environment:
  LOG_LEVEL: INFO
kubernetes:
  enabled: true
  context: {context}
  namespace: {namespace}
  registry:
    url: registry.example.com/acme
  deployment:
    progress_deadline_seconds: 60
  {more}
gitops:
  repo_url: {url}
  {system}:
    enabled: true
"""


class Pulled(NamedTuple):
    """An app in `folder` of a repository, which `puller` deploys."""

    name: str
    folder: str
    app: App
    repository: Repository
    puller: Puller

    def render(self) -> None:
        self.app.jvbundler("render", self.folder)

    def publish(self, words: str) -> str:
        """Render, commit and push; the commit."""
        self.render()
        return self.repository.publish(words)

    def deliver(self, words: str) -> str:
        """The same, and have it run."""
        commit = self.publish(words)
        self.puller.sync(self.name, commit)
        return commit

    def edit(self, old: str, new: str) -> None:
        path = self.app.folder / self.folder / "deploy.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def start(self) -> str:
        """The first release, and the object that makes the system pull it."""
        commit = self.publish("First release")
        self.puller.start_pulling(self.gitops_object)
        self.puller.sync(self.name, commit)
        return commit

    @property
    def gitops_object(self) -> Path:
        return self.app.folder / self.folder / f"deploy/gitops/{self.puller.system}/default.yaml"

    def deployment(self) -> Object:
        return self.app.get("deployment", self.name, "--show-managed-fields")

    def image(self) -> str:
        return str(self.deployment()["spec"]["template"]["spec"]["containers"][0]["image"])

    def config(self) -> dict[str, str]:
        return dict(self.app.get("configmap", self.name)["data"])


def write_pulled(
    name: str, folder: str, repository: Repository, namespace: str, puller: Puller, more: str = ""
) -> Pulled:
    root = repository.folder / folder
    agent = root / "agents" / "e2e" / "helper"
    agent.mkdir(parents=True)
    (agent / "agent.yaml").write_text("agent: e2e/helper\nactions: []\n")
    (root / "app.yaml").write_text("app: e2e\nversion: 1.0.0\nagents:\n  - e2e/helper\n")
    text = DEPLOY.format(
        name=name,
        context=puller.cluster.context,
        namespace=namespace,
        more=more,
        url=repository.url,
        system=puller.system,
    )
    (root / "deploy.yaml").write_text(text)
    app = App(repository.folder, namespace, puller.cluster)
    return Pulled(name, folder, app, repository, puller)


def make_namespace(cluster: Cluster, namespace: str, name: str) -> None:
    """With the Secret of an app, which is never in a repository."""
    if not cluster.get("", "namespace", namespace):
        cluster.kubectl("create", "namespace", namespace)
    keys = ("JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY")
    values = (f"--from-literal={key}={secrets.token_hex(8)}" for key in keys)
    where = ("--namespace", namespace)
    cluster.kubectl(*where, "create", "secret", "generic", f"{name}-secrets", *values)


@pytest.fixture
def pulled(puller: Puller, repository: Repository, namespace: str) -> Iterator[Pulled]:
    """An app with a volume, in a namespace that has its Secret; nothing is pulled yet."""
    name = f"e2e-{namespace[-6:]}"
    make_namespace(puller.cluster, namespace, name)
    more = "persistence: {enabled: true}"
    yield write_pulled(name, "apps/support", repository, namespace, puller, more)
    puller.stop_pulling(name)
