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
from jvbundler.source.merge import merge
from jvbundler.source.wording import did_you_mean, quoted
from jvbundler.source.yaml.file import parse_yaml, read_yaml, unreadable
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
    root: Node,
    config: Path,
    shown_as: str,
    assigned: Sequence[tuple[str, str]],
    given: bytes | None = None,
) -> tuple[Images, tuple[Problem, ...]]:
    """The image file that the tree of deploy.yaml, `root`, or the command line names; it need not exist.

    `config` is the path of deploy.yaml, which messages call `shown_as`. `given` is what the file is to say,
    in place of what it says.
    """
    name, named_at = _name(root, assigned)
    if not _is_below(name):
        return Images(""), ()  # the schema says what is wrong with it
    path, shown = config.parent / name, os.path.join(os.path.dirname(shown_as), name)  # noqa: PTH118, PTH120
    declared = _declared(root)
    if leads_outside(path, config.parent):
        hint = "name a file below the folder of deploy.yaml"
        problem = error("JVB207", Place(shown), f"'{shown}' leads outside that folder", hint)
        return Images(name, trees=_unknown({}, declared, problem.place)), (problem,)
    data, state = content_and_state(path) if given is None else (given, "")
    if isinstance(data, FileNotFoundError):
        return Images(name, state), _missing(name, named_at)
    if isinstance(data, OSError):
        problem = unreadable(shown, data)
        return Images(name, state, _unknown({}, declared, problem.place)), (problem,)
    trees, problems = parse_images(data, shown, declared)
    return Images(name, state, trees, exists=True), problems


def file_named_by(config: Path) -> Path | None:
    """The image file that a deploy.yaml names; None if it cannot be read."""
    root, _ = read_yaml(config, str(config))
    return config.parent / _name(root, ())[0] if root else None


def parse_images(
    data: bytes, shown_as: str, declared: Collection[str]
) -> tuple[dict[str, Node], tuple[Problem, ...]]:
    """What the file says of each environment; `declared` are those of deploy.yaml. It may be empty."""
    if all(line.lstrip()[:1] in (b"", b"#") for line in data.splitlines()):
        return {}, ()
    root, problems = parse_yaml(data, shown_as)
    found = list(problems)
    lines = data.decode("utf-8", "replace").splitlines()
    trees = dict(_read(root, declared, lines, found)) if root else {}
    wrong = next((problem.place for problem in found if problem.is_error), None)
    return (_unknown(trees, declared, wrong) if wrong else trees), tuple(found)


def _unknown(trees: Mapping[str, Node], declared: Collection[str], wrong: Place) -> dict[str, Node]:
    """What the file does not say stands at the place of a mistake in it, so that no rule judges it."""
    fields = {field: Node("", wrong, wrong) for field in FIELDS}
    silent = {section: Node({part: Node({**fields}, wrong)}, wrong) for section, part in SECTIONS.values()}
    tree = Node({**silent}, wrong)
    return {name: merge(tree, trees[name]) if name in trees else tree for name in declared}


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


def _read(
    root: Node, declared: Collection[str], lines: Sequence[str], found: list[Problem]
) -> Iterator[tuple[str, Node]]:
    """The environments, with what is written as it should be; the rest is `found`."""
    for environment, node in _entries(root):
        if environment not in declared:
            hint = did_you_mean(environment, list(declared)) or f"declared: {', '.join(declared)}"
            found.append(
                _wrong(node, f"environment {quoted(environment)} is not declared in deploy.yaml", hint)
            )
            continue
        found += _wrong_parts(node, environment)
        tree = _tree(node, lines)
        if tree.value:
            yield environment, tree


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
        elif _is_expression(node):
            yield _wrong(node, f"{field} is an expression", "write the value: robots change this file, too")
    tag = find(image, ("tag",))
    if tag is None or tag.value in (None, ""):
        yield _wrong(image, "the image has no tag", "add the tag; with a digest, it is there for people")


def _is_expression(node: Node) -> bool:
    return isinstance(node.value, str) and ("${" in node.value or "{{" in node.value)


def _wrong(node: Node, message: str, hint: str) -> Problem:
    return error("JVB123", node.key_place or node.place, message, hint)


def _tree(node: Node, lines: Sequence[str]) -> Node:
    """What an environment's entry stands for. Without a digest there is none, not that of deploy.yaml."""
    sections = {}
    for platform, image in _entries(node):
        if platform not in SECTIONS or not isinstance(image.value, dict):
            continue
        section, part = SECTIONS[platform]
        none = {"digest": Node("", image.place, image.key_place)}
        values = {
            field: _marked(value, lines)
            for field, value in image.value.items()
            if field in FIELDS and value.value is not None and not _is_expression(value)
        }
        inner = Node({**none, **values}, image.place, image.key_place)
        sections[section] = Node({part: inner}, image.place, image.key_place)
    return Node(sections, node.place, node.key_place)


def _marked(node: Node, lines: Sequence[str]) -> Node:
    """The value with the comment beside it that a robot looks for."""
    found = _MARKER.search(lines[node.place.line - 1]) if node.place.line <= len(lines) else None
    return node._replace(comment=found[1]) if found else node


def _entries(node: Node) -> Iterator[tuple[str, Node]]:
    return iter(node.value.items()) if isinstance(node.value, dict) else iter(())
