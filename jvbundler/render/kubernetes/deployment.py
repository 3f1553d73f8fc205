"""What the template of the Deployment reads: the pod, its container, and the probes with their reasons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import Environment
from jvbundler.render.kubernetes.names import files_name, metadata, pod_labels, selector
from jvbundler.render.kubernetes.network import container_port, named_port
from jvbundler.render.kubernetes.scaling import replicas, spreads, strategy
from jvbundler.render.kubernetes.storage import checksum, claim_name, mounted_files
from jvbundler.source.interpolate import SecretName

if TYPE_CHECKING:
    from jvbundler.generated.settings import (
        KubernetesDeploymentContainerLivenessProbe,
        KubernetesDeploymentContainerReadinessProbe,
        KubernetesDeploymentContainerResources,
        KubernetesDeploymentContainerStartupProbe,
    )

    Probe = (
        KubernetesDeploymentContainerStartupProbe
        | KubernetesDeploymentContainerReadinessProbe
        | KubernetesDeploymentContainerLivenessProbe
    )

CHECKSUM = "jvbundler.dev/config-checksum"
# The app reads the first, other servers and the health check of the image the second.
PORT_VARIABLES = ("JVAGENT_PORT", "PORT")


def deployment(environment: Environment, database: str) -> dict[str, Any]:
    """`database` is the kind of the app's database."""
    kubernetes = environment.settings["kubernetes"]
    written = kubernetes["deployment"]
    return {
        **written,
        **written["pod"],
        **metadata(environment, environment.instance),
        "replicas": replicas(environment),
        "strategy": strategy(environment, database),
        "pod": pod(environment),
        "service_account_name": service_account_name(environment),
        "automount_token": kubernetes["service_account"]["automount_token"],
        "pull_secret": kubernetes["registry"]["secret_name"],
        "pull_secret_created": kubernetes["registry"]["create_secret"],
        "security": kubernetes["security"],
        "priority_class_name": kubernetes["priority_class_name"],
        "termination_grace_period_seconds": kubernetes["termination_grace_period_seconds"],
        "node_selector": node_selector(environment),
        "affinity": affinity(environment),
        "tolerations": kubernetes["tolerations"],
        "topology_spread": kubernetes["topology_spread"],
        "topology_keys": kubernetes["topology_spread"]["topology_keys"] if spreads(environment) else [],
        "container": container(environment),
        "claim": claim_name(environment),
        "files_config_map": files_name(environment) if mounted_files(environment) else "",
    }


def service_account_name(environment: Environment) -> str:
    account = environment.settings["kubernetes"]["service_account"]
    return account["name"] or (environment.instance if account["create"] else "default")


def service_account(environment: Environment) -> dict[str, Any] | None:
    account = environment.settings["kubernetes"]["service_account"]
    if not account["create"]:
        return None
    return {
        **metadata(environment, service_account_name(environment), account["annotations"]),
        "automount_token": account["automount_token"],
    }


def pod(environment: Environment) -> dict[str, Any]:
    written = environment.settings["kubernetes"]["deployment"]["pod"]["annotations"]
    return {
        "labels": pod_labels(environment),
        "annotations": {key: value for key, value in written.items() if key != CHECKSUM},
        "checksum": checksum(environment),
    }


def node_selector(environment: Environment) -> dict[str, str]:
    """Selects nodes of the image's platform: it does not start on others."""
    found = environment.architectures
    own = {"kubernetes.io/arch": found[0]} if len(found) == 1 else {}
    return {**own, **environment.settings["kubernetes"]["node_selector"]}


def affinity(environment: Environment) -> dict[str, Any]:
    """Keeps pods on different nodes where possible; the user's own podAntiAffinity replaces this."""
    own: dict[str, Any] = {}
    if spreads(environment):
        term = {
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": selector(environment)},
        }
        preferred = {"weight": 100, "podAffinityTerm": term}
        own = {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preferred]}}
    return {**own, **environment.settings["kubernetes"]["affinity"]}


def container_name(environment: Environment) -> str:
    return environment.settings["kubernetes"]["deployment"]["container"]["name"] or environment.instance


def container(environment: Environment) -> dict[str, Any]:
    kubernetes = environment.settings["kubernetes"]
    written = kubernetes["deployment"]["container"]
    by_digest = not written["image_pull_policy"] and bool(environment.digest("kubernetes"))
    policy = "IfNotPresent" if by_digest else "Always"
    variables = environment.kubernetes_variables
    own = [{"configMapRef": {"name": environment.instance}}] if variables else []
    moved = container_port(environment) != environment.server_port
    return {
        "name": container_name(environment),
        "image": environment.kubernetes_image,
        "image_pull_policy": written["image_pull_policy"] or policy,
        "digest_known": by_digest,
        "cpu_limit": written["resources"]["limits"]["cpu"],
        "port": container_port(environment),
        "port_variables": [name for name in PORT_VARIABLES if moved and name not in variables],
        "env_from": [*own, *kubernetes["extra_env_from"]],
        "secrets": environment.kubernetes_secrets,
        "composed": {name: expanded(parts) for name, parts in environment.kubernetes_composed.items()},
        "probes": probes(environment),
        "pre_stop_seconds": kubernetes["pre_stop_seconds"] if can_sleep(environment) else 0,
        "resources": resources(written["resources"]),
        "mounts": mounts(environment),
        "extra_mounts": written["extra_volume_mounts"],
    }


def can_sleep(environment: Environment) -> bool:
    """Whether the cluster's version has `sleep` as an action: it is on by default from 1.30 (KEP 3960)."""
    major, minor = environment.settings["kubernetes"]["version"].split(".")
    return (int(major), int(minor)) >= (1, 30)


def expanded(parts: Iterable[str]) -> str:
    """A composed text into which Kubernetes puts the values of variables defined before it.

    `$$` is a dollar there. Kubernetes' documentation: "Define Dependent Environment Variables".
    """
    texts = (f"$({part})" if isinstance(part, SecretName) else part.replace("$", "$$") for part in parts)
    return "".join(texts)


def resources(written: KubernetesDeploymentContainerResources) -> dict[str, dict[str, str]]:
    """An empty amount means no request, or no limit."""
    parts = {"requests": written["requests"], "limits": written["limits"]}
    amounts = {
        part: {name.replace("_", "-"): str(amount) for name, amount in values.items() if amount != ""}
        for part, values in parts.items()
    }
    return {part: values for part, values in amounts.items() if values}


def mounts(environment: Environment) -> list[dict[str, Any]]:
    kubernetes = environment.settings["kubernetes"]
    data = {"name": "data", "path": kubernetes["persistence"]["mount_path"], "read_only": False}
    files = {"name": "files", "path": kubernetes["config_map"]["mount_path"], "read_only": True}
    return [
        *([data] if claim_name(environment) else []),
        *([files] if mounted_files(environment) else []),
        {"name": "tmp", "path": "/tmp", "read_only": False},
    ]


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
    """The probe's fields; a delay of 0 and one success are Kubernetes' defaults."""
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
