"""Images in a real registry on loopback, put there by its API: what `docker buildx build --push` makes."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

from tests.deploy.registry import ask

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CREATED = "2026-11-01T08:30:00Z"


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def push_index(host: str, repository: str, tag: str, *architectures: str, revision: str = "") -> str:
    """An image for each architecture, with an attestation for each; the digest of all."""
    images = [_image(host, repository, one, tag, revision) for one in architectures]
    attested = [_attestation(host, repository, one["digest"]) for one in images]
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*images, *attested]}
    return _put(host, repository, tag, INDEX, document)


def push_image(host: str, repository: str, tag: str, architecture: str, revision: str = "") -> str:
    """A single image, as a build without attestations pushes it; its digest."""
    digest = str(_image(host, repository, architecture, tag, revision)["digest"])
    text = ask(host, "GET", f"/v2/{repository}/manifests/{digest}", {"Accept": MANIFEST}).body
    return _put(host, repository, tag, MANIFEST, json.loads(text))


def manifest(host: str, repository: str, reference: str) -> Any:
    found = ask(host, "GET", f"/v2/{repository}/manifests/{reference}", {"Accept": f"{INDEX}, {MANIFEST}"})
    assert found.status == 200, found
    return found.json()


def _image(host: str, repository: str, architecture: str, content: str, revision: str) -> dict[str, Any]:
    layer = f"{content} for {architecture}".encode()
    labels = {"org.opencontainers.image.revision": revision} if revision else {}
    config = {
        "created": CREATED,
        "architecture": architecture,
        "os": "linux",
        "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": [sha256(layer)]},
    }
    platform = {"architecture": architecture, "os": "linux"}
    return _stored(host, repository, config, gzip.compress(layer, mtime=0)) | {"platform": platform}


def _attestation(host: str, repository: str, of: str) -> dict[str, Any]:
    """https://docs.docker.com/build/metadata/attestations/attestation-storage/"""
    unknown = {"architecture": "unknown", "os": "unknown"}
    config = {**unknown, "config": {}, "rootfs": {"type": "layers", "diff_ids": [of]}}
    about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of}
    stored = _stored(host, repository, config, gzip.compress(of.encode(), mtime=0))
    return stored | {"platform": unknown, "annotations": about}


def _stored(host: str, repository: str, config: dict[str, Any], layer: bytes) -> dict[str, Any]:
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            **_blob(host, repository, json.dumps(config).encode()),
        },
        "layers": [{"mediaType": LAYER, **_blob(host, repository, layer)}],
    }
    data = json.dumps(document).encode()
    digest = _put(host, repository, sha256(data), MANIFEST, document)
    return {"mediaType": MANIFEST, "digest": digest, "size": len(data)}


def _blob(host: str, repository: str, data: bytes) -> dict[str, Any]:
    begun = ask(host, "POST", f"/v2/{repository}/blobs/uploads/")
    place = begun.headers["Location"].removeprefix(f"http://{host}")
    joined = f"{place}{'&' if '?' in place else '?'}digest={sha256(data)}"
    assert ask(host, "PUT", joined, {"Content-Type": "application/octet-stream"}, data).status == 201
    return {"digest": sha256(data), "size": len(data)}


def _put(host: str, repository: str, reference: str, kind: str, document: dict[str, Any]) -> str:
    data = json.dumps(document).encode()
    answer = ask(host, "PUT", f"/v2/{repository}/manifests/{reference}", {"Content-Type": kind}, data)
    assert answer.status == 201, answer
    return sha256(data)
