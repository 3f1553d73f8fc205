"""A port of this machine that leads to the app in the cluster, as long as it is needed."""

from __future__ import annotations

import contextlib
import queue
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.deploy.doctor import kubectl, require
from jvbundler.deploy.execution import secret_values
from jvbundler.deploy.kubernetes import commands
from jvbundler.runner import background
from jvbundler.values.problem import ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.execution import Execution
    from jvbundler.deploy.kubernetes.workload import Workload

SECONDS = 30.0
_PORT = re.compile(r"Forwarding from 127\.0\.0\.1:([0-9]+) ")


@contextlib.contextmanager
def forwarded(workload: Workload, execution: Execution) -> Iterator[str]:
    """The URL of the app. Raises ToolFailed if kubectl opens no port; it is ended afterwards."""
    require([kubectl(execution.environ)])
    command = commands.forward(workload)
    lines: queue.Queue[str] = queue.Queue()
    mask = secret_values(execution, command)
    with background(command.argv, on_line=lines.put, env=execution.environ, mask=mask) as code:
        said: list[str] = []
        end = time.monotonic() + SECONDS
        while not (found := next(filter(None, map(_PORT.match, said)), None)):
            try:
                said.append(lines.get(timeout=0.2))
            except queue.Empty:
                if code() is not None or time.monotonic() > end:
                    raise _failure(command, said) from None
        yield f"http://127.0.0.1:{found[1]}"


def _failure(command: object, said: list[str]) -> ToolFailed:
    lines = (f"'kubectl port-forward' opened no port\n  {command}", *said)
    return ToolFailed("\n".join((*lines, "'jvbundler status k8s' shows whether a pod is ready")))
