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
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from jvbundler.deploy.release import Release
    from jvbundler.project.model import Platform

# The key of each platform's own digest.
_OWN: dict[Platform, str] = {"kubernetes": "kubernetes.registry.digest", "lambda": "lambda.ecr.digest"}
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


def digest_keys(release: Release, registries: Collection[Platform]) -> tuple[str, ...]:
    """The keys of deploy.yaml that the digest of a push to the registries of these platforms belongs into.

    A push to all registries of the environment has one key, and those of a single one that are in use.
    """
    enabled = [platform for platform in _OWN if release.environment.settings[platform]["enabled"]]
    pushed = [platform for platform in enabled if platform in registries]
    if pushed == enabled:
        return (
            "image.digest",
            *(_OWN[platform] for platform in enabled if release.environment.own_digest(platform)),
        )
    return tuple(_OWN[platform] for platform in pushed)


def require_writable(release: Release, registries: Collection[Platform]) -> None:
    """Raise InputError before a push whose digest could not be written to deploy.yaml."""
    _edited(release, digest_keys(release, registries), f"sha256:{'0' * 64}")


def with_digest(release: Release, digest: str, registries: Collection[Platform]) -> Release:
    """Write the digest to deploy.yaml, and load the release as it is then; its files are not written yet.

    A digest from `${NAME}` is set by the user: it is left alone, and only this release gets the new one.
    """
    options = release.options
    text, others = _edited(release, digest_keys(release, registries), digest)
    assignments = (*options.assignments, *((key, digest) for key in others))
    options = options._replace(assignments=assignments)
    write_file(config_path(release.app_root, options), text, force=True)
    return load_release(
        release.app_root,
        release.shown_as,
        options,
        targets=release.targets,
        environment=release.environment.name,
        output=release.output,
    )


def _edited(release: Release, keys: Iterable[str], digest: str) -> tuple[str, tuple[str, ...]]:
    """deploy.yaml with the digest at the keys, and the keys that have one by `${NAME}`."""
    path = config_path(release.app_root, release.options)
    declared = release.rendered.compiled.source.environments
    # With its environment, as each may run another image.
    section = ("environments", release.environment.name) if declared else ()
    text = read_for_edit(path)
    interpolated = []
    for key in keys:
        where = (*section, *key.split("."))
        if _is_interpolated(path, where):
            interpolated.append(key)
        else:
            text = set_value(text, where, digest)
    return text, tuple(interpolated)


def _is_interpolated(path: Path, keys: tuple[str, ...]) -> bool:
    root, _ = read_yaml(path, str(path))
    node = find(root, keys) if root else None
    text = str(node.value) if node else ""
    return "${" in text or "{{" in text
