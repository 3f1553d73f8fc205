"""`handover`: an app that `deploy k8s` applied becomes Argo CD's or Flux's alone.

Server-side apply keeps a field as long as one of its owners wants it: what we applied would outlast its
removal from the repository. So, once the other system has applied the manifest too, we apply each object with
nothing but its name, and the server drops our ownership, and what only we wanted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.deploy.doctor import kubectl_checks
from jvbundler.deploy.execution import Execution, execute
from jvbundler.deploy.kubernetes import commands
from jvbundler.deploy.kubernetes.live import (
    Object,
    at,
    complaints_of,
    managed_fields,
    name_of,
    objects_of,
    orphans,
)
from jvbundler.deploy.kubernetes.workload import objects_in
from jvbundler.deploy.operation import Operation, Session, carry_out, run_confirmed
from jvbundler.values.artifact import ObjectName
from jvbundler.values.problem import InputError, ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.command import Command
    from jvbundler.deploy.kubernetes.workload import Workload
    from jvbundler.deploy.release import Release
    from jvbundler.runner import Completed

# The name of each system, how those of its field managers begin, and what makes it apply.
SYSTEMS = {
    "argocd": ("Argo CD", "argocd", "argocd app sync"),
    "flux": ("Flux", "kustomize-controller", "flux reconcile kustomization --with-source"),
}


class Facts(NamedTuple):
    """`held` are the objects of which we own fields, `goes` the fields that nobody else owns.

    `pods` is their number where only we say it. `missing` are objects of the manifest that the other system
    has not applied, `orphans` those of ours that the manifest no longer has.
    """

    held: tuple[ObjectName, ...]
    goes: tuple[str, ...] = ()
    pods: int = 0
    missing: tuple[ObjectName, ...] = ()
    orphans: tuple[ObjectName, ...] = ()
    unlisted: str = ""


def handover(release: Release, workload: Workload, system: str, session: Session) -> Operation:
    """The operation that was carried out, and checked; it has no commands if we own nothing.

    Raises InputError if the system has not applied the manifest yet.
    """
    versions = versions_of(release, workload)

    def work() -> Operation:
        facts = look(workload, system, session.execution)
        if facts.missing:
            raise InputError(_not_yet(system, facts.missing))
        operation = plan(workload, system, facts, versions)
        run_confirmed(operation, release, session, read=partial(_read, system))
        return operation

    checks = partial(kubectl_checks, workload.context, workload.namespace, session.execution.environ)
    return carry_out(workload.place, session, checks, work)


def dry_run(release: Release, workload: Workload, system: str) -> Operation:
    """What would run, as far as that is known offline."""
    return plan(workload, system, None, versions_of(release, workload))


def versions_of(release: Release, workload: Workload) -> dict[ObjectName, str]:
    """The apiVersion of each object of the manifest."""
    items = objects_in(release)
    return {name: str(item["apiVersion"]) for name, item in zip(workload.objects, items, strict=True)}


def look(workload: Workload, system: str, execution: Execution) -> Facts:
    live = [item for command in _inspect(workload) for item in objects_of(execute(command, execution))]
    listed = execute(commands.list_owned(workload), execution)
    unlisted = complaints_of(listed) if listed.code else ""
    found = facts_of(live, workload, system)
    return found._replace(orphans=tuple(orphans(objects_of(listed), workload)), unlisted=unlisted)


def facts_of(live: Iterable[Object], workload: Workload, system: str) -> Facts:
    items = {name_of(item): item for item in live}
    held = tuple(name for name, item in items.items() if _entries(item, commands.MANAGER))
    goes = {name: tuple(_only_ours(items[name])) for name in held}
    deployment = next((name for name in held if name.kind == "Deployment"), None)
    says_pods = deployment is not None and "spec.replicas" in goes[deployment]
    return Facts(
        held,
        tuple(f"{name}: {field}" for name, fields in goes.items() for field in fields),
        int(at(items[deployment], "spec", "replicas") or 0) if deployment and says_pods else 0,
        tuple(
            name
            for name in workload.objects
            if not any(
                _entries(item, SYSTEMS[system][1]) for found, item in items.items() if _is_same(found, name)
            )
        ),
    )


def plan(
    workload: Workload, system: str, facts: Facts | None, versions: Mapping[ObjectName, str]
) -> Operation:
    """Let go of what we own, and see that nothing is left; without facts, of every object of the manifest."""
    looks = (*_inspect(workload), commands.list_owned(workload))
    name = SYSTEMS[system][0]
    if facts is None:
        note = f"refused if {name} has not applied all of this; it is done for objects that we own fields of"
        return Operation((_release(workload, versions), *_checks(workload)), looks=looks, notes=(note,))
    ours = {
        wanted: version
        for wanted, version in versions.items()
        if any(_is_same(held, wanted) for held in facts.held)
    }
    if not ours:
        return Operation((), looks=looks, notes=_notes(name, facts))
    return Operation(
        (
            *(commands.keep_replicas(workload, facts.pods) if facts.pods else ()),
            _release(workload, ours),
            *_checks(workload),
        ),
        goes=facts.goes,
        stays=tuple(map(str, ours)),
        looks=looks,
        notes=_notes(name, facts),
        question=f"leave '{workload.deployment}' in '{workload.namespace}' of '{workload.context}' to {name}",
    )


def _notes(name: str, facts: Facts) -> tuple[str, ...]:
    orphans = ", ".join(map(str, facts.orphans))
    unknown = f"{name} does not know what the manifest no longer has; delete it yourself: {orphans}"
    return (
        *([f"not every kind could be listed: {facts.unlisted}"] if facts.unlisted else []),
        *([unknown] if orphans else []),
    )


def _not_yet(system: str, missing: Iterable[ObjectName]) -> str:
    name, _, sync = SYSTEMS[system]
    return (
        f"{name} has not applied all of the manifest yet, nothing was changed; it lacks: "
        f"{', '.join(map(str, missing))}\n"
        f"  commit and push what is rendered, and wait until {name} has it: '{sync} NAME'"
    )


def _inspect(workload: Workload) -> tuple[Command, ...]:
    return commands.inspect_objects(workload, workload.objects)


def _checks(workload: Workload) -> tuple[Command, ...]:
    reason = "see that we own nothing any more"
    return tuple(command._replace(role="check", reason=reason) for command in _inspect(workload))


def _release(workload: Workload, versions: Mapping[ObjectName, str]) -> Command:
    items = [
        {
            "apiVersion": version,
            "kind": name.kind,
            "metadata": {"name": name.name, **({"namespace": name.namespace} if name.namespace else {})},
        }
        for name, version in versions.items()
    ]
    return commands.release_fields(workload, json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def _read(system: str, command: Command, done: Completed) -> None:
    """Raise ToolFailed if the server still has us as an owner."""
    if command.role != "check":
        return
    left = [str(name_of(item)) for item in objects_of(done) if _entries(item, commands.MANAGER)]
    if left:
        raise ToolFailed(
            f"'{commands.MANAGER}' still owns fields of {', '.join(left)}: was it deployed meanwhile? "
            f"What {SYSTEMS[system][0]} removes there would stay"
        )


def _is_same(found: ObjectName, wanted: ObjectName) -> bool:
    """An object of the manifest may leave its namespace to kubectl."""
    return found[:3] == wanted[:3] and wanted.namespace in ("", found.namespace)


def _entries(item: Object, manager: str) -> list[Object]:
    """What field managers of this name, or of one that begins with another system's, have applied."""
    return [
        entry
        for entry in managed_fields(item)
        if entry.get("operation") == "Apply" and _is_manager(str(entry.get("manager", "")), manager)
    ]


def _is_manager(found: str, wanted: str) -> bool:
    return found == wanted if wanted == commands.MANAGER else found.startswith(wanted)


def _only_ours(item: Object) -> Iterator[str]:
    """The paths of the fields that nobody but us owns."""
    ours: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for entry in managed_fields(item):
        mine = entry in _entries(item, commands.MANAGER)
        _merge(ours if mine else others, entry.get("fieldsV1"))
    yield from _beyond(ours, others, "")


def _merge(into: dict[str, Any], fields: object) -> None:
    for key, value in fields.items() if isinstance(fields, dict) else ():
        _merge(into.setdefault(key, {}), value)


def _beyond(ours: Mapping[str, Any], others: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in ours.items():
        if key == ".":
            continue
        # `f:` is a field, `k:` an entry of a list by its keys, `v:` one by its value.
        kind, _, name = key.partition(":")
        here = f"{path}[{name}]" if kind != "f" else f"{path}.{name}".lstrip(".")
        if key not in others and not value:
            yield here
        else:
            yield from _beyond(value, others.get(key, {}), here)
