"""How many pods run, and how old ones are replaced by new ones."""

from __future__ import annotations

from typing import Any

from jvbundler.project.model import Environment
from jvbundler.render.kubernetes.names import metadata

FILE_DATABASES = ("json", "sqlite")


def runs_many(environment: Environment) -> bool:
    """Whether more than one pod is meant to run."""
    kubernetes = environment.settings["kubernetes"]
    if kubernetes["autoscaling"]["enabled"]:
        return kubernetes["autoscaling"]["max_replicas"] > 1
    return kubernetes["deployment"]["replicas"] > 1


def replicas(environment: Environment) -> int | None:
    """None if the autoscaler decides: a number in the manifest would fight it at every sync."""
    kubernetes = environment.settings["kubernetes"]
    return None if kubernetes["autoscaling"]["enabled"] else kubernetes["deployment"]["replicas"]


def strategy(environment: Environment, database: str) -> dict[str, Any]:
    """`database` is the kind of the app's database."""
    kubernetes = environment.settings["kubernetes"]
    written = kubernetes["deployment"]["strategy"]
    why = why_recreate(environment, database)
    kind = written["type"] or ("Recreate" if why else "RollingUpdate")
    if kind == "Recreate":
        return {"type": kind, "why": why or "Asked for: the old pods go before the new ones come."}
    limits = written["rolling_update"]
    gentle = limits["max_unavailable"] in (0, "0%")
    return {"type": kind, "why": "A new pod is ready before an old one goes." if gentle else "", **limits}


def why_recreate(environment: Environment, database: str) -> str:
    """Why two pods must not run at once, or an empty text if they may."""
    kubernetes = environment.settings["kubernetes"]
    volume = kubernetes["persistence"]
    if not volume["enabled"]:
        return ""
    if "ReadWriteMany" not in volume["access_modes"]:
        return "The volume mounts on one node: the old pod goes before the new one comes."
    if database in FILE_DATABASES and not runs_many(environment):
        return f"A {database} database has one writer: the old pod goes before the new one comes."
    return ""


def autoscaler(environment: Environment) -> dict[str, Any] | None:
    scaling = environment.settings["kubernetes"]["autoscaling"]
    if not scaling["enabled"]:
        return None
    targets = (("cpu", scaling["target_cpu_utilization"]), ("memory", scaling["target_memory_utilization"]))
    return {
        **metadata(environment, environment.instance),
        **scaling,
        "metrics": [{"name": name, "target": target} for name, target in targets if target],
    }


def disruption_budget(environment: Environment) -> dict[str, Any] | None:
    budget = environment.settings["kubernetes"]["pod_disruption_budget"]
    enabled = budget["enabled"]
    if not (runs_many(environment) if enabled is None else enabled):
        return None
    return {**metadata(environment, environment.instance), **budget}


def spreads(environment: Environment) -> bool:
    enabled = environment.settings["kubernetes"]["topology_spread"]["enabled"]
    return runs_many(environment) if enabled is None else enabled
