"""Rules about ports, Service, Ingress and namespace: how the pods are reached. Must not look at Lambda."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.project.model import Environment
from jvbundler.rules.rule import CONTAINER, Finding, Path, container_port, ports_of, rule, served_ports

if TYPE_CHECKING:
    from jvbundler.app.model import App

EXTRA_CONTAINERS: Path = ("kubernetes", "deployment", "pod", "extra_containers")
# Those of Kubernetes itself, and the default one that everybody shares.
SHARED_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
# The minor versions whose schemas are shipped.
# The end of life of each minor version: kubernetes.io/releases.
ENDS = {
    "1.33": "2026-06-28",
    "1.34": "2026-10-27",
    "1.35": "2027-02-28",
    "1.36": "2027-06-28",
    "1.37": "2027-10-28",
}
# The day on which they were looked at last; `make facts` tells when another one has passed. It is not today's
# date, so that the same files give the same answer every day.
AS_OF = "2026-11-27"
CHECKED_VERSIONS = ("1.34", "1.35", "1.36", "1.37")
INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
    "networking.gke.io/load-balancer-type": "internal",
    "cloud.google.com/load-balancer-type": "internal",
    "service.beta.kubernetes.io/oci-load-balancer-internal": "true",
}


@rule(
    "JVB412",
    "warning",
    title="Load balancer that is open to the world",
    source="Kubernetes, Service: without loadBalancerSourceRanges every address may connect",
)
def open_load_balancer(environment: Environment, app: App) -> Iterator[Finding]:
    """A Service of type LoadBalancer gets a public address and serves HTTP without TLS to everybody. Name
    the networks, make it internal with your cloud's annotation, or use a ClusterIP behind an Ingress with
    TLS."""
    service = environment.settings["kubernetes"]["service"]
    if not environment.settings["kubernetes"]["enabled"] or service["type"] != "LoadBalancer":
        return
    ranges = service["load_balancer_source_ranges"]
    is_internal = any(service["annotations"].get(k, "").lower() == v for k, v in INTERNAL.items())
    if not is_internal and (not ranges or any(network.endswith("/0") for network in ranges)):
        hint = "set load_balancer_source_ranges, or use type ClusterIP with kubernetes.ingress"
        yield Finding(("kubernetes", "service", "type"), "the load balancer is open to the world", hint)


@rule(
    "JVB414",
    "warning",
    title="Port under 1024 without root",
    source="Linux: ports under 1024 need CAP_NET_BIND_SERVICE, which the pod drops",
)
def privileged_port(environment: Environment, app: App) -> Iterator[Finding]:
    """The container runs as a non-root user without capabilities, and cannot open such a port on nodes
    whose runtime does not lower the limit. The Service may still have port 80."""
    if environment.settings["kubernetes"]["enabled"] and container_port(environment) < 1024:
        own = environment.settings["kubernetes"]["deployment"]["container"]["port"] is not None
        message = f"a non-root user cannot listen on port {container_port(environment)}"
        path = (*CONTAINER, "port") if own else ("server", "port")
        yield Finding(path, message, "use 8080; kubernetes.service.port may still be 80")


@rule(
    "JVB415",
    "warning",
    title="Two containers on one port",
    source="Kubernetes: the containers of a pod share one network",
)
def port_clash(environment: Environment, app: App) -> Iterator[Finding]:
    """The containers of a pod share its ports: the second one that opens a port fails and is restarted
    forever."""
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
    title="Service that sends to a port where nothing listens",
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
    """A certificate for a host that no rule of the Ingress serves has no effect, and the intended host
    is served without it."""
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
    title="Duplicate path in the Ingress",
    source="Kubernetes, Ingress: which of two equal paths is used is undefined",
)
def repeated_path(environment: Environment, app: App) -> Iterator[Finding]:
    """All paths lead to the same Service, so the second is useless; some controllers refuse the Ingress."""
    ingress = environment.settings["kubernetes"]["ingress"]
    seen: set[tuple[str, str, str]] = set()
    used = environment.settings["kubernetes"]["enabled"] and ingress["enabled"]
    for index, entry in enumerate(ingress["rules"] if used else ()):
        for number, path in enumerate(entry["paths"]):
            key = (entry["host"], path["path"], path["path_type"])
            if key in seen:
                message = f"'{path['path']}' of host '{entry['host']}' is written twice"
                yield Finding(
                    ("kubernetes", "ingress", "rules", index, "paths", number), message, "remove one"
                )
            seen.add(key)


@rule(
    "JVB443",
    "warning",
    title="Ingress for every host",
    source="Kubernetes, Ingress: a rule without a host applies to all inbound HTTP traffic",
)
def ingress_for_every_host(environment: Environment, app: App) -> Iterator[Finding]:
    """An Ingress without `rules`, or with a rule without a host, takes the requests of every host that
    reaches the controller, those of other people's apps too, and has no certificate of its own. Name the
    hosts, and the certificates under `tls`."""
    ingress = environment.settings["kubernetes"]["ingress"]
    if not environment.settings["kubernetes"]["enabled"] or not ingress["enabled"]:
        return
    hint = "name the host, as in rules: [{host: app.example.com}], and its certificate under tls"
    if not ingress["rules"]:
        yield Finding(("kubernetes", "ingress", "enabled"), "the Ingress takes every host", hint)
    for index, entry in enumerate(ingress["rules"]):
        if not entry["host"]:
            path: Path = ("kubernetes", "ingress", "rules", index)
            yield Finding(path, "this rule of the Ingress takes every host", hint)


@rule(
    "JVB427",
    "warning",
    title="Namespace that is shared",
    source="Kubernetes: the namespace is the boundary of names, quotas and permissions",
)
def shared_namespace(environment: Environment, app: App) -> Iterator[Finding]:
    """In `default` (or one of Kubernetes' own) the app shares the namespace with other people's objects, and
    everybody with access to it can read the app's Secrets. Without `namespace` the app's name is used;
    `create_namespace` renders it."""
    if environment.settings["kubernetes"]["enabled"] and environment.namespace in SHARED_NAMESPACES:
        message = f"namespace '{environment.namespace}' is shared with everything else"
        hint = "leave it out (it is then the app's name), or name one for this app alone"
        yield Finding(("kubernetes", "namespace"), message, hint)


@rule(
    "JVB431",
    "warning",
    title="Kubernetes version that is not checked",
    source="jvbundler ships the schemas of Kubernetes 1.34 to 1.37",
)
def unchecked_version(environment: Environment, app: App) -> Iterator[Finding]:
    """The manifests are checked against the schemas that jvbundler ships; for another version it is not known
    whether the API server accepts them."""
    version = environment.settings["kubernetes"]["version"]
    if environment.settings["kubernetes"]["enabled"] and version not in CHECKED_VERSIONS:
        message = f"manifests cannot be checked against Kubernetes {version}"
        yield Finding(("kubernetes", "version"), message, f"choose one of: {', '.join(CHECKED_VERSIONS)}")


@rule(
    "JVB450",
    "warning",
    title="Kubernetes version that has ended",
    source="kubernetes.io/releases: the end of life of each minor version",
)
def ended_version(environment: Environment, app: App) -> Iterator[Finding]:
    """Kubernetes mends the newest three minor versions only; an older one gets no correction of a
    vulnerability any more, unless whoever runs the cluster makes them."""
    version = environment.settings["kubernetes"]["version"]
    if environment.settings["kubernetes"]["enabled"] and ENDS.get(version, AS_OF) < AS_OF:
        supported = [other for other in CHECKED_VERSIONS if ENDS[other] >= AS_OF]
        hint = f"upgrade the cluster, and set it to one of: {', '.join(supported)}"
        yield Finding(("kubernetes", "version"), f"Kubernetes {version} ended on {ENDS[version]}", hint)
