"""YAML text → the objects in it, each with an identity, and their plain values.

They are Kubernetes objects, the parts of a SAM template, or the documents of any other file. CloudFormation's
short tags are read as their long forms; nothing is evaluated or compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from jvbundler.diff.model import ABSENT

Key = tuple[str, ...]

# Sections of a template whose entries are compared one by one; the rest of it is one object.
_SECTIONS = {"Parameters": "Parameter", "Mappings": "Mapping", "Conditions": "Condition", "Outputs": "Output"}
TEMPLATE = "Template"
SECRET_PARAMETER = "Secret parameter"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads each key, and a bare date, as a text, as Kubernetes and CloudFormation do."""

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
    """The documents that are not empty; None for what is not YAML, or uses aliases, as we never do.

    An alias may turn a small text into a huge or endless tree.
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
    """Whether no map or list occurs in two places."""
    if isinstance(node, yaml.ScalarNode):
        return True
    if id(node) in seen:
        return False
    seen.add(id(node))
    is_map = isinstance(node, yaml.MappingNode)
    children = [child for pair in node.value for child in pair] if is_map else node.value
    return all(_is_tree(child, seen) for child in children)


def function_name(value: Any) -> str:
    """`Ref`, `Fn::Sub`, …: the intrinsic function that a value calls; empty if it calls none."""
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


class Object(NamedTuple):
    """`key` is the same in another version of the file; `kind` selects the rules in risks/.

    `namespace` is that of a Kubernetes object, and `local_key` its key without the namespace.
    """

    key: Key
    kind: str
    title: str
    value: Any
    namespace: str = ""
    local_key: Key = ()


def objects(documents: list[Any]) -> dict[Key, Object]:
    """By key, in the order of the file. An object that is written twice counts as two."""
    found: dict[Key, Object] = {}
    seen: Counter[Key] = Counter()
    for document in documents:
        for item in _objects(document):
            seen[item.key] += 1
            number = seen[item.key]
            if number > 1:
                item = item._replace(key=(*item.key, str(number)), local_key=())
            found[item.key] = item
    return found


def _objects(document: Any) -> Iterator[Object]:
    if isinstance(within(document, "Resources"), dict):
        yield from _of_template(document)
    elif within(document, "apiVersion") and within(document, "kind"):
        yield _kubernetes(document)
    else:
        yield Object(("Document",), "Document", "", document)


def _kubernetes(document: dict[str, Any]) -> Object:
    group = str(document["apiVersion"]).rpartition("/")[0]
    kind = str(document["kind"])
    name = str(within(document, "metadata", "name") or "")
    namespace = str(within(document, "metadata", "namespace") or "")
    title = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}".rstrip()
    return Object((group, kind, namespace, name), kind, title, document, namespace, (group, kind, name))


def _of_template(document: dict[str, Any]) -> Iterator[Object]:
    parts = {"Resources": "Resource", **_SECTIONS}
    entries = {s: e for s in parts if isinstance(e := document.get(s), dict)}
    rest = {key: value for key, value in document.items() if key not in entries}
    if rest:
        yield Object((TEMPLATE,), TEMPLATE, TEMPLATE, rest)
    for section, values in entries.items():
        for name, value in values.items():
            kind = _kind(parts[section], value)
            title = f"{name} ({kind})" if section == "Resources" else f"{parts[section]} {name}"
            yield Object((parts[section], name), kind, title, value)


def _kind(part: str, value: Any) -> str:
    if part == "Resource":
        return str(within(value, "Type") or part)
    return SECRET_PARAMETER if part == "Parameter" and within(value, "NoEcho") else part
