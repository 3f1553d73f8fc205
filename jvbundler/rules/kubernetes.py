"""Rules about probes, ports, Service, Ingress, namespace: how pods are reached. Must not look at Lambda."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import Environment
from jvbundler.rules.reading import CONTAINER, container_port
from jvbundler.rules.rule import Finding, Path, rule

if TYPE_CHECKING:
    from jvbundler.app.model import App

# Measured on jvagent 0.1.7: these answer 401, as every path does that is not exempt from authentication.
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
PROBES = ("startup_probe", "readiness_probe", "liveness_probe")
EXTRA_CONTAINERS: Path = ("kubernetes", "deployment", "pod", "extra_containers")
# Those of Kubernetes itself, and the one where everybody's things lie.
SHARED_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
# The minor versions whose schemas are shipped.
CHECKED_VERSIONS = ("1.34", "1.35", "1.36", "1.37")
INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
    "networking.gke.io/load-balancer-type": "internal",
    "cloud.google.com/load-balancer-type": "internal",
    "service.beta.kubernetes.io/oci-load-balancer-internal": "true",
}


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


def runs_jvagent(environment: Environment) -> bool:
    command = environment.settings["server"]["command"]
    return not command or command[0] == "jvagent"


@rule(
    "JVB410",
    "warning",
    title="Probe of a path that jvagent does not serve",
    source="jvagent 0.1.7: /health answers without a login, /ready, /healthz and / answer 401",
)
def unserved_path(environment: Environment, app: App) -> Iterator[Finding]:
    """jvagent serves `/health`. Other common names of such a path are answered with 401, so the pods never
    become ready, or are restarted for ever. A server of your own (`server.command`) may serve any path."""
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
    """A container that fails its liveness probe is restarted. `/health` fails when the database is away, so
    an outage of the database would restart every pod, over and over. The default asks only whether the port
    accepts connections."""
    server = environment.settings["server"]
    for name, probe in probes(environment):
        if name != "liveness_probe" or not probe["http_get"] or not runs_jvagent(environment):
            continue
        if (probe["http_get"]["path"] or server["health_path"]) in ("/health", server["health_path"]):
            message = "an outage of the database would restart every pod"
            hint = "leave the liveness probe out: it is then a TCP probe"
            yield Finding((*CONTAINER, name, "http_get"), message, hint)


@rule(
    "JVB412",
    "warning",
    title="Load balancer that is open to the world",
    source="Kubernetes, Service: without loadBalancerSourceRanges every address may connect",
)
def open_load_balancer(environment: Environment, app: App) -> Iterator[Finding]:
    """A Service of type LoadBalancer gets a public address and serves HTTP without TLS to everybody. Name
    the networks, make it internal by your cloud's annotation, or use a ClusterIP behind an Ingress with
    TLS."""
    service = environment.settings["kubernetes"]["service"]
    if not environment.settings["kubernetes"]["enabled"] or service["type"] != "LoadBalancer":
        return
    ranges = service["load_balancer_source_ranges"]
    is_internal = any(service["annotations"].get(k, "").lower() == v for k, v in INTERNAL.items())
    if not is_internal and (not ranges or any(network.endswith("/0") for network in ranges)):
        hint = "set load_balancer_source_ranges, or use type ClusterIP with kubernetes.ingress"
        yield Finding(("kubernetes", "service", "type"), "the load balancer is open to the world", hint)


def ports_of(container: dict[str, Any]) -> set[tuple[int, str]]:
    """The ports that a container, written by the user, declares, with their protocols."""
    ports = container.get("ports")
    entries = [entry for entry in ports if isinstance(entry, dict)] if isinstance(ports, list) else []
    numbers = [(entry.get("containerPort"), str(entry.get("protocol", "TCP"))) for entry in entries]
    return {(number, protocol) for number, protocol in numbers if isinstance(number, int)}


def served_ports(environment: Environment) -> set[int] | None:
    """The ports that containers of the pod listen on, None where a sidecar does not say."""
    others = environment.settings["kubernetes"]["deployment"]["pod"]["extra_containers"]
    declared = [ports_of(other) for other in others]
    if not all(declared):
        return None
    return {container_port(environment), *(number for ports in declared for number, _ in ports)}


@rule(
    "JVB413",
    "warning",
    title="Probe of a port that nobody serves",
    source="Kubernetes, probes: the port is one of the pod",
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
    "JVB414",
    "warning",
    title="Port under 1024 without root",
    source="Linux: ports under 1024 need CAP_NET_BIND_SERVICE, which the pod drops",
)
def privileged_port(environment: Environment, app: App) -> Iterator[Finding]:
    """The container runs as a non-root user without capabilities, and cannot open such a port on nodes
    whose runtime does not lower the limit. The Service may have port 80 all the same."""
    if environment.settings["kubernetes"]["enabled"] and container_port(environment) < 1024:
        own = environment.settings["kubernetes"]["deployment"]["container"]["port"] is not None
        message = f"a non-root user cannot listen on port {container_port(environment)}"
        path = (*CONTAINER, "port") if own else ("server", "port")
        yield Finding(path, message, "use 8080; kubernetes.service.port may be 80 all the same")


@rule(
    "JVB415",
    "warning",
    title="Two containers on one port",
    source="Kubernetes: the containers of a pod share one network",
)
def port_clash(environment: Environment, app: App) -> Iterator[Finding]:
    """The containers of a pod share its ports: the second one that opens a port fails and is restarted for
    ever."""
    kubernetes = environment.settings["kubernetes"]
    taken = {(container_port(environment), "TCP")}
    others = kubernetes["deployment"]["pod"]["extra_containers"] if kubernetes["enabled"] else []
    for index, other in enumerate(others):
        for port, _ in sorted(ports_of(other) & taken):
            message = f"port {port} of container '{other.get('name')}' is taken by another container"
            yield Finding((*EXTRA_CONTAINERS, index), message, "give one of them another port")
        taken |= ports_of(other)


@rule(
    "JVB416",
    "warning",
    title="Service that sends to a port nobody serves",
    source="Kubernetes, Service: targetPort is a port of the pods",
)
def unserved_target(environment: Environment, app: App) -> Iterator[Finding]:
    """Requests to the Service, and through the Ingress, end in refused connections. Leave `target_port`
    out: it is then the container's port."""
    kubernetes = environment.settings["kubernetes"]
    target, served = kubernetes["service"]["target_port"], served_ports(environment)
    if kubernetes["enabled"] and target is not None and served is not None and target not in served:
        message = (
            f"the Service sends to port {target}, but the server listens on {container_port(environment)}"
        )
        hint = "leave it out: it is then the container's port"
        yield Finding(("kubernetes", "service", "target_port"), message, hint)


@rule(
    "JVB417",
    "warning",
    title="TLS host that no rule has",
    source="Kubernetes, Ingress: hosts under tls must match the hosts of the rules",
)
def tls_without_rule(environment: Environment, app: App) -> Iterator[Finding]:
    """A certificate for a host that no rule of the Ingress serves has no effect, and the host that was
    meant is served without it."""
    ingress = environment.settings["kubernetes"]["ingress"]
    if not environment.settings["kubernetes"]["enabled"] or not ingress["enabled"]:
        return
    hosts = [entry["host"] for entry in ingress["rules"]]
    for index, entry in enumerate(ingress["tls"]):
        for number, host in enumerate(entry["hosts"]):
            if "" not in hosts and hosts and not any(covers(host, other) for other in hosts):
                path: Path = ("kubernetes", "ingress", "tls", index, "hosts", number)
                yield Finding(
                    path, f"no rule of the Ingress has the host '{host}'", f"rules have {', '.join(hosts)}"
                )


def covers(pattern: str, host: str) -> bool:
    """Whether a TLS host, which may be a wildcard of one label, is that of the rule."""
    return pattern == host or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])


@rule(
    "JVB418",
    "warning",
    title="Path that is twice in the Ingress",
    source="Kubernetes, Ingress: which of two equal paths is used is not defined",
)
def repeated_path(environment: Environment, app: App) -> Iterator[Finding]:
    """All paths lead to the one Service, so the second is useless; some controllers refuse the Ingress."""
    ingress = environment.settings["kubernetes"]["ingress"]
    seen: set[tuple[str, str, str]] = set()
    used = environment.settings["kubernetes"]["enabled"] and ingress["enabled"]
    for index, entry in enumerate(ingress["rules"] if used else ()):
        for number, path in enumerate(entry["paths"]):
            key = (entry["host"], path["path"], path["path_type"])
            if key in seen:
                message = f"'{path['path']}' of host '{entry['host']}' is there twice"
                yield Finding(
                    ("kubernetes", "ingress", "rules", index, "paths", number), message, "remove one"
                )
            seen.add(key)


@rule(
    "JVB427",
    "warning",
    title="Namespace that is shared",
    source="Kubernetes: the namespace is the boundary of names, quotas and permissions",
)
def shared_namespace(environment: Environment, app: App) -> Iterator[Finding]:
    """In `default` (or one of Kubernetes' own) the app lies among other people's objects, and everybody who
    may work there reads its Secrets. Without `namespace` the app's name is used; `create_namespace` renders
    it."""
    if environment.settings["kubernetes"]["enabled"] and environment.namespace in SHARED_NAMESPACES:
        message = f"namespace '{environment.namespace}' is shared with everything else"
        hint = "leave it out (then it is the app's name), or name one of the app's own"
        yield Finding(("kubernetes", "namespace"), message, hint)


@rule(
    "JVB431",
    "warning",
    title="Kubernetes version that is not checked",
    source="jvbundler ships the schemas of Kubernetes 1.34 to 1.37",
)
def unchecked_version(environment: Environment, app: App) -> Iterator[Finding]:
    """The manifests are checked against the schemas of the versions that are shipped; for another one
    nothing says whether its API server takes them."""
    version = environment.settings["kubernetes"]["version"]
    if environment.settings["kubernetes"]["enabled"] and version not in CHECKED_VERSIONS:
        message = f"manifests cannot be checked against Kubernetes {version}"
        yield Finding(("kubernetes", "version"), message, f"choose one of: {', '.join(CHECKED_VERSIONS)}")


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
