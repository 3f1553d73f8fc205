"""Kubernetes manifests as text: their documents, and the line of each of their fields.

Reads YAML as the Kubernetes tools do; knows nothing of schemas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import yaml

from jvbundler.values.problem import Place, Problem, error

RULE = "yaml"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads each key, and a bare date, as a string, as Kubernetes does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        return {_key_text(key): value for key, value in mapping.items()}


_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)


class Document(NamedTuple):
    """One object of a manifest: its value, and the nodes that know the lines."""

    file: str
    value: Any
    node: yaml.Node

    @property
    def kind(self) -> str:
        """`apps/v1 Deployment`; empty for a document that is not a Kubernetes object."""
        if not isinstance(self.value, dict):
            return ""
        api_version, kind = self.value.get("apiVersion"), self.value.get("kind")
        return f"{api_version} {kind}" if api_version and kind else ""

    @property
    def name(self) -> str:
        metadata = self.value.get("metadata") if isinstance(self.value, dict) else None
        return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""

    def place(self, path: Sequence[str | int] = ()) -> Place:
        """Where the field at `path` is written."""
        return place_of(self.file, self.node, path)


def documents(path: str, text: str) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """The non-empty documents of a manifest; problems for invalid YAML and repeated keys."""
    found: list[Document] = []
    problems: list[Problem] = []
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            problems += (_repeated(path, key) for key in _repeated_keys(node))
            value = loader.construct_document(node)
            if value is not None:
                found.append(Document(path, value, node))
    except yaml.MarkedYAMLError as failure:
        problems.append(error(RULE, _place_of_failure(path, failure), f"not valid YAML: {failure.problem}"))
    except yaml.YAMLError as failure:
        problems.append(error(RULE, Place(path), f"not valid YAML: {failure}"))
    finally:
        loader.dispose()
    return tuple(found), tuple(problems)


def place_of(file: str, root: yaml.Node, path: Sequence[str | int]) -> Place:
    """Where the value at `path` below `root` is written, or the deepest of its parents that is."""
    mark = root.start_mark
    node: yaml.Node | None = root
    for part in path:
        key, node = _child(node, part)
        if key is None:
            break
        mark = key.start_mark
    return Place(file, mark.line + 1, mark.column + 1)


def dotted(path: Sequence[str | int]) -> str:
    """`spec.containers[0].image`; a key with dots is in brackets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif "." in part or "/" in part:
            text += f"['{part}']"
        else:
            text += f".{part}" if text else part
    return text


def _key_text(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """The node with the child's line (the key of a mapping, the item of a list), and the child."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None, None


def _repeated_keys(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    yield key
                seen.add(key.value)
            yield from _repeated_keys(value)


def _repeated(path: str, key: yaml.ScalarNode) -> Problem:
    place = Place(path, key.start_mark.line + 1, key.start_mark.column + 1)
    return error(RULE, place, f"the key '{key.value}' is written twice; the last one would win")


def _place_of_failure(path: str, failure: yaml.MarkedYAMLError) -> Place:
    mark = failure.problem_mark
    return Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
