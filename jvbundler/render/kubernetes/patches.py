"""`kubernetes.patches`: the user's changes to rendered objects, applied to base and environments alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.render.kubernetes import json_patch
from jvbundler.render.kubernetes.json_patch import Refused
from jvbundler.render.kubernetes.resource import Data, Resource, from_data
from jvbundler.values.node import find, plain
from jvbundler.values.problem import Place, Problem, error

if TYPE_CHECKING:
    from jvbundler.generated.settings import KubernetesPatches
    from jvbundler.project.model import Environment

COMMENT = "# Changed by `kubernetes.patches` of deploy.yaml, which keeps none of the comments.\n"


class Patched(NamedTuple):
    """Objects after the patches. A patch that found no object is in `unmatched` under its place."""

    resources: tuple[Resource, ...]
    failed: tuple[Problem, ...]
    unmatched: dict[Place, Problem]
    matched: frozenset[Place]


def patched(environment: Environment, resources: list[Resource], namespace: str) -> Patched:
    """The environment's objects with its patches applied, in order; a patch that fails changes nothing."""
    current = list(resources)
    failed: list[Problem] = []
    without_target: dict[Place, Problem] = {}
    matched: set[Place] = set()
    for index, patch in enumerate(environment.settings["kubernetes"]["patches"]):
        place = environment.place("kubernetes", "patches", index)
        targets = [number for number, resource in enumerate(current) if matches(patch, resource)]
        if targets:
            matched.add(place)
        else:
            without_target[place] = unmatched(place, patch, resources)
        for number in targets:
            try:
                current[number] = changed(current[number], as_written(environment, index), namespace)
            except Refused as reason:
                failed.append(refused(place, current[number], reason))
    return Patched(tuple(current), tuple(failed), without_target, frozenset(matched))


def refused(place: Place, resource: Resource, reason: Refused) -> Problem:
    message = f"the patch of {resource.kind} '{resource.name}' fails: {reason}"
    return error("JVB421", place, message, "compare it with the object under kubernetes/rendered")


def as_written(environment: Environment, index: int) -> Any:
    """The patch with its nulls, which the settings do not keep: here they remove something."""
    node = find(environment.node, ("kubernetes", "patches", index, "patch"))
    return plain(node) if node else environment.settings["kubernetes"]["patches"][index]["patch"]


def matches(patch: KubernetesPatches, resource: Resource) -> bool:
    target = patch["target"]
    return target["kind"] in ("", resource.kind) and target["name"] in ("", resource.name)


def unmatched(place: Place, patch: KubernetesPatches, resources: list[Resource]) -> Problem:
    target = patch["target"]
    wanted = " ".join(
        part for part in (target["kind"], f"'{target['name']}'" if target["name"] else "") if part
    )
    known = ", ".join(dict.fromkeys(f"{resource.kind} '{resource.name}'" for resource in resources))
    return error(
        "JVB420",
        place,
        f"the patch changes nothing: there is no {wanted or 'object'}",
        f"rendered: {known}",
    )


def changed(resource: Resource, patch: Any, namespace: str) -> Resource:
    """Raises Refused if the patch does not apply, or leaves no valid object."""
    if isinstance(patch, list):
        data = json_patch.applied(resource.data, patch)
    else:
        data = merged(resource.data, patch)
    if not is_object(data):
        raise Refused("it removes apiVersion, kind or metadata.name")
    return (
        resource
        if json_patch.same(data, resource.data)
        else from_data(resource.stem, data, namespace, COMMENT)
    )


def is_object(data: Any) -> bool:
    """Whether the data is a Kubernetes object with a name."""
    if not isinstance(data, dict) or not isinstance(data.get("metadata"), dict):
        return False
    return all(
        isinstance(text, str) and text
        for text in (data.get("apiVersion"), data.get("kind"), data["metadata"].get("name"))
    )


def merged(document: Any, patch: Any) -> Any:
    """The map `patch` merged into the document: null removes, lists of maps with `name` merge by name."""
    if isinstance(document, dict) and isinstance(patch, dict):
        rest = {key: value for key, value in document.items() if key not in patch or patch[key] is not None}
        return {
            **rest,
            **{key: merged(rest.get(key), value) for key, value in patch.items() if value is not None},
        }
    if is_named(document) and is_named(patch):
        return list(merged_items(document, patch))
    return without_nulls(patch)


def is_named(value: Any) -> bool:
    """Whether the value is a list of maps that all have a name."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and "name" in item for item in value)
    )


def merged_items(items: list[Data], patches: list[Data]) -> Iterator[Data]:
    """Items in order, new ones after them; `$patch: delete` removes one, as in a strategic merge."""
    by_name = {patch["name"]: patch for patch in patches}
    for item in items:
        patch = by_name.pop(item["name"], {})
        if patch.get("$patch") != "delete":
            yield merged(item, patch)
    yield from (without_nulls(patch) for patch in by_name.values() if patch.get("$patch") != "delete")


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(child) for key, child in value.items() if child is not None}
    return value
