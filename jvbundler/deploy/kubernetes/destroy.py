"""`destroy k8s`: the objects of the manifest, and those that an earlier manifest had. Data stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Execution, execute
from jvbundler.deploy.kubernetes import commands as plan
from jvbundler.deploy.kubernetes.deploy import refuse_managed
from jvbundler.deploy.kubernetes.live import live_state, objects_of, orphans
from jvbundler.deploy.kubernetes.workload import ObjectName, Target


class Destruction(NamedTuple):
    """`commands` delete exactly what `goes`; `stays` is what holds data and is kept."""

    commands: tuple[Command, ...]
    goes: tuple[str, ...]
    stays: tuple[str, ...]


def find_destruction(target: Target, execution: Execution, *, delete_data: bool, force: bool) -> Destruction:
    """What a deletion would do, with the objects that only the cluster knows of. Changes nothing."""
    live = live_state(execute(plan.inspect(target), execution), target)
    refuse_managed(live, target, force=force)
    left = orphans(objects_of(execute(plan.list_owned(target), execution)), target)
    return destruction(target, left, delete_data=delete_data)


def destruction(target: Target, left: Sequence[ObjectName], *, delete_data: bool) -> Destruction:
    """`left` are the objects that an earlier manifest had."""
    every = (*target.objects, *left)
    kept = () if delete_data else plan.data_objects(every)
    commands = (
        *plan.delete(target, [o for o in left if o not in kept], "delete what an earlier manifest had"),
        *plan.destroy_plan(target, delete_data=delete_data),
    )
    goes = tuple(str(o) for o in every if o not in kept)
    return Destruction(commands, goes, tuple(map(str, kept)))
