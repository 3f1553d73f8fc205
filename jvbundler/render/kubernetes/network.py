"""Who reaches the app: Service, Ingress, NetworkPolicy."""

from __future__ import annotations

from typing import Any

from jvbundler.project.model import Environment
from jvbundler.render.kubernetes.names import metadata, service_name

DEFAULT_RULE = {"host": "", "paths": [{"path": "/", "path_type": "Prefix"}]}


def container_port(environment: Environment) -> int:
    return environment.settings["kubernetes"]["deployment"]["container"]["port"] or environment.server_port


def named_port(environment: Environment, port: int | None) -> int | str:
    """The container's own port by its name, so that its number is written only once."""
    return "http" if port in (None, container_port(environment)) else port


def service(environment: Environment) -> dict[str, Any]:
    """Settings of another type of Service are left out: an environment may inherit them."""
    written = environment.settings["kubernetes"]["service"]
    balanced = written["type"] == "LoadBalancer"
    outside = written["type"] != "ClusterIP"
    return {
        **metadata(environment, service_name(environment), written["annotations"]),
        "type": written["type"],
        "port": written["port"],
        "target_port": named_port(environment, written["target_port"]),
        "node_port": written["node_port"] if outside else None,
        "load_balancer_class": written["load_balancer_class"] if balanced else "",
        "load_balancer_source_ranges": written["load_balancer_source_ranges"] if balanced else [],
        "external_traffic_policy": written["external_traffic_policy"] if outside else "",
        "session_affinity": written["session_affinity"],
    }


def ingress(environment: Environment) -> dict[str, Any] | None:
    written = environment.settings["kubernetes"]["ingress"]
    if not written["enabled"]:
        return None
    return {
        **metadata(environment, environment.instance, written["annotations"]),
        "class_name": written["class_name"],
        "tls": written["tls"],
        "rules": written["rules"] or [DEFAULT_RULE],
        "service_name": service_name(environment),
    }


def network_policy(environment: Environment, own: list[dict[str, Any]]) -> dict[str, Any] | None:
    """`own` are peers of ours, which are named where not everybody may reach the app."""
    kubernetes = environment.settings["kubernetes"]
    written = kubernetes["network_policy"]
    if not written["enabled"]:
        return None
    return {
        **metadata(environment, environment.instance),
        "port": named_port(environment, kubernetes["service"]["target_port"]),
        "allow_from": [*written["allow_from"], *own] if written["allow_from"] else [],
        "egress": written["egress"],
        "policy_types": ["Ingress", "Egress"] if written["egress"] else ["Ingress"],
    }
