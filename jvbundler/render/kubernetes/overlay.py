"""One environment as a Kustomize overlay: the base, and what differs from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from jvbundler.render.kubernetes import json_patch
from jvbundler.render.kubernetes.difference import MERGED_BY, Inexpressible, strategic_patch
from jvbundler.render.kubernetes.resource import Data, Resource, is_builtin, is_namespaced
from jvbundler.render.text import yaml_text

# Cluster-scoped kinds that Kustomize's own `namespace:` would change, or does not know to be cluster-scoped.
KNOWN_CLUSTER_KINDS = frozenset(
    [
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "IngressClass",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
    ]
)

TRANSFORMER = "namespace-transformer.yaml"
KEEPS_PLACES = "# An item of which only the name is given stays as it is, and in its place.\n"


class Patch(NamedTuple):
    """A patch of one object; `target` selects it if the text does not name it."""

    stem: str
    text: str
    target: Data | None = None


class Overlay(NamedTuple):
    """`files` by name, without their notice; the rest are the fields of its kustomization.yaml."""

    files: dict[str, str]
    resources: tuple[str, ...]
    patches: tuple[Data, ...]
    transformers: tuple[str, ...]


def overlay(base: Sequence[Resource], own: Sequence[Resource], namespace: str) -> Overlay:
    """The overlay that turns the base's objects into the environment's, `own`."""
    renames = not names_other_namespace(own, namespace)
    before = {identity_in_base(resource, renames): resource for resource in base}
    after = {identity_in_base(resource, renames): resource for resource in own}
    added = [resource for identity, resource in after.items() if identity not in before]
    deleted = [resource for identity, resource in before.items() if identity not in after]
    kept = [(before[identity], resource) for identity, resource in after.items() if identity in before]
    patches = by_file([*map(deletion, deleted), *filter(None, (change(*pair) for pair in kept))])
    transformers = {} if renames else {TRANSFORMER: namespace_transformer(own, namespace)}
    return Overlay(
        files={
            **{f"{resource.stem}.yaml": resource.bare for resource in added},
            **{file: patch.text for file, patch in patches.items()},
            **transformers,
        },
        resources=("../../base", *(f"{resource.stem}.yaml" for resource in added)),
        patches=tuple(entry(file, patch) for file, patch in patches.items()),
        transformers=tuple(transformers),
    )


def identity_in_base(resource: Resource, renames: bool) -> tuple[str, ...]:
    """Kustomize's `namespace:` renames the Namespace, so the base's one is the same object."""
    if renames and resource.stem == "namespace":
        return (resource.api_version, resource.kind)
    return resource.identity


def head_of(resource: Resource) -> Data:
    _, _, namespace, name = resource.identity
    about = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": about}


def by_file(patches: list[Patch]) -> dict[str, Patch]:
    """The patches by the names of their files."""
    files: dict[str, Patch] = {}
    for patch in patches:
        number = 1 + sum(patch.stem == other.stem for other in files.values())
        files[f"patch-{patch.stem}{f'-{number}' if number > 1 else ''}.yaml"] = patch
    return files


def entry(file: str, patch: Patch) -> Data:
    """The patch as kustomization.yaml lists it."""
    return {"path": file, **({"target": patch.target} if patch.target else {})}


def deletion(resource: Resource) -> Patch:
    return Patch(resource.stem, f"{yaml_text.block({'$patch': 'delete', **head_of(resource)})}\n")


def change(before: Resource, after: Resource) -> Patch | None:
    """The patch from the base's object to the environment's, or None where they are the same."""
    if before.bare == after.bare:
        return None
    old, new = before.data, {**after.data, "metadata": {**after.data["metadata"], "name": before.name}}
    if json_patch.same(old, new):
        return None
    try:
        patch = strategic_patch(old, new)
    except Inexpressible:
        operations = yaml_text.block(list(json_patch.difference(old, new)))
        return Patch(before.stem, f"{operations}\n", target_of(before))
    head = head_of(before)
    about = {**head["metadata"], **patch.pop("metadata", {})}
    comment = KEEPS_PLACES if keeps_places(patch) else ""
    return Patch(before.stem, f"{comment}{yaml_text.block({**head, 'metadata': about, **patch})}\n")


def keeps_places(value: Any) -> bool:
    """Whether a patch names items that it does not change."""
    if isinstance(value, dict):
        return any(
            any(isinstance(item, dict) and item.keys() == {MERGED_BY.get(key)} for item in child)
            if isinstance(child, list) and key in ("env", "volumes", "volumeMounts")
            else keeps_places(child)
            for key, child in value.items()
        )
    return isinstance(value, list) and any(map(keeps_places, value))


def target_of(resource: Resource) -> Data:
    """Selects the one object; Kustomize reads the texts as regular expressions."""
    group, _, version = resource.api_version.rpartition("/")
    _, _, namespace, name = resource.identity
    parts = {
        "group": group,
        "version": version,
        "kind": resource.kind,
        "name": re.escape(name).replace("\\-", "-"),
    }
    return {key: text for key, text in {**parts, "namespace": namespace}.items() if text}


def names_other_namespace(resources: Sequence[Resource], namespace: str) -> bool:
    """Whether Kustomize's plain `namespace:` would change an object that it must leave alone."""
    return any(
        resource.identity[2] not in ("", namespace)
        or is_left_alone(resource)
        or any(subject_namespace(subject) not in ("", namespace) for subject in subjects_of(resource))
        for resource in resources
    )


def is_left_alone(resource: Resource) -> bool:
    """Whether the object is cluster-scoped, unknown to Kustomize."""
    if resource.stem == "namespace" or is_namespaced(resource.api_version, resource.kind):
        return False
    return not (is_builtin(resource.api_version) and resource.kind in KNOWN_CLUSTER_KINDS)


def subjects_of(resource: Resource) -> Iterator[Any]:
    if resource.kind in ("RoleBinding", "ClusterRoleBinding"):
        yield from resource.data.get("subjects") or ()


def subject_namespace(subject: Any) -> str:
    return str(subject.get("namespace") or "") if isinstance(subject, dict) else ""


def namespace_transformer(resources: Sequence[Resource], namespace: str) -> str:
    """Sets the namespace where there is none, and removes it from cluster-scoped objects again."""
    setter = {
        "apiVersion": "builtin",
        "kind": "NamespaceTransformer",
        "metadata": {"name": "namespace", "namespace": namespace},
        "unsetOnly": True,
        "setRoleBindingSubjects": "none",
    }
    documents = [setter, *(unset_namespace(one) for one in resources if is_left_alone(one))]
    separator = "---\n# The cluster's: it has no namespace.\n"
    return separator.join(f"{yaml_text.block(document)}\n" for document in documents)


def unset_namespace(resource: Resource) -> Data:
    """Kustomize gives unknown kinds a namespace. Adding one first keeps the removal from failing."""
    path = "/metadata/namespace"
    operations = [{"op": "add", "path": path, "value": ""}, {"op": "remove", "path": path}]
    return {
        "apiVersion": "builtin",
        "kind": "PatchTransformer",
        "metadata": {"name": resource.stem},
        "target": target_of(resource),
        "patch": yaml_text.block(operations) + "\n",
    }
