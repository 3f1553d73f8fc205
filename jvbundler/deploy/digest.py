"""The digest of a pushed image: read from buildx's output, and written where the next render finds it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from jvbundler.deploy.release import load_release
from jvbundler.output.single import write_file
from jvbundler.pipeline.edit import read_for_edit, set_value
from jvbundler.pipeline.request import config_path
from jvbundler.source.yaml.file import read_yaml
from jvbundler.values.node import find
from jvbundler.values.problem import ToolFailed

if TYPE_CHECKING:
    from pathlib import Path

    from jvbundler.deploy.release import Release

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


def pushed_digest(metadata: str) -> str:
    """https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file"""
    try:
        digest = json.loads(metadata)["containerimage.digest"]
    except (ValueError, KeyError, TypeError):
        digest = ""
    if not isinstance(digest, str) or not _DIGEST.match(digest):
        raise ToolFailed("'docker buildx build' did not report the digest of the image that it pushed")
    return digest


def require_writable(release: Release) -> None:
    """Raise InputError before a push whose digest could not be written to deploy.yaml."""
    _edited(release, f"sha256:{'0' * 64}")


def with_digest(release: Release, digest: str) -> Release:
    """Write the digest to deploy.yaml, and reload the release; its files are not written yet.

    A digest from `${NAME}` is set by the user: it is left alone, and only this release gets the new one.
    """
    options = release.options
    text = _edited(release, digest)
    if text is None:
        options = options._replace(assignments=(*options.assignments, ("image.digest", digest)))
    else:
        write_file(config_path(release.app_root, options), text, force=True)
    return load_release(
        release.app_root,
        release.shown_as,
        options,
        targets=release.targets,
        environment=release.environment.name,
        output=release.output,
    )


def _keys(release: Release) -> tuple[str, ...]:
    """Where deploy.yaml holds the digest: per environment, as each may run another image."""
    declared = release.rendered.compiled.source.environments
    return (*(("environments", release.environment.name) if declared else ()), "image", "digest")


def _edited(release: Release, digest: str) -> str | None:
    """deploy.yaml with the digest in it; None if its digest comes from `${NAME}`."""
    path = config_path(release.app_root, release.options)
    keys = _keys(release)
    return None if _is_interpolated(path, keys) else set_value(read_for_edit(path), keys, digest)


def _is_interpolated(path: Path, keys: tuple[str, ...]) -> bool:
    root, _ = read_yaml(path, str(path))
    node = find(root, keys) if root else None
    text = str(node.value) if node else ""
    return "${" in text or "{{" in text
