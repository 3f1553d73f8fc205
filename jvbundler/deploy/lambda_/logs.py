"""`logs lambda`: what the function logged, by sam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jvbundler.deploy.doctor import require, sam
from jvbundler.deploy.execution import Execution, execute
from jvbundler.deploy.lambda_ import commands
from jvbundler.deploy.lambda_.stack import stack_of
from jvbundler.deploy.operation import Operation

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.commands import LogOptions
    from jvbundler.deploy.release import Release


def plan(release: Release, options: LogOptions) -> Operation:
    return Operation((commands.logs(stack_of(release), options),))


def show_logs(operation: Operation, execution: Execution, *, tail: int) -> list[str]:
    """The last `tail` lines; none where all lines were shown as they came."""
    require([sam(execution.environ)])
    (command,) = operation.commands
    done = execute(command, execution)
    return done.text.splitlines()[-tail:] if tail else []
