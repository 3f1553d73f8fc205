"""Files as an OCI artifact of Flux, as `flux push artifact` makes one: the same files give the same bytes.

Sources: fluxcd/pkg oci v0.68.1, push.go, globals.go and meta.go;
https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md. Pure.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Mapping
from typing import NamedTuple

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.cncf.flux.config.v1+json"
CONTENT = "application/vnd.cncf.flux.content.v1.tar+gzip"
# The header of RFC 1952 without name and time, for an unknown system: Python's own differs between versions.
_GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


class Blob(NamedTuple):
    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.data)

    def descriptor(self) -> dict[str, str | int]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)}


class Artifact(NamedTuple):
    """The manifest, and the blobs that it refers to."""

    manifest: Blob
    blobs: tuple[Blob, ...]

    @property
    def digest(self) -> str:
        return self.manifest.digest


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def artifact(files: Mapping[str, str], *, created: str, source: str, revision: str) -> Artifact:
    """`created` is a date of RFC 3339, `source` the URL of the repository and `revision` a commit of it."""
    content = archive(files)
    layer = Blob(CONTENT, compressed(content))
    image = {
        "architecture": "",
        "os": "",
        "created": created,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(content)]},
    }
    config = Blob(CONFIG, _json(image))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
        "annotations": {
            "org.opencontainers.image.created": created,
            "org.opencontainers.image.revision": revision,
            "org.opencontainers.image.source": source,
        },
    }
    return Artifact(Blob(MANIFEST, _json(manifest)), (config, layer))


def archive(files: Mapping[str, str]) -> bytes:
    """A tar of the files, sorted, without owners and times."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in sorted(files.items()):
            data = text.encode()
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.mtime = len(data), 0o644, 0
            tar.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def compressed(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    ends = (zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return _GZIP + body + b"".join(number.to_bytes(4, "little") for number in ends)


def _json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
