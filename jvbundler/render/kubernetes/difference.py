"""The difference of two objects as a patch that makes Kustomize produce exactly that difference.

A strategic merge patch where it can express it, because it reads like the object; else JSON Patch.
"""

from __future__ import annotations

from typing import Any

from jvbundler.render.kubernetes import json_patch
from jvbundler.render.kubernetes.resource import Data, is_builtin
from jvbundler.render.text.yaml_text import is_literal, is_plain

# Lists whose items Kustomize merges by this key. In the result the patch's items come first, then the others.
MERGED_BY = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
}
# Lists that Kustomize merges by several keys, or by one that need not be unique: replaced as a whole.
REPLACED = frozenset({"ports", "topologySpreadConstraints", "hostAliases"})
# Lists that Kustomize does not merge.
ATOMIC = {
    "Deployment": frozenset(
        [
            "add",
            "args",
            "command",
            "drop",
            "envFrom",
            "httpHeaders",
            "tolerations",
            "matchExpressions",
            "items",
            "sources",
            "preferredDuringSchedulingIgnoredDuringExecution",
        ]
    ),
    "HorizontalPodAutoscaler": frozenset({"metrics", "policies"}),
    "Ingress": frozenset({"rules", "tls"}),
    "NetworkPolicy": frozenset({"ingress", "egress", "policyTypes"}),
    "PersistentVolumeClaim": frozenset({"accessModes"}),
    "Service": frozenset({"loadBalancerSourceRanges"}),
}
MERGING_KINDS = ("Deployment", "Service")


class Inexpressible(Exception):
    """A strategic merge cannot express the difference."""


def strategic_patch(before: Data, after: Data) -> Data:
    """The fields to merge into `before`, null for those to remove. Raises Inexpressible."""
    kind = after["kind"] if is_builtin(after["apiVersion"]) else ""
    return map_patch(before, after, kind)


def map_patch(before: Data, after: Data, kind: str) -> Data:
    patch: Data = {}
    for key in before:
        if key not in after:
            patch[key] = None
    for key, value in after.items():
        if key not in before:
            patch[key] = expressible(value)
        elif not json_patch.same(before[key], value):
            patch[key] = value_patch(before[key], value, key, kind)
    return in_order_of(patch, after)


def in_order_of(patch: Data, after: Data) -> Data:
    """What is removed comes first, the rest in the object's order."""
    removed = {key: value for key, value in patch.items() if key not in after}
    return {**removed, **{key: patch[key] for key in after if key in patch}}


def value_patch(before: Any, after: Any, field: str, kind: str) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        return map_patch(before, after, kind)
    if isinstance(before, list) and isinstance(after, list):
        return list_patch(before, after, field, kind)
    if isinstance(before, (dict, list)) or isinstance(after, (dict, list)):
        raise Inexpressible
    if not takes_style(before, after):
        raise Inexpressible
    return expressible(after)


def takes_style(before: Any, after: Any) -> bool:
    """Whether the value survives being written in the style of the old one, as Kustomize writes it.

    `true` in quotes would be a text, and a tab makes a block invalid.
    """
    if isinstance(before, str) and isinstance(after, str):
        return is_literal(after) or not is_literal(before)
    return type(before) is type(after) or not (is_quoted(before) or is_quoted(after))


def is_quoted(value: Any) -> bool:
    return isinstance(value, str) and (is_literal(value) or not is_plain(value))


def expressible(value: Any, field: str = "") -> Any:
    """The value, if a patch may hold it: in a patch, null removes, and items with the same key become one."""
    if value is None or value == []:
        raise Inexpressible
    if isinstance(value, dict):
        for key, child in value.items():
            expressible(child, key)
    elif isinstance(value, list):
        if field in MERGED_BY or field in REPLACED:
            refuse_duplicates(value, MERGED_BY.get(field, ""))
        for child in value:
            expressible(child)
    return value


def refuse_duplicates(items: list[Any], key: str) -> None:
    keys = [item.get(key, item) if isinstance(item, dict) else item for item in items]
    if any(json_patch.same(one, other) for n, one in enumerate(keys) for other in keys[:n]):
        raise Inexpressible


def list_patch(before: list[Any], after: list[Any], field: str, kind: str) -> list[Any]:
    expressible(after, field)
    if not kind or field in ATOMIC.get(kind, ()):
        return after
    if kind not in MERGING_KINDS or not (field in MERGED_BY or field in REPLACED):
        raise Inexpressible
    whole = [{"$patch": "replace"}, *after]
    if field in REPLACED:
        return whole
    by_item = items_patch(before, after, MERGED_BY[field], kind)
    return whole if by_item is None or len(str(by_item)) > len(str(whole)) else by_item


def items_patch(before: list[Any], after: list[Any], key: str, kind: str) -> list[Any] | None:
    """The patch item by item, or None where Kustomize would end up with another order.

    It names all items up to the last that changed, so that they stay in their places.
    """
    old = {item[key]: item for item in before if isinstance(item, dict) and key in item}
    new = {item[key]: item for item in after if isinstance(item, dict) and key in item}
    if len(old) < len(before) or len(new) < len(after):
        return None
    changed = [
        n
        for n, (name, item) in enumerate(new.items())
        if name not in old or not json_patch.same(old[name], item)
    ]
    named = list(new)[: changed[-1] + 1] if changed else []
    untouched = [name for name in old if name not in named and name in new]
    if [*named, *untouched] != list(new):
        return None
    removed = [{key: name, "$patch": "delete"} for name in old if name not in new]
    return [*(item_patch(old.get(name), new[name], key, kind) for name in named), *removed]


def item_patch(before: Data | None, after: Data, key: str, kind: str) -> Data:
    if before is None:
        return after
    return {key: after[key], **map_patch(before, after, kind)}
