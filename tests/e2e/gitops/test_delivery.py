"""What `jvbundler hydrate` and `publish` leave is pulled, and runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.cluster import Object, eventually
from tests.deploy.conftest import ROOT
from tests.deploy.registry import registry
from tests.e2e.gitops.conftest import (
    SECONDS_TO_SYNC,
    Pulled,
    Puller,
    make_namespace,
    not_proven,
    write_pulled,
)
from tests.e2e.gitops.repository import Repository

BRANCH = "environment/prod"
WHO = {
    f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def test_a_hydrated_branch_is_pulled_and_changes_only_with_its_manifest(pulled: Pulled) -> None:
    pulled.edit("gitops:\n", f"gitops:\n  revision: {BRANCH}\n")
    pulled.publish("First release")
    first = hydrate(pulled)
    pulled.puller.start_pulling(pulled.gitops_object)
    pulled.puller.sync(pulled.name, first, BRANCH)
    assert pulled.deployment()["status"]["readyReplicas"] == 1

    pulled.repository.publish("Nothing that is rendered")
    assert hydrate(pulled) == first

    pulled.edit("LOG_LEVEL: INFO", "LOG_LEVEL: DEBUG")
    pulled.publish("Tell more")
    second = hydrate(pulled)
    assert second != first
    pulled.puller.sync(pulled.name, second, BRANCH)
    assert pulled.config()["LOG_LEVEL"] == "DEBUG"


def hydrate(pulled: Pulled) -> str:
    words = ("hydrate", pulled.folder, "--branch", BRANCH, "--push")
    pulled.app.jvbundler(*words, env=WHO)
    return pulled.repository.git("rev-parse", f"origin/{BRANCH}")


def test_argo_cd_hydrates_the_overlay_to_the_same_manifest(
    argocd: Puller, repository: Repository, namespace: str
) -> None:
    """The Application of docs/ci.md."""
    name = f"e2e-{namespace[-6:]}"
    make_namespace(argocd.cluster, namespace, name)
    pulled = write_pulled(name, "apps/support", repository, namespace, argocd)
    pulled.publish("First release")
    output = pulled.app.folder / pulled.folder / "deploy"
    flat = (output / "kubernetes/rendered/default/manifest.yaml").read_text()
    overlay = f"{pulled.folder}/deploy/kubernetes/overlays/default"
    argocd.cluster.kubectl("apply", "--filename=-", given=json.dumps(may_push(name, repository.url)))
    try:
        application = documented(name, namespace, repository.url, overlay)
        argocd.cluster.kubectl("apply", "--filename=-", given=json.dumps(application))

        def hydrated() -> bool:
            """Its first commit on the branch is empty."""
            if not repository.git("ls-remote", "origin", f"refs/heads/{BRANCH}"):
                return False
            repository.git("fetch", "--quiet", "origin", BRANCH)
            return bool(repository.git("ls-tree", "FETCH_HEAD", f"{name}/manifest.yaml"))

        eventually(hydrated, "the manifest is on the branch", SECONDS_TO_SYNC)
        assert objects(repository.git("show", f"FETCH_HEAD:{name}/manifest.yaml")) == objects(flat)
        commit = repository.git("rev-parse", "FETCH_HEAD")
        eventually(lambda: argocd.is_at(name, commit), "it runs", SECONDS_TO_SYNC)
    finally:
        argocd.stop_pulling(name)
        argocd.cluster.kubectl("--namespace", argocd.namespace, "delete", "secret", f"{name}-push")


def documented(name: str, namespace: str, url: str, overlay: str) -> Object:
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- sourceHydrator -->\n```yaml\n(.*?)```", text, re.DOTALL)
    assert found
    made: Object = yaml.safe_load(found[1])
    made["metadata"]["name"] = name
    made["spec"]["destination"]["namespace"] = namespace
    made["spec"]["sourceHydrator"]["drySource"] |= {"repoURL": url, "path": overlay}
    made["spec"]["sourceHydrator"]["syncSource"]["path"] = name
    return made


def may_push(name: str, url: str) -> Object:
    """What lets Argo CD push to the repository."""
    labels = {"argocd.argoproj.io/secret-type": "repository-write"}
    place = {"name": f"{name}-push", "namespace": "argocd", "labels": labels}
    data = {"type": "git", "url": url}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": place, "stringData": data}


def objects(text: str) -> dict[tuple[str, str], Object]:
    documents = [document for document in yaml.safe_load_all(text) if document]
    return {(each["kind"], each["metadata"]["name"]): each for each in documents}


@pytest.fixture
def host() -> Iterator[str]:
    with registry() as found:
        yield found


@pytest.fixture
def published(flux: Puller, repository: Repository, namespace: str, host: str) -> Iterator[Pulled]:
    """An app that Flux pulls from a registry; nothing is in it yet."""
    name = f"e2e-{namespace[-6:]}"
    make_namespace(flux.cluster, namespace, name)
    made = write_pulled(name, "apps/support", repository, namespace, flux)
    made.edit(f"repo_url: {repository.url}", f"repo_url: oci://{host}/acme/deploy\n  revision: prod")
    path = made.app.folder / made.folder / "deploy.yaml"
    path.write_text(path.read_text() + "    source: OCIRepository\n")
    yield made
    made.puller.stop_pulling(name)
    flux.cluster.kubectl("--namespace", flux.namespace, "delete", "ocirepository", name, "--ignore-not-found")


def publish(published: Pulled, *words: str, **env: str) -> str:
    done = published.app.jvbundler("publish", published.folder, "--json", *words, env=env)
    return str(json.loads(done.stdout)["digest"])


def runs(published: Pulled, digest: str, commit: str) -> bool:
    """Whether the artifact is applied, and Flux knows which commit it comes from."""
    found = published.puller.get(published.name)
    status = found.get("status", {})
    return (
        published.puller.ready_condition(found).get("status") == "True"
        and status.get("lastAppliedRevision") == f"prod@{digest}"
        and status.get("lastAppliedOriginRevision") == f"main@sha1:{commit}"
    )


def look_now(published: Pulled) -> None:
    puller = published.puller
    mark = f"reconcile.fluxcd.io/requestedAt={published.repository.git('rev-parse', 'HEAD')}"
    where = ("--namespace", puller.namespace)
    puller.cluster.kubectl(*where, "annotate", "--overwrite", "ocirepository", published.name, mark)


def test_an_artifact_is_pulled_and_followed_by_its_tag(published: Pulled) -> None:
    commit = published.publish("First release")
    digest = publish(published)
    published.puller.start_pulling(published.gitops_object)
    eventually(lambda: runs(published, digest, commit), "the artifact runs", SECONDS_TO_SYNC)
    assert published.deployment()["status"]["readyReplicas"] == 1

    published.edit("LOG_LEVEL: INFO", "LOG_LEVEL: DEBUG")
    commit = published.publish("Tell more")
    digest = publish(published)
    look_now(published)
    eventually(lambda: runs(published, digest, commit), "the next artifact runs", SECONDS_TO_SYNC)
    assert published.config()["LOG_LEVEL"] == "DEBUG"


# Services that cosign tells of a signature: none, as nothing here leaves this machine.
NO_SERVICES = {"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}


def test_only_what_is_signed_is_applied(published: Pulled, tmp_path: Path) -> None:
    if shutil.which("cosign") is None:
        not_proven("cosign is not on PATH")
    config = tmp_path / "services.json"
    config.write_text(json.dumps(NO_SERVICES))
    keys = published.app.folder.parent / "keys"
    keys.mkdir()
    generate_keys(keys)
    flux = published.puller
    where = ("--namespace", flux.namespace)
    name = f"{published.name}-keys"
    flux.cluster.kubectl(*where, "create", "secret", "generic", name, f"--from-file={keys / 'cosign.pub'}")
    path = published.app.folder / published.folder / "deploy.yaml"
    verify = f"    verify: {{secret_name: {name}, key: {keys / 'cosign.key'}}}\n"
    path.write_text(path.read_text() + verify)
    commit = published.publish("First release")
    publish(published, "--no-sign")
    published.puller.start_pulling(published.gitops_object)

    def refusal() -> bool:
        found = flux.cluster.get(flux.namespace, "ocirepositories.source.toolkit.fluxcd.io", published.name)
        conditions = found.get("status", {}).get("conditions", [])
        return any(c["type"] == "SourceVerified" and c["status"] == "False" for c in conditions)

    eventually(refusal, "what is not signed is refused", SECONDS_TO_SYNC)
    assert not published.app.get("deployments").get("items")
    digest = publish(published, f"--cosign-option=--signing-config={config}", COSIGN_PASSWORD="")
    look_now(published)
    eventually(lambda: runs(published, digest, commit), "what is signed runs", SECONDS_TO_SYNC)
    flux.cluster.kubectl(*where, "delete", "secret", name)


def generate_keys(folder: Path) -> None:
    subprocess.run(
        ["cosign", "generate-key-pair"],
        cwd=folder,
        env={**os.environ, "COSIGN_PASSWORD": ""},
        check=True,
        capture_output=True,
    )
