"""What a registry tells of an image, by `docker buildx imagetools`, which needs no engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from jvbundler.runner import find_tool, run
from jvbundler.values.problem import ToolFailed
from jvbundler.values.reference import Reference

INSPECT_SECONDS = 60.0
# Where the answer is an addition that can be missing.
GLANCE_SECONDS = 10.0
MOST_AT_A_TIME = 8
# https://github.com/opencontainers/image-spec/blob/main/annotations.md
REVISION = "org.opencontainers.image.revision"
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class Found(NamedTuple):
    """An image in its registry. `created` is when it was built (RFC 3339), empty if it does not say.

    `platforms` are those that it runs on, linux/amd64; `revision` is the commit that it was built from.
    """

    digest: str
    is_index: bool
    platforms: tuple[str, ...]
    created: str
    revision: str


def inspect(reference: str, environ: Mapping[str, str], timeout_seconds: float = INSPECT_SECONDS) -> Found:
    """Raises ToolFailed if the registry has no such image, or cannot be asked."""
    argv = ("docker", "buildx", "imagetools", "inspect", reference, "--format", "{{json .}}")
    done = run(argv, env=environ, timeout_seconds=timeout_seconds)
    try:
        return _found(json.loads(done.text))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ToolFailed(
            f"'docker buildx imagetools inspect {reference}' did not describe an image"
        ) from None


def looked_up(images: Iterable[Reference], environ: Mapping[str, str]) -> dict[Reference, Found]:
    """What the registries tell of the images; all are asked at a time, and not for long.

    Without those that cannot be asked, and what they do not have.
    """
    wanted = [image for image in dict.fromkeys(images) if image.repository]
    if not wanted or not find_tool("docker"):
        return {}
    with ThreadPoolExecutor(MOST_AT_A_TIME) as pool:
        found = pool.map(lambda image: _looked_up(image, environ), wanted)
        return {image: one for image, one in zip(wanted, found, strict=True) if one}


def _looked_up(image: Reference, environ: Mapping[str, str]) -> Found | None:
    try:
        return inspect(str(image._replace(tag="") if image.digest else image), environ, GLANCE_SECONDS)
    except ToolFailed:
        return None


def _found(document: Mapping[str, Any]) -> Found:
    manifest, image = document["manifest"], document.get("image") or {}
    # Of an index, a map of platforms to images; else the image alone.
    images = [image] if "rootfs" in image or "os" in image else list(image.values())
    known = [one for one in images if one.get("os") not in (None, "", "unknown")]
    labels = [(one.get("config") or {}).get("Labels") or {} for one in known]
    return Found(
        digest=str(manifest["digest"]),
        is_index=manifest.get("mediaType") in _INDEXES,
        platforms=tuple(f"{one['os']}/{one['architecture']}" for one in known),
        created=next((str(one["created"]) for one in known if one.get("created")), ""),
        revision=next((str(each[REVISION]) for each in labels if each.get(REVISION)), ""),
    )
