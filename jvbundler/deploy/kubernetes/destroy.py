"""`destroy k8s`: the objects of the manifest, and those that an earlier manifest had. Data stays."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jvbundler.deploy.doctor import kubectl_checks
from jvbundler.deploy.kubernetes.commands import data_objects, delete
from jvbundler.deploy.kubernetes.live import Facts, look, look_commands
from jvbundler.deploy.operation import Operation, Session, carry_out, run_confirmed

if TYPE_CHECKING:
    from jvbundler.deploy.kubernetes.workload import Workload
    from jvbundler.deploy.release import Release


def destroy(
    release: Release, workload: Workload, session: Session, *, delete_data: bool, force: bool
) -> Operation:
    """The operation that was carried out. An object that no longer exists is not a failure."""

    def work() -> Operation:
        facts = look(workload, session.execution, "destroy", force=force)
        operation = plan(workload, facts, delete_data=delete_data)
        run_confirmed(operation, release, session)
        return operation

    checks = partial(kubectl_checks, workload.context, workload.namespace, session.execution.environ)
    return carry_out(workload.place, session, checks, work)


def plan(workload: Workload, facts: Facts | None, *, delete_data: bool) -> Operation:
    """Without facts, the objects that only the cluster knows become a note."""
    orphans = facts.orphans if facts else ()
    every = (*workload.objects, *orphans)
    kept = () if delete_data else data_objects(every)
    # The namespace last: the objects in it are deleted with it.
    namespaces = [o for o in workload.objects if o.kind == "Namespace" and o not in kept]
    own = [o for o in reversed(workload.objects) if o not in (*kept, *namespaces)]
    reason = "delete the app's objects" if delete_data else "delete them, but no data"
    return Operation(
        (
            *delete(workload, [o for o in orphans if o not in kept], "delete what an earlier manifest had"),
            *delete(workload, own, reason),
            *delete(workload, namespaces, "delete the namespace with everything in it"),
        ),
        goes=tuple(str(o) for o in every if o not in kept),
        stays=tuple(map(str, kept)),
        looks=look_commands(workload),
        notes=_notes(facts, delete_data=delete_data),
        question=f"delete it from namespace '{workload.namespace}' of '{workload.context}'",
    )


def _notes(facts: Facts | None, *, delete_data: bool) -> tuple[str, ...]:
    if facts is None:
        data = "with their data" if delete_data else "but no data"
        return (f"and the objects that only an earlier manifest had, if there are any, {data}",)
    return (f"not every kind could be listed: {facts.unlisted}",) if facts.unlisted else ()
