"""`logs k8s`: the logs of the app's pods, as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jvbundler.deploy.doctor import kubectl, require
from jvbundler.deploy.execution import Execution, execute_all
from jvbundler.deploy.kubernetes import commands
from jvbundler.deploy.operation import Operation

if TYPE_CHECKING:
    from jvbundler.deploy.kubernetes.commands import LogOptions
    from jvbundler.deploy.kubernetes.workload import Workload


def plan(workload: Workload, options: LogOptions) -> Operation:
    return Operation((commands.logs(workload, options),))


def show_logs(operation: Operation, execution: Execution) -> None:
    require([kubectl(execution.environ)])
    execute_all(operation.commands, execution)
