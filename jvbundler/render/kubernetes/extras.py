"""`kubernetes.extra_resources`: objects that the user wrote, rendered beside ours unchanged.

Also finds the problems of these and other settings that conflict with what is rendered already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import slug
from jvbundler.render.kubernetes.deployment import CHECKSUM, container_name, mounts
from jvbundler.render.kubernetes.names import selector
from jvbundler.render.kubernetes.patches import is_object
from jvbundler.render.kubernetes.resource import Data, Resource, from_data, group_of, with_own_stems
from jvbundler.values.problem import Place, Problem, error

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

LABELS = ("kubernetes", "labels")
POD = ("kubernetes", "deployment", "pod")
CONTAINER = ("kubernetes", "deployment", "container")


def extra_resources(environment: Environment, namespace: str) -> list[Resource]:
    """Sorted by kind and name. Those without a kind or a name are left to `problems_of_extras`."""
    written = [data for data in environment.settings["kubernetes"]["extra_resources"] if is_object(data)]
    made = [from_data(stem_of(data), with_subjects(data, namespace), namespace) for data in written]
    made.sort(key=lambda resource: (resource.kind, resource.name, resource.identity))
    return with_own_stems(made)


def stem_of(data: Data) -> str:
    return f"extra-{slug(data['kind'])}-{slug(data['metadata']['name'])}"


def with_subjects(data: Data, namespace: str) -> Data:
    """A role binding's ServiceAccounts need a namespace; the default is this environment's."""
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
    """An object without a name, or with the identity of an existing one."""
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
                "JVB423", place, f"a {data['kind']} is not an object of its own", "write its items one by one"
            )
            continue
        resource = from_data("", data, "")
        key = key_of(resource, environment.namespace)
        if key in seen:
            message = f"{resource.kind} '{resource.name}' {seen[key]}"
            yield error(
                "JVB422", place, message, "give it another name, or change ours under 'kubernetes.patches'"
            )
        seen[key] = "is written twice"


def key_of(resource: Resource, own_namespace: str) -> tuple[str, str, str, str]:
    """What identifies an object in a cluster: not the version of its API."""
    api_version, kind, namespace, name = resource.identity
    return group_of(api_version), kind, "" if namespace == own_namespace else namespace, name


def clashes(environment: Environment) -> Iterator[Problem]:
    yield from reserved_keys(environment)
    yield from taken_names(environment)
    yield from two_kinds_of_probe(environment)


def reserved_keys(environment: Environment) -> Iterator[Problem]:
    """Labels that select the pods, and the annotation that restarts them."""
    kubernetes = environment.settings["kubernetes"]
    pod = kubernetes["deployment"]["pod"]
    own = selector(environment)
    for path, labels in ((LABELS, kubernetes["labels"]), ((*POD, "labels"), pod["labels"])):
        for key in sorted(own.keys() & labels.keys()):
            if labels[key] != own[key]:
                place = environment.place(*path, key)
                yield error(
                    "JVB424", place, f"the label '{key}' selects the pods and cannot be set", "remove it"
                )
    if CHECKSUM in pod["annotations"]:
        place = environment.place(*POD, "annotations", CHECKSUM)
        yield error(
            "JVB424", place, f"the annotation '{CHECKSUM}' is generated and cannot be set", "remove it"
        )


def taken_names(environment: Environment) -> Iterator[Problem]:
    """Containers, volumes and mount paths that are defined twice."""
    kubernetes = environment.settings["kubernetes"]
    pod, written = kubernetes["deployment"]["pod"], kubernetes["deployment"]["container"]
    own_mounts = mounts(environment)
    containers = {container_name(environment)}
    yield from repeated(environment, (*POD, "init_containers"), pod["init_containers"], "name", containers)
    yield from repeated(environment, (*POD, "extra_containers"), pod["extra_containers"], "name", containers)
    volumes = {mount["name"] for mount in own_mounts}
    yield from repeated(environment, (*POD, "extra_volumes"), pod["extra_volumes"], "name", volumes)
    paths = {mount["path"] for mount in own_mounts}
    extra = written["extra_volume_mounts"]
    yield from repeated(environment, (*CONTAINER, "extra_volume_mounts"), extra, "mountPath", paths)


def repeated(
    environment: Environment, path: tuple[str, ...], items: list[dict[str, Any]], key: str, taken: set[Any]
) -> Iterator[Problem]:
    """Items whose `key` is in `taken`, to which the keys of the others are added."""
    for index, item in enumerate(items):
        place: Place = environment.place(*path, index)
        value = item.get(key)
        if not isinstance(value, str):
            yield error("JVB425", place, f"an item of {'.'.join(path)} has no '{key}'", f"add '{key}'")
        elif value in taken:
            yield error("JVB425", place, f"'{value}' exists already", f"choose another '{key}'")
        else:
            taken.add(value)


def two_kinds_of_probe(environment: Environment) -> Iterator[Problem]:
    written: Any = environment.settings["kubernetes"]["deployment"]["container"]
    for name in ("startup_probe", "readiness_probe", "liveness_probe"):
        kinds = [kind for kind in ("http_get", "tcp_socket", "exec") if written[name][kind] is not None]
        if len(kinds) > 1:
            place = environment.place(*CONTAINER, name)
            both = " and ".join(f"'{kind}'" for kind in kinds)
            yield error(
                "JVB426",
                place,
                f"{name} has {both}; a probe is of one kind",
                "keep one, set the other to null",
            )
