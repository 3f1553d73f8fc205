"""What the user's settings may not say beside what is rendered already, as problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.render.kubernetes.deployment import CHECKSUM, container_name, mounts
from jvbundler.render.kubernetes.names import selector
from jvbundler.values.problem import Place, Problem, error

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

LABELS = ("kubernetes", "labels")
POD = ("kubernetes", "deployment", "pod")
CONTAINER = ("kubernetes", "deployment", "container")


def clashes(environment: Environment) -> Iterator[Problem]:
    yield from reserved_keys(environment)
    yield from taken_names(environment)
    yield from two_kinds_of_probe(environment)


def reserved_keys(environment: Environment) -> Iterator[Problem]:
    """Labels that select the pods, and the annotation that rolls them."""
    kubernetes = environment.settings["kubernetes"]
    pod = kubernetes["deployment"]["pod"]
    own = selector(environment)
    for path, labels in ((LABELS, kubernetes["labels"]), ((*POD, "labels"), pod["labels"])):
        for key in sorted(own.keys() & labels.keys()):
            if labels[key] != own[key]:
                place = environment.place(*path, key)
                yield error(
                    "JVB424", place, f"the label '{key}' selects the pods and can not be set", "remove it"
                )
    if CHECKSUM in pod["annotations"]:
        place = environment.place(*POD, "annotations", CHECKSUM)
        yield error(
            "JVB424", place, f"the annotation '{CHECKSUM}' is worked out and can not be set", "remove it"
        )


def taken_names(environment: Environment) -> Iterator[Problem]:
    """Containers, volumes and mount paths that are there twice."""
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
    """Items whose `key` is in `taken`, to which those of the others are added."""
    for index, item in enumerate(items):
        place: Place = environment.place(*path, index)
        value = item.get(key)
        if not isinstance(value, str):
            yield error("JVB425", place, f"an item of {'.'.join(path)} has no '{key}'", f"add '{key}'")
        elif value in taken:
            yield error("JVB425", place, f"'{value}' is there already", f"choose another '{key}'")
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
