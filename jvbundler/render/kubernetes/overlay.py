"""One environment as a Kustomize overlay: the base, and what is different from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jvbundler.render import yaml_text
from jvbundler.render.kubernetes import json_patch
from jvbundler.render.kubernetes.difference import Unsayable, strategic_patch
from jvbundler.render.kubernetes.resource import CLUSTER_KINDS, Data, Resource, is_builtin, is_namespaced

# Cluster kinds that Kustomize's own `namespace:` would change, or does not know to be the cluster's.
KNOWN_CLUSTER_KINDS = frozenset(
    "ClusterRole ClusterRoleBinding CSIDriver IngressClass PersistentVolume PriorityClass RuntimeClass StorageClass".split()
)


@dataclass(frozen=True, slots=True)
class Overlay:
    """`files` by name, without their notice; the rest are the fields of its kustomization.yaml."""

    files: dict[str, str] = field(default_factory=dict)
    resources: list[str] = field(default_factory=list)
    patches: list[Data] = field(default_factory=list)
    transformers: list[str] = field(default_factory=list)


def overlay(base: list[Resource], own: list[Resource], namespace: str) -> Overlay:
    """What makes the environment's objects `own` of the objects of the base."""
    result = Overlay(resources=["../../base"])
    renames = not names_other_namespace(own, namespace)
    before = {identity_in_base(resource, renames): resource for resource in base}
    after = {identity_in_base(resource, renames): resource for resource in own}
    for identity, resource in before.items():
        if identity not in after:
            add_patch(result, resource, yaml_text.block({"$patch": "delete", **head_of(resource)}))
    for identity, resource in after.items():
        if identity not in before:
            add_file(result, resource)
        elif resource.bare != before[identity].bare:
            add_difference(result, before[identity], resource)
    if not renames:
        add_transformer(result, own, namespace)
    return result


def identity_in_base(resource: Resource, renames: bool) -> tuple[str, ...]:
    """Kustomize's `namespace:` gives the Namespace its name, so that of the base is the same object."""
    if renames and resource.stem == "namespace":
        return (resource.api_version, resource.kind)
    return resource.identity


def head_of(resource: Resource) -> Data:
    _, _, namespace, name = resource.identity
    about = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": about}


def add_file(result: Overlay, resource: Resource) -> None:
    result.files[f"{resource.stem}.yaml"] = resource.bare
    result.resources.append(f"{resource.stem}.yaml")


def add_patch(result: Overlay, resource: Resource, text: str, target: Data | None = None) -> None:
    file = f"patch-{resource.stem}.yaml"
    number = 1
    while file in result.files:
        number += 1
        file = f"patch-{resource.stem}-{number}.yaml"
    result.files[file] = f"{text}\n"
    result.patches.append({"path": file, **({"target": target} if target else {})})


def add_difference(result: Overlay, before: Resource, after: Resource) -> None:
    old, new = before.data, {**after.data, "metadata": {**after.data["metadata"], "name": before.name}}
    if json_patch.same(old, new):
        return
    try:
        patch = strategic_patch(old, new)
    except Unsayable:
        operations = list(json_patch.difference(old, new))
        add_patch(result, before, yaml_text.block(operations), target_of(before))
        return
    head = head_of(before)
    about = {**head["metadata"], **patch.pop("metadata", {})}
    add_patch(result, before, yaml_text.block({**head, "metadata": about, **patch}))


def target_of(resource: Resource) -> Data:
    """Selects the one object; Kustomize takes the texts for regular expressions."""
    group, _, version = resource.api_version.rpartition("/")
    _, _, namespace, name = resource.identity
    parts = {"group": group, "version": version, "kind": resource.kind, "name": re.escape(name).replace("\\-", "-")}
    return {key: text for key, text in {**parts, "namespace": namespace}.items() if text}


def names_other_namespace(resources: list[Resource], namespace: str) -> bool:
    """Whether Kustomize's plain `namespace:` would change an object that it must leave alone."""
    return any(
        resource.identity[2] not in ("", namespace)
        or is_left_alone(resource)
        or any(subject_namespace(subject) not in ("", namespace) for subject in subjects_of(resource))
        for resource in resources
    )


def is_left_alone(resource: Resource) -> bool:
    """Whether the object is the cluster's, in a way that Kustomize does not know."""
    if resource.stem == "namespace" or is_namespaced(resource.api_version, resource.kind):
        return False
    return not (is_builtin(resource.api_version) and resource.kind in KNOWN_CLUSTER_KINDS)


def subjects_of(resource: Resource) -> Iterator[Any]:
    if resource.kind in ("RoleBinding", "ClusterRoleBinding"):
        yield from resource.data.get("subjects") or ()


def subject_namespace(subject: Any) -> str:
    return str(subject.get("namespace") or "") if isinstance(subject, dict) else ""


def add_transformer(result: Overlay, resources: list[Resource], namespace: str) -> None:
    """Sets the namespace where there is none, and takes it from what belongs to the cluster again."""
    documents: list[Data] = [
        {
            "apiVersion": "builtin",
            "kind": "NamespaceTransformer",
            "metadata": {"name": "namespace", "namespace": namespace},
            "unsetOnly": True,
            "setRoleBindingSubjects": "none",
        }
    ]
    for resource in resources:
        if is_left_alone(resource):
            documents.append(unset_namespace(resource))
    result.files["namespace-transformer.yaml"] = "---\n".join(f"{yaml_text.block(one)}\n" for one in documents)
    result.transformers.append("namespace-transformer.yaml")


def unset_namespace(resource: Resource) -> Data:
    return {
        "apiVersion": "builtin",
        "kind": "PatchTransformer",
        "metadata": {"name": resource.stem},
        "target": target_of(resource),
        "patch": yaml_text.block({**head_of(resource), "metadata": {"name": resource.name, "namespace": None}}) + "\n",
    }
