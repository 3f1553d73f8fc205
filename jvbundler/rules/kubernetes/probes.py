"""Rules about the probes of the pods, and the health path that they follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import Environment
from jvbundler.rules.rule import CONTAINER, Finding, container_port, rule, runs_jvagent, served_ports

if TYPE_CHECKING:
    from jvbundler.app.model import App


# Measured on jvagent 0.1.7: these answer 401, like every path that is not exempt from authentication.
UNSERVED = frozenset(
    [
        "/",
        "/ready",
        "/readyz",
        "/readiness",
        "/healthz",
        "/live",
        "/livez",
        "/liveness",
        "/ping",
        "/status",
        "/alive",
    ]
)


def probes(environment: Environment) -> Iterator[tuple[str, Any]]:
    """The probes that are rendered, by name."""
    container = environment.settings["kubernetes"]["deployment"]["container"]
    written: tuple[tuple[str, Any], ...] = (
        ("startup_probe", container["startup_probe"]),
        ("readiness_probe", container["readiness_probe"]),
        ("liveness_probe", container["liveness_probe"]),
    )
    if environment.settings["kubernetes"]["enabled"]:
        yield from ((name, probe) for name, probe in written if probe["enabled"])


@rule(
    "JVB410",
    "warning",
    title="Probe of a path that jvagent does not serve",
    source="jvagent 0.1.7: /health answers without a login, /ready, /healthz and / answer 401",
)
def unserved_path(environment: Environment, app: App) -> Iterator[Finding]:
    """jvagent serves `/health`. Other common names of such a path are answered with 401, so the pods never
    become ready, or are restarted forever. A server of your own (`server.command`) may serve any path."""
    if not runs_jvagent(environment):
        return
    health = environment.settings["server"]["health_path"]
    enabled = environment.settings["kubernetes"]["enabled"] or environment.settings["lambda"]["enabled"]
    if enabled and health in UNSERVED:
        message = f"jvagent answers 401 at '{health}'"
        yield Finding(
            ("server", "health_path"), message, "use /health, which answers 200 when the app can serve"
        )
    for name, probe in probes(environment):
        path = probe["http_get"]["path"] if probe["http_get"] else ""
        if path in UNSERVED:
            message = f"jvagent answers 401 at '{path}', so the {name.partition('_')[0]} probe never succeeds"
            yield Finding(
                (*CONTAINER, name, "http_get", "path"), message, "leave the probe out, or use /health"
            )


@rule(
    "JVB411",
    "warning",
    title="Liveness probe that fails with the database",
    source="jvagent 0.1.7: /health answers 503 while the database is unreachable",
)
def liveness_on_health(environment: Environment, app: App) -> Iterator[Finding]:
    """A container that fails its liveness probe is restarted. `/health` fails when the database is
    unreachable, so an outage of the database would restart every pod, over and over. The default asks only
    whether the port accepts connections."""
    server = environment.settings["server"]
    for name, probe in probes(environment):
        if name != "liveness_probe" or not probe["http_get"] or not runs_jvagent(environment):
            continue
        if (probe["http_get"]["path"] or server["health_path"]) in ("/health", server["health_path"]):
            message = "an outage of the database would restart every pod"
            hint = "leave the liveness probe out: it is then a TCP probe"
            yield Finding((*CONTAINER, name, "http_get"), message, hint)


@rule(
    "JVB413",
    "warning",
    title="Probe of a port where nothing listens",
    source="Kubernetes, probes: the port is a port of the pod",
)
def unserved_port(environment: Environment, app: App) -> Iterator[Finding]:
    """A probe asks a port on which no container of the pod listens, so it never succeeds. Leave the port
    out: it is then the container's own."""
    served = served_ports(environment)
    for name, probe in probes(environment):
        for kind in ("http_get", "tcp_socket"):
            port = probe[kind]["port"] if probe[kind] else None
            if port is not None and served is not None and port not in served:
                message = (
                    f"the probe asks port {port}, but the server listens on {container_port(environment)}"
                )
                path = (*CONTAINER, name, kind, "port")
                yield Finding(path, message, "leave the port out: it is then the container's")


@rule(
    "JVB434",
    "error",
    title="Probe that must succeed more than once",
    source="Kubernetes API, Probe: successThreshold must be 1 for liveness and startup",
)
def success_threshold(environment: Environment, app: App) -> Iterator[Finding]:
    """Only a readiness probe may ask for several successes in a row; the API server refuses others."""
    for name, probe in probes(environment):
        if name != "readiness_probe" and probe["success_threshold"] != 1:
            path = (*CONTAINER, name, "success_threshold")
            yield Finding(path, "only a readiness probe may ask for more than one success", "leave it out")
