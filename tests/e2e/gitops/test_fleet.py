"""A fleet: a root that is applied once, and then apps come, change and go with commits alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster.cluster import Cluster, Object, eventually
from tests.e2e.gitops.conftest import SECONDS_TO_SYNC, Pulled, Puller, make_namespace, write_pulled
from tests.e2e.gitops.repository import Repository
from tests.e2e.gitops.test_accepted import COMMIT, GIT, OCI, check
from tests.e2e.kubernetes.conftest import App


class Fleet(NamedTuple):
    """Apps in `apps/` of a repository, with their output in `gitops/`."""

    name: str
    namespace: str
    repository: Repository
    puller: Puller

    @property
    def root(self) -> Path:
        return self.repository.folder / f"gitops/fleet/{self.puller.system}/default.yaml"

    def add(self, word: str) -> Pulled:
        """A new app, with its Secret in the cluster; nothing is rendered."""
        name = f"{word}-{self.namespace[-6:]}"
        make_namespace(self.puller.cluster, self.namespace, name)
        made = write_pulled(name, f"apps/{name}", self.repository, self.namespace, self.puller)
        cascade = "    cascade: true\n" if self.puller.system == "argocd" else ""
        with (self.repository.folder / made.folder / "deploy.yaml").open("a") as file:
            file.write(f"{cascade}  fleet:\n    enabled: true\n    name: {self.name}\n")
        return made

    def render(self, *more: str) -> str:
        """The verdict."""
        app = App(self.repository.folder, self.namespace, self.puller.cluster)
        return app.jvbundler("render", "apps/*", "-o", "gitops", *more).stdout

    def refresh(self) -> None:
        """What a webhook of the forge does, for what the root is made of."""
        if self.puller.system == "argocd":
            self.mark(
                "applicationsets.argoproj.io", self.name, "argocd.argoproj.io/application-set-refresh=true"
            )
            return
        now = f"reconcile.fluxcd.io/requestedAt={time.time_ns()}"
        for name in (self.name, f"{self.name}-apps"):
            self.mark("gitrepositories.source.toolkit.fluxcd.io", name, now)

    def mark(self, kind: str, name: str, mark: str) -> None:
        self.puller.cluster.kubectl(
            "--namespace", self.puller.namespace, "annotate", "--overwrite", kind, name, mark
        )

    def sync(self, commit: str, apps: list[Pulled]) -> None:
        """Have the root look, and wait until each app runs the commit."""
        self.refresh()
        for app in apps:
            name = app.name
            eventually(partial(self.puller.get, name), f"{name} is pulled", SECONDS_TO_SYNC)
            if self.puller.system == "argocd":
                self.puller.refresh(name)
            eventually(partial(self.puller.is_at, name, commit), f"{name} is at {commit}", SECONDS_TO_SYNC)

    def pulls(self, app: Pulled) -> Object:
        return self.puller.get(app.name)


@pytest.fixture
def fleet(puller: Puller, repository: Repository, namespace: str) -> Iterator[Fleet]:
    made = Fleet(f"fleet-{namespace[-6:]}", namespace, repository, puller)
    yield made
    if made.root.exists():
        puller.cluster.kubectl("delete", "--ignore-not-found", f"--filename={made.root}")


def test_apps_come_change_and_go_with_commits(fleet: Fleet) -> None:
    apps = [fleet.add(word) for word in ("billing", "orders", "sales", "support")]
    fleet.render()
    first = fleet.repository.publish("Four apps")
    root = fleet.root.read_bytes()
    fleet.puller.cluster.kubectl("apply", f"--filename={fleet.root}")
    fleet.sync(first, apps)
    assert all(app.deployment()["status"]["readyReplicas"] == 1 for app in apps)

    # A fifth one comes.
    fifth = fleet.add("tickets")
    assert fleet.render("--since", "HEAD").startswith("1 of 5 apps: ")
    fleet.sync(fleet.repository.publish("A fifth app"), [*apps, fifth])
    assert fifth.deployment()["status"]["readyReplicas"] == 1

    # One changes, and the others stay as they are.
    changed, *others = apps
    before = {app.name: app.deployment()["metadata"]["generation"] for app in others}
    changed.edit("LOG_LEVEL: INFO", "LOG_LEVEL: DEBUG")
    assert fleet.render("--since", "HEAD").startswith("1 of 5 apps: ")
    fleet.sync(fleet.repository.publish("Tell more"), [*apps, fifth])
    assert changed.config()["LOG_LEVEL"] == "DEBUG"
    assert {app.name: app.deployment()["metadata"]["generation"] for app in others} == before

    # One goes, with what it deployed, and no other does.
    gone = apps.pop()
    fleet.repository.git("rm", "-r", "--quiet", gone.folder, f"gitops/{gone.name}")
    last = fleet.repository.publish("Without an app")
    fleet.refresh()
    eventually(lambda: not fleet.pulls(gone), "it is no longer pulled", SECONDS_TO_SYNC)
    eventually(lambda: not gone.app.get("deployment", gone.name), "it is gone", SECONDS_TO_SYNC)
    fleet.sync(last, [*apps, fifth])
    assert all(app.deployment()["status"]["readyReplicas"] == 1 for app in [*apps, fifth])
    assert fleet.render("--check")
    assert fleet.root.read_bytes() == root, "it was applied once"


def test_argo_cd_renders_only_what_a_commit_changes(
    request: pytest.FixtureRequest, repository: Repository, namespace: str
) -> None:
    argocd: Puller = request.getfixturevalue("argocd")
    fleet = Fleet(f"fleet-{namespace[-6:]}", namespace, repository, argocd)
    app = fleet.add("support")
    fleet.add("sales")
    fleet.render()
    commit = repository.publish("Two apps")
    argocd.cluster.kubectl("apply", f"--filename={fleet.root}")
    try:
        fleet.sync(commit, [app])
        found = fleet.pulls(app)
        assert found["metadata"]["annotations"]["argocd.argoproj.io/manifest-generate-paths"] == "."
        assert found["spec"]["source"]["path"] == f"gitops/{app.name}/kubernetes/rendered/default"
        assert found["metadata"]["ownerReferences"][0]["kind"] == "ApplicationSet"
    finally:
        argocd.cluster.kubectl("delete", "--ignore-not-found", f"--filename={fleet.root}")


# What of gitops.* differs from the defaults.
VARIANTS = {
    "argocd": f"{GIT}, argocd: {{enabled: true}}",
    "argocd, all of it": f"{GIT}, revision: v1.2.3, argocd: {{enabled: true, cascade: true, "
    "automated: false, project: apps, destination_server: 'https://cluster.example.com'}",
    "flux": f"{GIT}, flux: {{enabled: true}}",
    "flux, all of it": f"{GIT}, revision: '{COMMIT}', flux: {{enabled: true, prune: false, secret_name: key, "
    "interval: 90s}",
    "flux, OCI": f"{OCI}, revision: '>=1.2', flux: {{enabled: true, source: OCIRepository}}",
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_root_is_accepted(definitions: Cluster, tmp_path: Path, variant: str) -> None:
    made = Repository("", tmp_path)
    made.git("init", "--quiet")
    for name in ("sales", "support"):
        (tmp_path / "apps" / name / "agents").mkdir(parents=True)
        (tmp_path / "apps" / name / "app.yaml").write_text("app: e2e\nversion: 1.0.0\nagents: []\n")
        (tmp_path / "apps" / name / "deploy.yaml").write_text(
            f"app: {{name: {name}}}\n"
            f"kubernetes: {{enabled: true, registry: {{url: registry.example.com}}, namespace: {name}}}\n"
            f"gitops: {{{VARIANTS[variant]}, fleet: {{enabled: true}}}}\n"
        )
    App(tmp_path, "default", definitions).jvbundler("render", "apps/*", "-o", "gitops")
    paths = [*(tmp_path / "gitops").glob("fleet/*/*.yaml"), *(tmp_path / "gitops").glob("*/gitops/*/*.yaml")]
    assert len(paths) == (1 if "argocd" in variant else 3)
    for path in paths:
        assert "serverside-applied" in check(definitions, path.read_text())
