"""YAML text → plain values. CloudFormation's short tags read as their long forms; nothing is evaluated."""

from __future__ import annotations

import json
from typing import Any

import yaml

from jvbundler.diff.model import ABSENT


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """To Kubernetes and CloudFormation each key is a text, and so is a bare date."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        return {_key_text(key): value for key, value in mapping.items()}


def _key_text(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _construct_function(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    """`!Ref X` as `{Ref: X}`, `!GetAtt A.B` as `{Fn::GetAtt: [A, B]}`, `!Sub x` as `{Fn::Sub: x}`."""
    value: Any = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        value = value.split(".", 1) if name == "GetAtt" else value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _construct_function)
for _tag in ("timestamp", "binary"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", yaml.SafeLoader.construct_yaml_str)
for _tag in ("set", "omap", "pairs"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", yaml.SafeLoader.construct_undefined)


def documents(text: str) -> list[Any] | None:
    """The documents that hold something; None for what is no YAML, or uses aliases, as we never do.

    An alias may make a small text a huge tree, or an endless one.
    """
    found: list[Any] = []
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if not _is_tree(node, set()):
                return None
            found.append(loader.construct_document(node))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    finally:
        loader.dispose()
    return [document for document in found if document is not None]


def _is_tree(node: yaml.Node, seen: set[int]) -> bool:
    """Whether no map or list stands in two places."""
    if isinstance(node, yaml.ScalarNode):
        return True
    if id(node) in seen:
        return False
    seen.add(id(node))
    is_map = isinstance(node, yaml.MappingNode)
    children = [child for pair in node.value for child in pair] if is_map else node.value
    return all(_is_tree(child, seen) for child in children)


def function_name(value: Any) -> str:
    """`Ref`, `Fn::Sub`, …: the intrinsic function that a value calls; empty where it is none."""
    if isinstance(value, dict) and len(value) == 1:
        (name,) = value
        if name == "Ref" or name.startswith("Fn::"):
            return str(name)
    return ""


def canonical(value: Any) -> str:
    """Equal for equal values of the same type: not for `1` and `true`, nor for `1` and `1.0`."""
    return "" if value is ABSENT else json.dumps(value, sort_keys=True)


def within(value: Any, *path: str) -> Any:
    """The value at a path of keys, None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
