"""The status of an app on Kubernetes, as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.values.printable import printable

if TYPE_CHECKING:
    from jvbundler.deploy.kubernetes.status import Status


def status_lines(status: Status) -> Iterator[str]:
    """What there is first; the verdict last, where the eye ends up."""
    fields = status.fields
    count = fields["replicas"]
    where = f"{fields['namespace']} of {fields['context']}"
    yield f"{fields['deployment']} in {where}, revision {fields['revision'] or '-'}"
    if fields["managed_by"]:
        yield f"  managed by {fields['managed_by']}"
    yield f"  pods: {count['ready']} of {count['desired']} ready, {count['updated']} up to date"
    yield f"  image: {fields['image']['running'] or '-'}"
    for pod in fields["pods"]:
        yield from _pod_lines(pod)
    for volume in fields["volumes"]:
        yield f"  volume claim {volume['name']}: {volume['phase']}, {volume['size']}"
    for scaler in fields["autoscaler"]:
        span = f"{scaler['min']}..{scaler['max']}"
        yield f"  autoscaler: {scaler['current']} pods, wants {scaler['desired']} of {span}"
    for address in fields["addresses"]:
        yield f"  address: {address}"
    yield f"  health: {printable(fields['health'])}"
    for line in fields["warnings"]:
        yield f"  warning: {printable(line)}"
    if fields["not_readable"]:
        yield f"  not readable: {printable(fields['not_readable'])}"
    yield "healthy" if not status.problems else "not healthy:"
    yield from (f"  {printable(problem)}" for problem in status.problems)


def _pod_lines(pod: dict[str, Any]) -> Iterator[str]:
    state = "ready" if pod["ready"] else pod["phase"]
    restarts = f", {pod['restarts']} restarts" if pod["restarts"] else ""
    yield f"  {pod['name']}: {state}{restarts}{', on ' + pod['node'] if pod['node'] else ''}"
    yield from (f"    {printable(reason)}" for reason in pod["reasons"])
