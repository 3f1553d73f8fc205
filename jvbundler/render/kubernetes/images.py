"""The image that images.yaml names, as `images` of the environment's overlay, where robots can change it too.

Kustomize applies `images` after the patches, to every container whose image is in the repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.render.text.escaping import Verbatim
from jvbundler.render.text.yaml_text import scalar
from jvbundler.source.images import SECTIONS
from jvbundler.values.node import find
from jvbundler.values.reference import parse_reference

if TYPE_CHECKING:
    from jvbundler.project.model import Environment
    from jvbundler.render.kubernetes.resource import Resource

# The fields of Kustomize's entry by those of images.yaml.
_FIELDS = {"newName": "repository", "newTag": "tag", "digest": "digest"}


class Field(NamedTuple):
    """`comment` is the one that a robot finds the value by, as it stands in images.yaml."""

    name: str
    value: str
    comment: Verbatim


class Entry(NamedTuple):
    """`name` is the repository of the base's image, which the fields replace."""

    name: str
    fields: tuple[Field, ...]


def image_entry(base: Environment, environment: Environment, own: Sequence[Resource]) -> Entry | None:
    """What makes the base's image the environment's; None where patches have to.

    That is where a container of the environment runs another image of the same repository.
    """
    registry, name = environment.own_image("kubernetes"), base.kubernetes_repository
    if not registry["tag"] or environment.kubernetes_image == base.kubernetes_image:
        return None
    others = {image for one in own for image in images_in(one.data) if repository_of(image) == name}
    if others - {environment.kubernetes_image}:
        return None
    values = {
        "newName": environment.kubernetes_repository if environment.kubernetes_repository != name else "",
        "newTag": environment.tag("kubernetes"),
        "digest": environment.digest("kubernetes"),
    }
    fields = (
        Field(key, value, _comment(environment, _FIELDS[key])) for key, value in values.items() if value
    )
    return Entry(name, tuple(fields))


def with_image(base: Sequence[Resource], old: str, new: str) -> tuple[Resource, ...]:
    """The base's objects as they are after `images`."""
    before, after = f"image: {scalar(old)}\n", f"image: {scalar(new)}\n"
    return tuple(one._replace(text=one.text.replace(before, after)) for one in base)


def images_in(data: Any) -> Iterator[str]:
    """The images of all containers of an object, of whatever kind it is."""
    if isinstance(data, list):
        for item in data:
            yield from images_in(item)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key in ("containers", "initContainers") and isinstance(value, list):
                yield from (str(one["image"]) for one in value if isinstance(one, dict) and one.get("image"))
            else:
                yield from images_in(value)


def repository_of(image: str) -> str:
    reference = parse_reference(image)
    return reference.repository if reference else ""


def _comment(environment: Environment, field: str) -> Verbatim:
    node = find(environment.node, (*SECTIONS["kubernetes"], field))
    return Verbatim(f" # {node.comment}" if node and node.comment else "")
