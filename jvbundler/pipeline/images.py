"""Changes images.yaml in place, as `pipeline.edit` changes deploy.yaml: comments, order and layout stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from jvbundler.pipeline.edit import set_value, unset_value
from jvbundler.pipeline.request import Options, config_path
from jvbundler.source.images import SECTIONS
from jvbundler.values.problem import InputError
from jvbundler.values.reference import parse_reference

if TYPE_CHECKING:
    from jvbundler.source.images import Images
    from jvbundler.values.reference import Reference

PLATFORMS = {"k8s": ("kubernetes",), "kubernetes": ("kubernetes",), "lambda": ("lambda",)}
HEAD = """\
# The image that runs in each environment. `jvbundler image` changes this file, and so do robots: a value with
# a comment for it, such as {"$imagepolicy": "flux-system:acme-support:tag"}, keeps the comment.
"""


def images_path(app_root: Path, options: Options, images: Images) -> Path:
    """The image file, beside deploy.yaml."""
    return config_path(app_root, options).parent / images.path


def settings_of(text: str) -> tuple[str, ...]:
    """What `--image` stands for, as `--set` takes it: `REF`, or `k8s=REF` for one platform alone.

    Raises InputError for what is no reference.
    """
    name, named, reference = text.rpartition("=")
    platforms = PLATFORMS.get(name, ()) if named else tuple(SECTIONS)
    image = parse_reference(reference)
    if not platforms:
        raise InputError(f"--image: '{name}' is no platform: write k8s=REF or lambda=REF")
    if image is None or not image.tag:
        raise InputError(f"--image: '{reference}' is not an image: write REPOSITORY:TAG@DIGEST")
    return tuple(
        # Quoted, as a tag such as 1.10 is a text.
        f"{'.'.join(SECTIONS[platform])}.{field}={json.dumps(value)}"
        for platform in platforms
        for field, value in image._asdict().items()
    )


def with_image(text: str, environment: str, platform: str, image: Reference) -> str:
    """The text with this image of the environment on the platform; InputError if it cannot be edited."""
    where = (environment, platform)
    text = set_value(text or HEAD, (*where, "repository"), image.repository)
    text = set_value(text, (*where, "tag"), image.tag)
    if image.digest:
        return set_value(text, (*where, "digest"), image.digest)
    return unset_value(text, (*where, "digest"))
