"""images.yaml → the image of each environment and platform, as the keys of deploy.yaml that it stands for.

The file is small, so that `jvbundler image`, Flux, Argo CD Image Updater and Renovate can change it:

    prod:
      kubernetes:
        repository: ghcr.io/acme/support
        tag: 1.2.3 # {"$imagepolicy": "flux-system:acme-support:tag"}
        digest: sha256:…
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.files import leads_outside
from jvbundler.source.image_file import content_and_state
from jvbundler.source.wording import did_you_mean, quoted
from jvbundler.source.yaml.file import parse_yaml, unreadable
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem, error, warning

if TYPE_CHECKING:
    from collections.abc import Collection

KEY = ("image", "file")
DEFAULT = "images.yaml"
# Where deploy.yaml has the image of each platform.
SECTIONS = {"kubernetes": ("kubernetes", "registry"), "lambda": ("lambda", "ecr")}
FIELDS = ("repository", "tag", "digest")
# What Flux' image automation looks for: its namespace, its name, and `name`, `tag` or `digest`.
# https://fluxcd.io/flux/components/image/imageupdateautomations/#policy-setter
_MARKER = re.compile(r'#\s*(\{"\$imagepolicy":\s*"[A-Za-z0-9.:/_-]+"\})\s*$')


class Images(NamedTuple):
    """What the file says: for each environment, what is merged into its tree.

    `path` is where it was looked for, relative to deploy.yaml; `state` differs where its content does.
    """

    path: str = DEFAULT
    state: str = ""
    trees: Mapping[str, Node] = MappingProxyType({})
    exists: bool = False


def read_images(
    root: Node, config: Path, shown_as: str, assigned: Sequence[tuple[str, str]]
) -> tuple[Images, tuple[Problem, ...]]:
    """The image file that the tree of deploy.yaml, `root`, or the command line names; it need not exist.

    `config` is the path of deploy.yaml, which messages call `shown_as`.
    """
    name, named_at = _name(root, assigned)
    if not _is_below(name):
        return Images(""), ()  # the schema says what is wrong with it
    path, shown = config.parent / name, os.path.join(os.path.dirname(shown_as), name)  # noqa: PTH118, PTH120
    if leads_outside(path, config.parent):
        hint = "name a file below the folder of deploy.yaml"
        return Images(name), (error("JVB207", Place(shown), f"'{shown}' leads outside that folder", hint),)
    data, state = content_and_state(path)
    if isinstance(data, FileNotFoundError):
        return Images(name, state), _missing(name, named_at)
    if isinstance(data, OSError):
        return Images(name, state), (unreadable(shown, data),)
    trees, problems = parse_images(data, shown, _declared(root))
    return Images(name, state, trees, exists=True), problems


def parse_images(
    data: bytes, shown_as: str, declared: Collection[str]
) -> tuple[dict[str, Node], tuple[Problem, ...]]:
    """What the file says of each environment; `declared` are those of deploy.yaml. It may be empty."""
    if all(line.lstrip()[:1] in (b"", b"#") for line in data.splitlines()):
        return {}, ()
    root, problems = parse_yaml(data, shown_as)
    if root is None:
        return {}, problems
    lines = data.decode("utf-8", "replace").splitlines()
    found = list(problems)
    trees = {environment: _tree(node, lines) for environment, node in _checked(root, declared, found)}
    return trees, tuple(found)


def unused(tree: Node, images: Node) -> Iterator[Problem]:
    """A warning for each value of deploy.yaml that the image file replaces."""
    platforms = [name for name in SECTIONS if find(images, (name,))]
    written = [(*SECTIONS[name], field) for name in platforms for field in FIELDS]
    common = [("image", "digest")] if len(platforms) == len(SECTIONS) else []
    for path in [*written, *common]:
        node = find(tree, path)
        if node is not None and node.value:
            message = f"{'.'.join(path)} is not used: {images.place.file} has the image"
            yield warning("JVB124", node.key_place or node.place, message, "remove it")


def _name(root: Node, assigned: Sequence[tuple[str, str]]) -> tuple[str, Place | None]:
    from_line = [text for key, text in assigned if key == ".".join(KEY)]
    node = find(root, KEY)
    if from_line:
        return from_line[-1].strip("'\""), Place("--set")
    if node is None or not isinstance(node.value, str):
        return DEFAULT, None
    return node.value, node.key_place or node.place


def _is_below(name: str) -> bool:
    return bool(name) and not name.startswith("/") and ".." not in name.split("/") and "\\" not in name


def _missing(name: str, named_at: Place | None) -> tuple[Problem, ...]:
    if named_at is None:
        return ()
    hint = "'jvbundler image set' writes it"
    return (warning("JVB124", named_at, f"there is no {name}, so the image is what deploy.yaml says", hint),)


def _declared(root: Node) -> tuple[str, ...]:
    node = find(root, ("environments",))
    names = tuple(node.value) if node and isinstance(node.value, dict) else ()
    return names or ("default",)


def _checked(root: Node, declared: Collection[str], found: list[Problem]) -> Iterator[tuple[str, Node]]:
    """The environments that are written as they should be; what is wrong with the others is `found`."""
    for environment, node in _entries(root):
        if environment not in declared:
            hint = did_you_mean(environment, list(declared)) or f"declared: {', '.join(declared)}"
            found.append(
                _wrong(node, f"environment {quoted(environment)} is not declared in deploy.yaml", hint)
            )
            continue
        more = [*_wrong_parts(node, environment)]
        found += more
        if not more and node.value:
            yield environment, node


def _wrong_parts(node: Node, environment: str) -> Iterator[Problem]:
    platforms = " or ".join(SECTIONS)
    if node.value is not None and not isinstance(node.value, dict):
        yield _wrong(node, f"environment '{environment}' is not a map", f"write {platforms} below it")
    for platform, image in _entries(node):
        if platform not in SECTIONS:
            hint = did_you_mean(platform, list(SECTIONS)) or f"write {platforms}"
            yield _wrong(image, f"{quoted(platform)} is no platform", hint)
        elif not isinstance(image.value, dict):
            yield _wrong(
                image, f"the image of {platform} is not a map", f"write {', '.join(FIELDS)} below it"
            )
        else:
            yield from _wrong_fields(image)


def _wrong_fields(image: Node) -> Iterator[Problem]:
    for field, node in _entries(image):
        if field not in FIELDS:
            hint = did_you_mean(field, list(FIELDS)) or f"known here: {', '.join(FIELDS)}"
            yield _wrong(node, f"unknown key {quoted(field)}", hint)
        elif isinstance(node.value, str) and ("${" in node.value or "{{" in node.value):
            yield _wrong(node, f"{field} is an expression", "write the value: robots change this file, too")
    tag = find(image, ("tag",))
    if tag is None or tag.value in (None, ""):
        yield _wrong(image, "the image has no tag", "add the tag; with a digest, it is there for people")


def _wrong(node: Node, message: str, hint: str) -> Problem:
    return error("JVB123", node.key_place or node.place, message, hint)


def _tree(node: Node, lines: Sequence[str]) -> Node:
    """What an environment's entry stands for. Without a digest there is none, not that of deploy.yaml."""
    sections = {}
    for platform, image in _entries(node):
        section, part = SECTIONS[platform]
        none = {"digest": Node("", image.place, image.key_place)}
        values = {field: _marked(value, lines) for field, value in _entries(image) if value.value is not None}
        inner = Node({**none, **values}, image.place, image.key_place)
        sections[section] = Node({part: inner}, image.place, image.key_place)
    return Node(sections, node.place, node.key_place)


def _marked(node: Node, lines: Sequence[str]) -> Node:
    """The value with the comment beside it that a robot looks for."""
    found = _MARKER.search(lines[node.place.line - 1]) if node.place.line <= len(lines) else None
    return node._replace(comment=found[1]) if found else node


def _entries(node: Node) -> Iterator[tuple[str, Node]]:
    return iter(node.value.items()) if isinstance(node.value, dict) else iter(())
