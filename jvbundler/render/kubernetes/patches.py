"""`kubernetes.patches`: the user's changes to rendered objects, applied to base and environments alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jvbundler.problem import Place, Problem, error
from jvbundler.render.kubernetes import json_patch
from jvbundler.render.kubernetes.json_patch import Refused
from jvbundler.render.kubernetes.resource import Data, Resource, from_data

if TYPE_CHECKING:
    from jvbundler.project.model import Environment
    from jvbundler.project.settings import KubernetesPatches

COMMENT = "# Changed by `kubernetes.patches` of deploy.yaml, which keeps none of the comments.\n"


@dataclass(frozen=True, slots=True)
class Patched:
    """Objects after the patches. A patch is in `unmatched` under its place when it found no object."""

    resources: list[Resource]
    failed: list[Problem] = field(default_factory=list)
    unmatched: dict[Place, Problem] = field(default_factory=dict)
    matched: set[Place] = field(default_factory=set)


def patched(environment: Environment, resources: list[Resource], namespace: str) -> Patched:
    """The objects of one environment with its patches applied, in their order; a patch that fails changes nothing."""
    result = Patched(list(resources))
    for index, patch in enumerate(environment.settings["kubernetes"]["patches"]):
        place = environment.place("kubernetes", "patches", index)
        targets = [n for n, resource in enumerate(result.resources) if matches(patch, resource)]
        if targets:
            result.matched.add(place)
        else:
            result.unmatched[place] = unmatched(place, patch, resources)
        for number in targets:
            resource = result.resources[number]
            try:
                result.resources[number] = changed(resource, patch["patch"], namespace)
            except Refused as reason:
                message = f"the patch of {resource.kind} '{resource.name}' fails: {reason}"
                result.failed.append(error("JVB421", place, message, "compare it with the object under kubernetes/rendered"))
    return result


def matches(patch: KubernetesPatches, resource: Resource) -> bool:
    target = patch["target"]
    return target["kind"] in ("", resource.kind) and target["name"] in ("", resource.name)


def unmatched(place: Place, patch: KubernetesPatches, resources: list[Resource]) -> Problem:
    target = patch["target"]
    wanted = " ".join(part for part in (target["kind"], f"'{target['name']}'" if target["name"] else "") if part)
    known = ", ".join(dict.fromkeys(f"{resource.kind} '{resource.name}'" for resource in resources))
    return error("JVB420", place, f"the patch changes nothing: there is no {wanted or 'object'}", f"rendered are: {known}")


def changed(resource: Resource, patch: Any, namespace: str) -> Resource:
    """Raises Refused where the patch does not apply, or leaves no valid object."""
    if isinstance(patch, list):
        data = json_patch.applied(resource.data, patch)
    else:
        data = merged(resource.data, patch)
    if not is_object(data):
        raise Refused("it leaves no apiVersion, kind or metadata.name")
    return resource if json_patch.same(data, resource.data) else from_data(resource.stem, data, namespace, COMMENT)


def is_object(data: Any) -> bool:
    """Whether the data is a Kubernetes object with a name."""
    if not isinstance(data, dict) or not isinstance(data.get("metadata"), dict):
        return False
    return all(isinstance(text, str) and text for text in (data.get("apiVersion"), data.get("kind"), data["metadata"].get("name")))


def merged(document: Any, patch: Any) -> Any:
    """The map `patch` merged into the document: null removes, lists of maps with `name` merge by name."""
    if isinstance(document, dict) and isinstance(patch, dict):
        rest = {key: value for key, value in document.items() if key not in patch or patch[key] is not None}
        return {**rest, **{key: merged(rest.get(key), value) for key, value in patch.items() if value is not None}}
    if is_named(document) and is_named(patch):
        return list(merged_items(document, patch))
    return without_nulls(patch)


def is_named(value: Any) -> bool:
    """Whether the value is a list of maps that all have a name."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) and "name" in item for item in value)


def merged_items(items: list[Data], patches: list[Data]) -> Iterator[Data]:
    """Items in their order, new ones after them; `$patch: delete` removes one, as in a strategic merge."""
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
