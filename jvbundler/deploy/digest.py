"""The digests of a pushed image: read from buildx's output, and written where the next render finds them.

That is images.yaml, where there is one, else deploy.yaml.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jvbundler.deploy.release import load_release
from jvbundler.output.single import write_file
from jvbundler.pipeline.edit import read_for_edit, set_value
from jvbundler.pipeline.images import images_path, with_image
from jvbundler.pipeline.request import config_path
from jvbundler.rules.rule import platforms
from jvbundler.source.images import SECTIONS
from jvbundler.source.yaml.file import read_yaml
from jvbundler.values.node import find
from jvbundler.values.problem import ToolFailed
from jvbundler.values.reference import DIGEST, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jvbundler.deploy.release import Release
    from jvbundler.project.model import Platform

    # What was pushed, for each platform whose registry it was pushed to.
    Pushed = Mapping[Platform, Reference]

_COMMON = "image.digest"


def pushed_digest(metadata: str) -> str:
    """https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file"""
    try:
        digest = json.loads(metadata)["containerimage.digest"]
    except (ValueError, KeyError, TypeError):
        digest = ""
    if not _is_digest(digest):
        raise ToolFailed("'docker buildx build' did not report the digest of the image that it pushed")
    return str(digest)


def digest_for_lambda(manifest: str, architecture: str) -> str:
    """The digest of the image of one architecture (amd64, arm64) in an index, which Lambda does not take.

    `manifest` is what `docker buildx imagetools inspect --format '{{json .Manifest}}'` prints. The image
    itself is no index where nothing attests to it.
    """
    try:
        found: dict[str, Any] = json.loads(manifest)
        parts = found.get("manifests")
        fitting = [found] if parts is None else [one for one in parts if _is_for(one, architecture)]
        digests = [one["digest"] for one in fitting if _is_digest(one["digest"])]
    except (ValueError, KeyError, TypeError, AttributeError):
        digests = []
    if len(digests) != 1:
        raise ToolFailed(f"the pushed image has {len(digests)} images for linux/{architecture}, not one")
    return str(digests[0])


def _is_for(part: Mapping[str, Any], architecture: str) -> bool:
    """Attestations are of the platform unknown/unknown."""
    platform = part.get("platform") or {}
    return bool(platform.get("os") == "linux" and platform.get("architecture") == architecture)


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and bool(re.fullmatch(DIGEST, text))


def where_noted(release: Release, pushed: Pushed) -> str:
    """What the digests become, in words."""
    file = release.rendered.compiled.source.images
    if file.exists:
        return f"in {file.path}"
    return f"as {' and '.join(_keys(release, pushed))} in deploy.yaml"


def require_writable(release: Release, pushed: Pushed) -> None:
    """Raise InputError before a push whose digests could not be written."""
    if release.rendered.compiled.source.images.exists:
        _with_images(release, pushed)
    else:
        _with_digests(release, pushed)


def with_pushed(release: Release, pushed: Pushed) -> Release:
    """Write the digests, and load the release as it is then; its files are not written yet.

    A digest from `${NAME}` is set by the user: it is left alone, and only this release gets the new one.
    """
    options = release.options
    if release.rendered.compiled.source.images.exists:
        write_file(_path(release), _with_images(release, pushed), force=True)
    else:
        text, others = _with_digests(release, pushed)
        options = options._replace(assignments=(*options.assignments, *others))
        write_file(config_path(release.app_root, options), text, force=True)
    return load_release(
        release.app_root,
        release.shown_as,
        options,
        targets=release.targets,
        environment=release.environment.name,
        output=release.output,
    )


def _path(release: Release) -> Path:
    return images_path(release.app_root, release.options, release.rendered.compiled.source.images)


def _with_images(release: Release, pushed: Pushed) -> str:
    text = read_for_edit(_path(release))
    for platform, image in pushed.items():
        text = with_image(text, release.environment.name, platform, image)
    return text


def _keys(release: Release, pushed: Pushed) -> dict[str, str]:
    """The keys of deploy.yaml that the digests belong to, each with its digest.

    The same digest for all platforms of the environment has one key, and those of its own that each uses.
    """
    environment = release.environment
    own: dict[Platform, str] = {p: ".".join((*SECTIONS[p], "digest")) for p in pushed}
    digests = {image.digest for image in pushed.values()}
    if len(digests) == 1 and set(platforms(environment)) == set(pushed):
        in_use = {own[p]: pushed[p].digest for p in pushed if environment.own_image(p)["digest"]}
        return {_COMMON: digests.pop(), **in_use}
    return {own[platform]: image.digest for platform, image in pushed.items()}


def _with_digests(release: Release, pushed: Pushed) -> tuple[str, tuple[tuple[str, str], ...]]:
    """deploy.yaml with the digests at their keys; and what comes by `${NAME}`, its keys and digests."""
    path = config_path(release.app_root, release.options)
    declared = release.rendered.compiled.source.environments
    # With its environment, as each may run another image.
    section = ("environments", release.environment.name) if declared else ()
    text = read_for_edit(path)
    interpolated = []
    for key, digest in _keys(release, pushed).items():
        where = (*section, *key.split("."))
        if _is_interpolated(path, where):
            interpolated.append((key, digest))
        else:
            text = set_value(text, where, digest)
    return text, tuple(interpolated)


def _is_interpolated(path: Path, keys: tuple[str, ...]) -> bool:
    root, _ = read_yaml(path, str(path))
    node = find(root, keys) if root else None
    text = str(node.value) if node else ""
    return "${" in text or "{{" in text
