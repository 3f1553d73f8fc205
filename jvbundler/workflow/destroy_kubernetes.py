"""`destroy k8s`: the objects of the manifest, and those that an earlier manifest had. Data stays."""

from __future__ import annotations

from jvbundler.plan import kubernetes as plan
from jvbundler.plan.kubernetes_target import Target
from jvbundler.workflow.cluster import live_state, objects_of, orphans
from jvbundler.workflow.deploy_kubernetes import refuse_managed
from jvbundler.workflow.execute import Execution, execute, execute_all


def stays(target: Target, *, delete_data: bool) -> tuple[str, ...]:
    """What of the manifest is left."""
    return () if delete_data else tuple(str(o) for o in plan.data_objects(target.objects))


def destroy(target: Target, execution: Execution, *, delete_data: bool, force: bool) -> None:
    """Delete all that is ours, again and again if need be: what is gone already is no failure."""
    live = live_state(execute(plan.inspect(target), execution), target)
    refuse_managed(live, target, force=force)
    left = orphans(objects_of(execute(plan.list_owned(target), execution)), target)
    gone = [name for name in left if delete_data or name not in plan.data_objects(left)]
    execute_all(plan.delete(target, gone, "delete what an earlier manifest had"), execution)
    execute_all(plan.destroy_plan(target, delete_data=delete_data), execution)
