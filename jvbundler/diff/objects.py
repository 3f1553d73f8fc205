"""The objects of a YAML file, each with an identity: Kubernetes objects, the parts of a SAM template, or
the documents of any other file. Compares nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from jvbundler.diff.values import within

Key = tuple[str, ...]

# Sections of a template whose entries are compared one by one; the rest of it is one object.
_SECTIONS = {"Parameters": "Parameter", "Mappings": "Mapping", "Conditions": "Condition", "Outputs": "Output"}
TEMPLATE = "Template"
SECRET_PARAMETER = "Secret parameter"


class Object(NamedTuple):
    """`key` is the same in another version of the file; `kind` is what the rules of risks.py go by.

    `home` is the namespace of a Kubernetes object, and `stray` what it is called in any namespace.
    """

    key: Key
    kind: str
    title: str
    value: Any
    home: str = ""
    stray: Key = ()


def objects(documents: list[Any]) -> dict[Key, Object]:
    """By key, in the order of the file. An object that is written twice is two."""
    found: dict[Key, Object] = {}
    seen: Counter[Key] = Counter()
    for document in documents:
        for thing in _objects(document):
            seen[thing.key] += 1
            number = seen[thing.key]
            if number > 1:
                thing = thing._replace(key=(*thing.key, str(number)), stray=())
            found[thing.key] = thing
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
