"""The life of one release: its image moves from environment to environment by a commit, and back by a revert.

The images are in a real registry on loopback, Flux and Argo CD pull each environment, and at each point the
cluster runs exactly what the file says.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.deploy.conftest import ROOT
from tests.deploy.image.pushed import push_index
from tests.deploy.registry import registry
from tests.e2e.gitops.conftest import Puller, make_namespace
from tests.e2e.gitops.repository import Repository
from tests.e2e.kubernetes.conftest import App

ENVIRONMENTS = ("dev", "staging", "prod")
FOLDER = "apps/support"
DEPLOY = """\
app: {{name: {name}}}
environment: {{JVSPATIAL_DB_TYPE: mongodb, JVSPATIAL_ENVIRONMENT: production}}
kubernetes:
  enabled: true
  context: {context}
  registry: {{url: {host}/acme}}
  deployment: {{progress_deadline_seconds: 60}}
gitops: {{repo_url: "{url}", {system}: {{enabled: true}}}}
checks: {{ignore: [{{rule: JVB222, reason: no pod runs the app here}}]}}
protected: [prod]
environments:
  dev: {{kubernetes: {{namespace: {namespace}-dev}}}}
  staging: {{kubernetes: {{namespace: {namespace}-staging}}}}
  prod: {{kubernetes: {{namespace: {namespace}-prod}}}}
"""


class Life(NamedTuple):
    """An app with three environments, each pulled into a namespace of its own."""

    name: str
    host: str
    app: App
    repository: Repository
    puller: Puller
    docker: str

    def release(self, tag: str) -> str:
        """Build and push: the image of this commit, as a reference."""
        commit = self.repository.git("rev-parse", "HEAD")
        digest = push_index(self.host, f"acme/{self.name}", tag, "amd64", revision=commit)
        return f"{self.host}/acme/{self.name}:{tag}@{digest}"

    def image(self, *words: str) -> None:
        self.run("image", words[0], FOLDER, *words[1:])

    def run(self, *words: str, expected: int = 0) -> str:
        path = f"{self.docker}:{self.app.environ()['PATH']}"
        return self.app.jvbundler(*words, expected=expected, env={"PATH": path}).stdout

    def deliver(self, words: str) -> None:
        """Commit, push, and have all three run it."""
        commit = self.repository.publish(words)
        self.settle(commit)

    def settle(self, commit: str) -> None:
        for environment in ENVIRONMENTS:
            self.puller.sync(f"{self.name}-{environment}", commit)

    def says(self) -> dict[str, str]:
        """What `image show` says."""
        shown = json.loads(self.run("image", "show", FOLDER, "--json", "--offline"))["images"]
        return {one["environment"]: self._reference(one) for one in shown}

    @staticmethod
    def _reference(one: dict[str, Any]) -> str:
        return f"{one['repository']}:{one['tag']}" + (f"@{one['digest']}" if one["digest"] else "")

    def runs(self) -> dict[str, str]:
        """What the pods of the cluster run."""
        found = {}
        for environment in ENVIRONMENTS:
            namespace = f"{self.app.namespace}-{environment}"
            [deployment] = self.puller.cluster.get(namespace, "deployments")["items"]
            found[environment] = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        return found

    def agrees(self, **images: str) -> None:
        """The file, the cluster, `diff` and `status` say these images."""
        assert self.says() == images
        assert self.runs() == images
        self.run("diff", FOLDER)
        for environment in ENVIRONMENTS:
            status = json.loads(self.run("status", "k8s", FOLDER, "-e", environment, "--json"))
            assert status["image"] == {"rendered": images[environment], "running": images[environment]}


@pytest.fixture
def life(puller: Puller, repository: Repository, namespace: str, tmp_path: Path) -> Iterator[Life]:
    plugin = shutil.which("buildx", path=str(ROOT / ".tools/bin"))
    if plugin is None:
        pytest.fail("'buildx' is missing: make tools")
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ntest "$1" = buildx || exit 1\nshift\nexec {plugin} "$@"\n')
    program.chmod(0o755)
    name = f"e2e-{namespace[-6:]}"
    root = repository.folder / FOLDER
    agent = root / "agents" / "e2e" / "helper"
    agent.mkdir(parents=True)
    (agent / "agent.yaml").write_text("agent: e2e/helper\nactions: []\n")
    (root / "app.yaml").write_text("app: e2e\nversion: 1.0.0\nagents:\n  - e2e/helper\n")
    # kubectl's, as HOME is this folder too.
    (repository.folder / ".gitignore").write_text(".kube\n.cache\n")
    app = App(repository.folder, namespace, puller.cluster)
    for environment in ENVIRONMENTS:
        make_namespace(puller.cluster, f"{namespace}-{environment}", name)
    with registry() as host:
        text = DEPLOY.format(
            name=name,
            host=host,
            url=repository.url,
            namespace=namespace,
            context=puller.cluster.context,
            system=puller.system,
        )
        (root / "deploy.yaml").write_text(text)
        yield Life(name, host, app, repository, puller, str(program.parent))
    for environment in ENVIRONMENTS:
        puller.stop_pulling(f"{name}-{environment}")
        puller.cluster.kubectl("delete", "namespace", f"{namespace}-{environment}", "--wait=false")


def test_an_image_moves_by_commits_and_back_by_a_revert(life: Life) -> None:
    life.repository.publish("The app")
    first = life.release("1.0.0")
    for environment in ENVIRONMENTS:
        life.image("set", "-e", environment, first, "--yes")
    commit = life.repository.publish("First release")
    for environment in ENVIRONMENTS:
        rendered = f"deploy/gitops/{life.puller.system}/{environment}.yaml"
        life.puller.start_pulling(life.app.folder / FOLDER / rendered)
    life.settle(commit)
    life.agrees(dev=first, staging=first, prod=first)

    second = life.release("1.1.0")
    life.image("set", "-e", "dev", second)
    life.deliver("Release 1.1.0 to dev")
    life.agrees(dev=second, staging=first, prod=first)
    life.image("promote", "--from", "dev", "--to", "staging")
    life.deliver("Release 1.1.0 to staging")
    life.agrees(dev=second, staging=second, prod=first)
    life.image("promote", "--from", "staging", "--to", "prod", "--yes")
    life.image("verify")
    life.deliver("Release 1.1.0 to prod")
    life.agrees(dev=second, staging=second, prod=second)

    life.repository.git("revert", "--no-edit", "HEAD")
    life.deliver("Nothing more")
    life.agrees(dev=second, staging=second, prod=first)
    history = json.loads(life.run("image", "history", FOLDER, "-e", "prod", "--json"))["changes"]
    assert [change["after"]["tag"] for change in history] == ["1.0.0", "1.1.0", "1.0.0"]
    assert history[0]["subject"].startswith("Revert ")
