"""`rollback k8s`: back to a former revision of the Deployment, by kubectl's own undo."""

from __future__ import annotations

from jvbundler.deploy.execution import Execution, execute, execute_all
from jvbundler.deploy.kubernetes import commands as plan
from jvbundler.deploy.kubernetes.deploy import refuse_managed
from jvbundler.deploy.kubernetes.live import REVISION, at, live_state, objects_of, revision
from jvbundler.deploy.kubernetes.workload import Target
from jvbundler.errors import InputError


def rollback(target: Target, execution: Execution, wanted: str, *, force: bool) -> str:
    """Go back and wait for the pods; the revision that was chosen.

    Raises InputError where there is no such revision. The next deployment takes the fields back that the
    undo sets (`was_undone`).
    """
    live = live_state(execute(plan.inspect(target), execution), target)
    if live.deployment is None:
        raise InputError(f"there is no Deployment '{target.deployment}' in namespace '{target.namespace}'")
    refuse_managed(live, target, force=force)
    former = objects_of(execute(plan.history(target), execution))
    numbers = sorted(
        {
            int(text)
            for item in former
            if (text := at(item, "metadata", "annotations", REVISION) or "").isdigit()
        }
    )
    current = revision(live.deployment)
    chosen = wanted or next((str(n) for n in reversed(numbers) if str(n) != current), "")
    if not chosen or (wanted and not (wanted.isdigit() and int(wanted) in numbers)):
        known = ", ".join(map(str, numbers)) or "none"
        raise InputError(f"there is no revision {wanted or 'to go back to'}; there are: {known}")
    if chosen == current:
        raise InputError(f"revision {chosen} is the one that runs")
    execute_all(plan.rollback_plan(target, chosen), execution)
    return chosen
