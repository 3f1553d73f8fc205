"""Rules about how many pods run, what each may use, and how they are replaced. Must not look at Lambda."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from jvbundler.project.model import Environment
from jvbundler.rules.rule import CONTAINER, Finding, pods, rule, written_or
from jvbundler.values.quantity import UNIT, parse_quantity

if TYPE_CHECKING:
    from jvbundler.app.model import App

RESOURCES = (*CONTAINER, "resources")
# The example app of jvagent 0.1.7 was measured at 340 MiB when it is idle.
LEAST_MEMORY = 256 * 1024**2 * UNIT
GRACE = ("kubernetes", "termination_grace_period_seconds")
NOTHING = (0, "0", "0%")


def amounts(environment: Environment, part: Literal["requests", "limits"]) -> dict[str, str]:
    """Requests or limits of the container by name, as written; an empty text means none."""
    written = environment.settings["kubernetes"]["deployment"]["container"]["resources"][part]
    return {
        "cpu": written["cpu"],
        "memory": written["memory"],
        "ephemeral_storage": written["ephemeral_storage"],
    }


@rule(
    "JVB404",
    "error",
    title="Autoscaler whose minimum is above its maximum",
    source="Kubernetes API, HorizontalPodAutoscaler: minReplicas must not be above maxReplicas",
)
def minimum_above_maximum(environment: Environment, app: App) -> Iterator[Finding]:
    """The API server refuses such an autoscaler. `min_replicas` is 2 by default, so a `max_replicas` of 1
    needs a `min_replicas` of 1 as well."""
    scaling = environment.settings["kubernetes"]["autoscaling"]
    lowest, highest = scaling["min_replicas"], scaling["max_replicas"]
    if environment.settings["kubernetes"]["enabled"] and scaling["enabled"] and lowest > highest:
        message = f"min_replicas is {lowest}, above max_replicas, which is {highest}"
        hint = "lower min_replicas, or raise max_replicas"
        yield Finding(("kubernetes", "autoscaling", "min_replicas"), message, hint)


@rule(
    "JVB405",
    "warning",
    title="Disruption budget that blocks every eviction",
    source="Kubernetes, PodDisruptionBudget: an eviction is refused while it would break the budget",
)
def budget_blocks(environment: Environment, app: App) -> Iterator[Finding]:
    """A budget that requires every pod, or allows none to be unavailable, lets no node be drained:
    the cluster's upgrade waits forever. With an autoscaler, its minimum counts."""
    kubernetes = environment.settings["kubernetes"]
    budget, (fewest, most) = kubernetes["pod_disruption_budget"], pods(environment)
    exists = most > 1 if budget["enabled"] is None else budget["enabled"]
    if not kubernetes["enabled"] or not exists or fewest == 0:
        return
    least = budget["min_available"]
    if least is None and budget["max_unavailable"] in NOTHING:
        path = ("kubernetes", "pod_disruption_budget", "max_unavailable")
        yield Finding(
            path, "no pod may ever be unavailable, so no node can be drained", "set it to 1 or more"
        )
    elif least is not None and share_of(least, fewest) >= fewest:
        pod_count = "1 pod" if fewest == 1 else f"{fewest} pods"
        message = f"{least} of {pod_count} must stay, so no node can be drained"
        hint = "set max_unavailable: 1 instead, or run more pods"
        yield Finding(("kubernetes", "pod_disruption_budget", "min_available"), message, hint)


def share_of(amount: int | str, whole: int) -> int:
    """A number of pods, or a percentage of `whole`, which Kubernetes rounds up."""
    text = str(amount)
    if text.endswith("%") and text[:-1].isdigit():
        return -(-int(text[:-1]) * whole // 100)
    return int(text) if text.isdigit() else 0


@rule(
    "JVB406",
    "warning",
    title="Autoscaler without the request that it measures",
    source="Kubernetes, HorizontalPodAutoscaler: utilisation is relative to the requests of all containers",
)
def scaling_without_request(environment: Environment, app: App) -> Iterator[Finding]:
    """The autoscaler compares the use of CPU or memory with what the containers request. Where one of them,
    a sidecar included, requests none, the autoscaler reports an error and never scales."""
    kubernetes = environment.settings["kubernetes"]
    scaling = kubernetes["autoscaling"]
    if not (kubernetes["enabled"] and scaling["enabled"]):
        return
    measured = {"cpu": scaling["target_cpu_utilization"], "memory": scaling["target_memory_utilization"]}
    for name in (name for name, target in measured.items() if target):
        if amounts(environment, "requests")[name] == "" and amounts(environment, "limits")[name] == "":
            message = f"the autoscaler measures {name}, and the container requests none"
            yield Finding((*RESOURCES, "requests", name), message, f"set resources.requests.{name}")
        for index, other in enumerate(kubernetes["deployment"]["pod"]["extra_containers"]):
            if not asks_for(other, name):
                message = f"the autoscaler measures {name}, and container '{other.get('name')}' requests none"
                path = ("kubernetes", "deployment", "pod", "extra_containers", index)
                yield Finding(path, message, f"give it resources.requests.{name}")


def asks_for(container: dict[str, Any], name: str) -> bool:
    resources = container.get("resources")
    parts = resources.values() if isinstance(resources, dict) else ()
    return any(isinstance(part, dict) and part.get(name) for part in parts)


@rule(
    "JVB407",
    "error",
    title="Request above the limit",
    source="Kubernetes API, ResourceRequirements: requests must not be above limits",
)
def request_above_limit(environment: Environment, app: App) -> Iterator[Finding]:
    """The API server refuses a container that requests more than it may use. The limits of memory (1Gi) and
    ephemeral storage (1Gi) have defaults: raise them with the request."""
    if not environment.settings["kubernetes"]["enabled"]:
        return
    wanted, allowed = amounts(environment, "requests"), amounts(environment, "limits")
    for name in wanted:
        request, limit = parse_quantity(wanted[name]), parse_quantity(allowed[name])
        if request is not None and limit is not None and request > limit:
            message = f"the request {wanted[name]} is above the limit {allowed[name]}"
            yield Finding(
                (*RESOURCES, "requests", name), message, f"raise resources.limits.{name}, or lower this"
            )


@rule(
    "JVB408",
    "error",
    title="Amount that is not a quantity",
    source="Kubernetes API, Quantity: a number and one of m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei",
)
def malformed_quantity(environment: Environment, app: App) -> Iterator[Finding]:
    """CPU, memory and ephemeral storage are numbers with an optional unit, without a space: `250m`, `1.5`,
    `512Mi`, `2Gi`. `MB` and `GB` are not units, and no amount is negative."""
    if not environment.settings["kubernetes"]["enabled"]:
        return
    parts: tuple[Literal["requests", "limits"], ...] = ("requests", "limits")
    for part in parts:
        for name, written in amounts(environment, part).items():
            amount = parse_quantity(written)
            if written != "" and (amount is None or amount < 0):
                hint = "write it as in 250m or 2" if name == "cpu" else "write it as in 512Mi or 2Gi"
                yield Finding((*RESOURCES, part, name), f"'{written}' is not a quantity", hint)


@rule(
    "JVB409",
    "warning",
    title="Memory limit too low for jvagent to start",
    source="Measured: the example app of jvagent 0.1.7 uses 340 MiB when idle",
)
def memory_too_low(environment: Environment, app: App) -> Iterator[Finding]:
    """A container that goes over its memory limit is killed. Note that `m` means thousandths: `512m` of
    memory is half a byte, where `512Mi` was meant."""
    written = amounts(environment, "limits")["memory"]
    limit = parse_quantity(written)
    if environment.settings["kubernetes"]["enabled"] and limit is not None and 0 <= limit < LEAST_MEMORY:
        hint = "jvagent needs about 340 MiB; write it as in 1Gi"
        yield Finding(
            (*RESOURCES, "limits", "memory"), f"the container is killed above {written} of memory", hint
        )


@rule(
    "JVB433",
    "error",
    title="Rolling update that cannot replace any pod",
    source="Kubernetes API, Deployment: maxSurge and maxUnavailable must not both be 0",
)
def stuck_rollout(environment: Environment, app: App) -> Iterator[Finding]:
    """With no pod above the number of replicas and none below it, no pod can ever be replaced: the API server
    refuses it."""
    kubernetes = environment.settings["kubernetes"]
    strategy = kubernetes["deployment"]["strategy"]
    rolling = strategy["rolling_update"]
    stuck = rolling["max_surge"] in NOTHING and rolling["max_unavailable"] in NOTHING
    if kubernetes["enabled"] and strategy["type"] != "Recreate" and stuck:
        path = ("kubernetes", "deployment", "strategy", "rolling_update", "max_surge")
        yield Finding(
            path,
            "neither a surge nor an unavailable pod is allowed, so no pod can be replaced",
            "set it to 1",
        )


@rule(
    "JVB448",
    "error",
    title="Pod that is killed before it may stop",
    source="Kubernetes API, Pod: lifecycle.preStop.sleep.seconds is less than terminationGracePeriodSeconds",
)
def long_pre_stop(environment: Environment, app: App) -> Iterator[Finding]:
    """`pre_stop_seconds` are a part of `termination_grace_period_seconds`; the app stops in the rest of them.
    The API server refuses a longer one, and an equal one leaves no time to finish a request."""
    kubernetes = environment.settings["kubernetes"]
    pause, grace = kubernetes["pre_stop_seconds"], kubernetes["termination_grace_period_seconds"]
    if kubernetes["enabled"] and 0 < pause >= grace:
        message = f"of the {grace} s that a pod has to stop, pre_stop_seconds takes {pause}"
        at = written_or(environment, ("kubernetes", "pre_stop_seconds"), GRACE)
        yield Finding(at, message, "raise termination_grace_period_seconds, or lower pre_stop_seconds")
