"""`kubernetes.extra_resources`: objects that the user wrote, rendered beside ours as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import slug
from jvbundler.render.kubernetes.patches import is_object
from jvbundler.render.kubernetes.resource import Data, Resource, from_data, group_of, with_own_stems
from jvbundler.values.problem import Problem, error

if TYPE_CHECKING:
    from jvbundler.project.model import Environment


def extra_resources(environment: Environment, namespace: str) -> list[Resource]:
    """Sorted by kind and name. Those without a kind or a name are left to `problems_of_extras`."""
    written = [data for data in environment.settings["kubernetes"]["extra_resources"] if is_object(data)]
    made = [from_data(stem_of(data), with_subjects(data, namespace), namespace) for data in written]
    made.sort(key=lambda resource: (resource.kind, resource.name, resource.identity))
    return with_own_stems(made)


def stem_of(data: Data) -> str:
    return f"extra-{slug(data['kind'])}-{slug(data['metadata']['name'])}"


def with_subjects(data: Data, namespace: str) -> Data:
    """A role binding's ServiceAccounts need a namespace; without one they are this environment's."""
    subjects = data.get("subjects")
    if (
        not namespace
        or data["kind"] not in ("RoleBinding", "ClusterRoleBinding")
        or not isinstance(subjects, list)
    ):
        return data
    return {**data, "subjects": [with_namespace(subject, namespace) for subject in subjects]}


def with_namespace(subject: Any, namespace: str) -> Any:
    if isinstance(subject, dict) and subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
        return {**subject, "namespace": namespace}
    return subject


def problems_of_extras(environment: Environment, ours: list[Resource]) -> Iterator[Problem]:
    """An object without a name, or with the identity of one that is there already."""
    seen = {key_of(resource, environment.namespace): "is rendered already" for resource in ours}
    for index, data in enumerate(environment.settings["kubernetes"]["extra_resources"]):
        place = environment.place("kubernetes", "extra_resources", index)
        if not is_object(data):
            yield error(
                "JVB423", place, "the object has no apiVersion, kind or metadata.name", "write all three"
            )
            continue
        if isinstance(data.get("items"), list) and data["kind"].endswith("List"):
            yield error(
                "JVB423", place, f"a {data['kind']} is no object of its own", "write its items one by one"
            )
            continue
        resource = from_data("", data, "")
        key = key_of(resource, environment.namespace)
        if key in seen:
            message = f"{resource.kind} '{resource.name}' {seen[key]}"
            yield error(
                "JVB422", place, message, "give it another name, or change ours under 'kubernetes.patches'"
            )
        seen[key] = "is there twice"


def key_of(resource: Resource, own_namespace: str) -> tuple[str, str, str, str]:
    """What a cluster tells objects apart by: not by the version of their API."""
    api_version, kind, namespace, name = resource.identity
    return group_of(api_version), kind, "" if namespace == own_namespace else namespace, name
