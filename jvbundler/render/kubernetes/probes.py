"""The probes of the app's container, as Kubernetes writes them, each with the reason for its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jvbundler.project.model import Environment
from jvbundler.render.kubernetes.network import named_port

if TYPE_CHECKING:
    from jvbundler.generated.settings import (
        KubernetesDeploymentContainerLivenessProbe,
        KubernetesDeploymentContainerReadinessProbe,
        KubernetesDeploymentContainerStartupProbe,
    )

    Probe = (
        KubernetesDeploymentContainerStartupProbe
        | KubernetesDeploymentContainerReadinessProbe
        | KubernetesDeploymentContainerLivenessProbe
    )


def probes(environment: Environment) -> list[dict[str, Any]]:
    container = environment.settings["kubernetes"]["deployment"]["container"]
    startup, readiness, liveness = (
        container["startup_probe"],
        container["readiness_probe"],
        container["liveness_probe"],
    )
    patience = startup["initial_delay_seconds"] + startup["period_seconds"] * startup["failure_threshold"]
    return [
        {"field": field, "why": why, "body": body(environment, probe, default)}
        for field, probe, default, why in (
            (
                "startupProbe",
                startup,
                "http",
                f"A start takes about 10 s; a slow node gets {patience} s before it is tried again.",
            ),
            (
                "readinessProbe",
                readiness,
                "http",
                "A pod that cannot serve is taken out of the Service, not restarted.",
            ),
            ("livenessProbe", liveness, "tcp", why_liveness(environment, liveness)),
        )
        if probe["enabled"]
    ]


def why_liveness(environment: Environment, probe: KubernetesDeploymentContainerLivenessProbe) -> str:
    if probe["http_get"] is not None or probe["exec"] is not None:
        return "A container that fails it is restarted."
    path = environment.settings["server"]["health_path"]
    shown = path if path.isprintable() else "HTTP"
    return f"No {shown} here: it fails when the database is away too, which no restart mends."


def body(environment: Environment, probe: Probe, default: str) -> dict[str, Any]:
    """The probe's fields; a delay of 0 and one success are what Kubernetes takes anyway."""
    delay, successes = probe["initial_delay_seconds"], probe["success_threshold"]
    return {
        **action(environment, probe, default),
        **({"initialDelaySeconds": delay} if delay else {}),
        "periodSeconds": probe["period_seconds"],
        "timeoutSeconds": probe["timeout_seconds"],
        "failureThreshold": probe["failure_threshold"],
        **({"successThreshold": successes} if successes != 1 else {}),
    }


def action(environment: Environment, probe: Probe, default: str) -> dict[str, Any]:
    """What the probe does: as written, else `default`, which is http or tcp."""
    http, tcp, command = probe["http_get"], probe["tcp_socket"], probe["exec"]
    if http is not None:
        headers = [{"name": name, "value": value} for name, value in http["http_headers"].items()]
        return {
            "httpGet": {
                "path": http["path"] or environment.settings["server"]["health_path"],
                "port": named_port(environment, http["port"]),
                **({"scheme": http["scheme"]} if http["scheme"] != "HTTP" else {}),
                **({"httpHeaders": headers} if headers else {}),
            }
        }
    if tcp is not None:
        return {"tcpSocket": {"port": named_port(environment, tcp["port"])}}
    if command is not None:
        return {"exec": {"command": command["command"]}}
    if default == "tcp":
        return {"tcpSocket": {"port": "http"}}
    return {"httpGet": {"path": environment.settings["server"]["health_path"], "port": "http"}}
