"""`jvbundler publish` with a real registry: what is in it, and who may put it there."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import socket
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jvbundler.deploy.publish.artifact import INDEX
from jvbundler.deploy.publish.reference import parse
from jvbundler.values.problem import InputError
from tests.deploy.app import write_app
from tests.deploy.conftest import Run, Tools
from tests.deploy.registry import BASIC, PASSWORD, TOKEN, ask, gate, registry
from tests.deploy.test_hydrate import DATES, IDENTITY

ACCEPT = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
DEPLOY = """\
app:
  name: acme-support
kubernetes:
  enabled: true
  namespace: acme
  registry:
    url: ghcr.io/acme
environment:
  LEVEL: low
gitops:
  repo_url: oci://HOST/acme/deploy
  revision: prod
  flux:
    enabled: true
    source: OCIRepository
"""
KEY = "    verify: {secret_name: cosign-public-keys, key: cosign.key}\n"
IDENTITIES = "    verify: {identities: [{issuer: '^https://i$', subject: '^s$'}]}\n"


class Publisher(NamedTuple):
    """A committed app, and the registry that it is published to."""

    root: Path
    host: str
    run: Run
    tools: Tools

    def git(self, *words: str) -> str:
        env = {"PATH": os.environ["PATH"], **IDENTITY, **DATES}
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def publish(self, *words: str, expected: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        done = self.run("publish", "work/apps/support", *words, **{**IDENTITY, **env})
        assert done.returncode == expected, done.stdout + done.stderr
        return done

    def edit(self, old: str, new: str) -> None:
        path = self.root / "apps/support/deploy.yaml"
        path.write_text(path.read_text().replace(old, new))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "Edit")

    def manifest(self, tag: str = "prod") -> Any:
        return ask(self.host, "GET", f"/v2/acme/deploy/manifests/{tag}", ACCEPT).json()

    def put(self, tag: str, manifest: Any) -> str:
        headers = {"Content-Type": manifest["mediaType"]}
        path = f"/v2/acme/deploy/manifests/{tag}"
        found = ask(self.host, "PUT", path, headers, json.dumps(manifest).encode())
        assert found.status == 201, found
        return found.headers["Docker-Content-Digest"]

    def blob(self, digest: str) -> bytes:
        return ask(self.host, "GET", f"/v2/acme/deploy/blobs/{digest}").body


@pytest.fixture
def host() -> Iterator[str]:
    with registry() as found:
        yield found


@pytest.fixture
def publisher(tmp_path: Path, jvbundler: Run, tools: Tools, host: str) -> Publisher:
    made = Publisher(tmp_path / "work", host, jvbundler, tools)
    write_app(tmp_path / "work" / "apps", DEPLOY.replace("HOST", host))
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("remote", "add", "origin", "https://ci:hunter2hunter2@git.example.com/acme/shop.git")
    made.git("add", "--all")
    made.git("commit", "--quiet", "-m", "First")
    return made


def test_the_artifact_is_as_flux_pushes_one(publisher: Publisher) -> None:
    sha = publisher.git("rev-parse", "HEAD")
    done = json.loads(publisher.publish("--json").stdout)
    found = ask(publisher.host, "GET", "/v2/acme/deploy/manifests/prod", ACCEPT)
    assert found.headers["Docker-Content-Digest"] == done["digest"]
    manifest = found.json()
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.flux.config.v1+json"
    assert [layer["mediaType"] for layer in manifest["layers"]] == [
        "application/vnd.cncf.flux.content.v1.tar+gzip"
    ]
    assert manifest["annotations"] == {
        "org.opencontainers.image.created": "2026-03-02T10:00:00Z",
        "org.opencontainers.image.revision": f"main@sha1:{sha}",
        "org.opencontainers.image.source": "https://git.example.com/acme/shop.git",
    }
    content = gzip.decompress(publisher.blob(manifest["layers"][0]["digest"]))
    config = json.loads(publisher.blob(manifest["config"]["digest"]))
    assert config["created"] == "2026-03-02T10:00:00Z"
    folder = "apps/support/deploy"
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar}
        texts = {name: stream.read().decode() for name, stream in files.items() if stream}
    # Where the Kustomization looks for it.
    assert [*texts] == [
        f"{folder}/gitops/flux/default.yaml",
        f"{folder}/kubernetes/rendered/default/manifest.yaml",
    ]
    assert f"path: {folder}/kubernetes/rendered/default\n" in texts[f"{folder}/gitops/flux/default.yaml"]
    assert "LEVEL: low" in texts[f"{folder}/kubernetes/rendered/default/manifest.yaml"]
    assert (done["tags"], done["pushed"], done["signed"]) == (["prod", sha[:12]], True, False)
    assert publisher.manifest(sha[:12]) == publisher.manifest(done["digest"]) == manifest


def test_the_same_commit_is_pushed_once(publisher: Publisher) -> None:
    first = publisher.publish().stdout
    again = publisher.publish("--json")
    assert first == f"{publisher.host}/acme/deploy@{json.loads(again.stdout)['digest']}\n"
    assert json.loads(again.stdout)["steps"] == []
    # Another tag is another name for it.
    more = json.loads(publisher.publish("--json", "--tag", "v1.0.0").stdout)
    assert [step["step"] for step in more["steps"]] == [f"push {first.strip()} as v1.0.0"]
    publisher.edit("low", "high")
    assert publisher.publish().stdout != first


def test_a_repository_may_be_named_before_or_without_the_app(publisher: Publisher) -> None:
    url = f"oci://{publisher.host}/acme/other"
    publisher.publish(url, "--tag", "x")
    assert ask(publisher.host, "GET", "/v2/acme/other/manifests/x", ACCEPT).status == 200
    done = publisher.run("publish", url, "--dry-run", "-c", "work/apps/support/deploy.yaml", **IDENTITY)
    assert done.returncode == 2
    assert "JVB200" in done.stderr


def test_a_detached_head_has_no_branch_in_its_revision(publisher: Publisher) -> None:
    publisher.git("checkout", "--quiet", "--detach")
    publisher.publish()
    sha = publisher.git("rev-parse", "HEAD")
    assert publisher.manifest()["annotations"]["org.opencontainers.image.revision"] == f"sha1:{sha}"


def test_a_dry_run_asks_no_registry(publisher: Publisher) -> None:
    publisher.edit("    source: OCIRepository\n", f"    source: OCIRepository\n{KEY}")
    shown = publisher.publish("--dry-run").stdout.splitlines()
    words = (
        f"jvbundler publish work/apps/support oci://{publisher.host}/acme/deploy -e default --tag prod --tag "
    )
    assert shown[1].startswith(words)
    assert shown[3].startswith("cosign sign --yes --key cosign.key --allow-http-registry ")
    assert ask(publisher.host, "GET", "/v2/acme/deploy/manifests/prod", ACCEPT).status == 404


@pytest.mark.parametrize(("verify", "options"), [(KEY, ["--key", "cosign.key"]), (IDENTITIES, [])])
def test_cosign_signs_the_digest_with_the_key_or_the_identity(
    publisher: Publisher, verify: str, options: list[str]
) -> None:
    """A stub of cosign: what it is called with; tests/e2e/gitops has the real one."""
    publisher.edit("    source: OCIRepository\n", f"    source: OCIRepository\n{verify}")
    told = publisher.publish(expected=4)
    assert "cosign: is not on PATH" in told.stderr
    assert ask(publisher.host, "GET", "/v2/acme/deploy/manifests/prod", ACCEPT).status == 404
    publisher.tools.put("cosign")
    more = "--signing-config=own.json"
    done = json.loads(publisher.publish("--json", f"--cosign-option={more}").stdout)
    reference = f"{publisher.host}/acme/deploy@{done['digest']}"
    argv = ["cosign", "sign", "--yes", *options, "--allow-http-registry", more, reference]
    assert [call["argv"] for call in publisher.tools.calls()] == [argv]
    assert done["signed"] is True
    unsigned = publisher.publish("--no-sign")
    assert "Flux verifies a signature (gitops.flux.verify), and none is made here" in unsigned.stderr


SIGNATURE = "application/vnd.dev.sigstore.bundle.v0.3+json"


@pytest.mark.parametrize("form", ["former", "present"])
def test_what_is_signed_already_is_not_signed_again(publisher: Publisher, form: str) -> None:
    publisher.edit("    source: OCIRepository\n", f"    source: OCIRepository\n{KEY}")
    publisher.tools.put("cosign")
    digest = json.loads(publisher.publish("--json").stdout)["digest"]
    tag = digest.replace(":", "-")
    if form == "former":
        publisher.put(f"{tag}.sig", publisher.manifest())
    else:
        attached = {**publisher.manifest(), "artifactType": SIGNATURE}
        entry = {"mediaType": ACCEPT["Accept"], "size": 1, "artifactType": SIGNATURE}
        entry["digest"] = publisher.put("attached", attached)
        publisher.put(tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    before = len(publisher.tools.calls())
    assert json.loads(publisher.publish("--json").stdout)["signed"] is False
    assert len(publisher.tools.calls()) == before


def logged_in(home: Path, **config: Any) -> str:
    folder = home / "docker"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


@pytest.mark.parametrize("kind", ["Basic", "Bearer"])
def test_the_login_of_docker_counts(publisher: Publisher, tmp_path: Path, kind: str) -> None:
    with gate(publisher.host, kind) as (host, passed):
        url = f"oci://{host}/acme/deploy"
        refused = publisher.publish(url, expected=4, DOCKER_CONFIG=logged_in(tmp_path))
        assert f"docker login {host}" in refused.stderr
        assert not passed
        config = logged_in(tmp_path, auths={host: {"auth": BASIC}})
        done = publisher.publish(url, "-v", "--json", DOCKER_CONFIG=config)
        assert "PUT /v2/acme/deploy/manifests/prod" in passed
        assert not [secret for secret in (PASSWORD, TOKEN, BASIC) if secret in done.stdout + done.stderr]


def test_an_identity_token_is_exchanged(publisher: Publisher, tmp_path: Path) -> None:
    """As `az acr login` leaves it."""
    nobody = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
    with gate(publisher.host, "Bearer") as (host, passed):
        entry = {"auth": nobody, "identitytoken": "an-identity-token"}
        config = logged_in(tmp_path, auths={host: entry})
        publisher.publish(f"oci://{host}/acme/deploy", DOCKER_CONFIG=config)
        assert "PUT /v2/acme/deploy/manifests/prod" in passed


def test_a_registry_that_does_not_answer_is_told_at_once(publisher: Publisher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        told = publisher.publish(f"oci://{host}/acme/deploy", expected=4).stderr
    assert told == f"jvbundler: '{host}' does not answer: Connection refused\n"


def test_what_is_not_committed_is_not_published(publisher: Publisher) -> None:
    (publisher.root / "apps/support/requirements.txt").write_text("requests\n")
    assert "commit these first" in publisher.publish(expected=2).stderr


def test_a_protected_environment_is_not_published_without_a_word(publisher: Publisher) -> None:
    publisher.edit("app:", "protected: [default]\napp:")
    assert "'default' is protected" in publisher.publish(expected=2).stderr
    publisher.publish("--yes")


def test_what_is_no_repository_is_refused() -> None:
    for url in (
        *("ghcr.io/acme/x", "oci://ghcr.io", "oci://ghcr.io/Acme/x", "oci://ghcr.io/acme/x:1"),
        *("oci://user:pw@ghcr.io/acme/x", "oci://ghcr.io/acme/../x", "oci://ghcr.io/acme/x@sha256:0"),
        *("oci://ghcr.io/acme/x?y", "oci://ghcr.io/acme//x", "oci://ghcr.io/acme/x\n", "oci:///acme/x"),
    ):
        with pytest.raises(InputError, match="is not where an artifact can be pushed to"):
            parse(url)
    assert str(parse("oci://[::1]:5000/a/b")) == "[::1]:5000/a/b"


def test_a_tag_that_no_registry_takes_is_refused(publisher: Publisher) -> None:
    assert "'a b' is not a tag" in publisher.publish("--tag", "a b", expected=2).stderr
