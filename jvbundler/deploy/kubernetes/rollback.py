"""`rollback k8s`: back to a previous revision of the Deployment, with kubectl's own undo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jvbundler.deploy.doctor import kubectl_checks
from jvbundler.deploy.execution import Execution, execute
from jvbundler.deploy.kubernetes.commands import UNKNOWN_REVISION, history, inspect, undo_and_wait
from jvbundler.deploy.kubernetes.live import REVISION, Object, at, look_managed, objects_of, revision
from jvbundler.deploy.operation import Operation, Session, carry_out, run_confirmed
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jvbundler.deploy.kubernetes.workload import Workload
    from jvbundler.deploy.release import Release


def rollback(release: Release, workload: Workload, session: Session, *, wanted: str, force: bool) -> str:
    """Go back and wait for the pods; returns the revision that was chosen.

    The next deployment takes back the fields that the undo sets (`live.was_undone`).
    """

    def work() -> str:
        chosen = look(workload, session.execution, wanted=wanted, force=force)
        run_confirmed(plan(workload, chosen), release, session)
        return chosen

    checks = partial(kubectl_checks, workload.context, workload.namespace, session.execution.environ)
    return carry_out(workload.place, session, checks, work)


def look(workload: Workload, execution: Execution, *, wanted: str, force: bool) -> str:
    """The revision to go to: `wanted`, or the previous one. Raises InputError if there is none."""
    live = look_managed(workload, inspect(workload), execution, "rollback", force=force)
    if live.deployment is None:
        raise InputError(
            f"there is no Deployment '{workload.deployment}' in namespace '{workload.namespace}'"
        )
    numbers = _revisions(objects_of(execute(history(workload), execution)))
    current = revision(live.deployment)
    chosen = wanted or next((str(n) for n in reversed(numbers) if str(n) != current), "")
    if not chosen or (wanted and not (wanted.isdigit() and int(wanted) in numbers)):
        known = ", ".join(map(str, numbers)) or "none"
        raise InputError(f"there is no revision {wanted or 'to go back to'}; there are: {known}")
    if chosen == current:
        raise InputError(f"revision {chosen} is the one that runs")
    return chosen


def _revisions(replica_sets: Iterable[Object]) -> list[int]:
    found = (str(at(item, "metadata", "annotations", REVISION) or "") for item in replica_sets)
    return sorted({int(text) for text in found if text.isdigit()})


def plan(workload: Workload, revision: str) -> Operation:
    """An empty `revision` means one that only the cluster knows."""
    commands = undo_and_wait(workload, revision or UNKNOWN_REVISION)
    return Operation(commands, looks=(inspect(workload), history(workload)))
