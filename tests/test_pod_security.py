"""Every pod passes the "restricted" level of the Pod Security Standards, check by check.

The checks and their ids are those of k8s.io/pod-security-admission, policy/check_*.go. Each row has a change
to a good pod that its check must notice. Containers that deploy.yaml adds are the user's, and left out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.golden.cases import GOLDEN

Pod = dict[str, Any]
Check = Callable[[Pod], bool]

USERS_OWN = ("migrate", "proxy", "metrics")
BASELINE_CAPABILITIES = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim"),
    *("projected", "secret"),
}
PROFILES = ("RuntimeDefault", "Localhost")


def containers(pod: Pod) -> list[dict[str, Any]]:
    return [c for kind in ("initContainers", "containers", "ephemeralContainers") for c in pod.get(kind, [])]


def contexts(pod: Pod) -> list[dict[str, Any]]:
    """The security context of the pod, and those of its containers."""
    return [pod.get("securityContext", {}), *own_contexts(pod)]


def own_contexts(pod: Pod) -> list[dict[str, Any]]:
    return [container.get("securityContext", {}) for container in containers(pod)]


def added(pod: Pod) -> set[str]:
    return {name for c in own_contexts(pod) for name in c.get("capabilities", {}).get("add", [])}


def profile(context: dict[str, Any], field: str) -> Any:
    return context.get(field, {}).get("type")


def inherited(pod: Pod, value: Callable[[dict[str, Any]], bool]) -> bool:
    """Whether the pod has it, or each container of its own."""
    return value(pod.get("securityContext", {})) or all(value(c) for c in own_contexts(pod))


def handlers(pod: Pod) -> Iterator[dict[str, Any]]:
    """What probes and lifecycle hooks ask."""
    for container in containers(pod):
        hooks = container.get("lifecycle", {})
        probes = (container.get(f"{kind}Probe", {}) for kind in ("startup", "readiness", "liveness"))
        for handler in (*probes, hooks.get("postStart", {}), hooks.get("preStop", {})):
            yield from (handler[kind] for kind in ("httpGet", "tcpSocket") if kind in handler)


def app_armor(pod: Pod) -> bool:
    return all(profile(c, "appArmorProfile") in (None, *PROFILES) for c in contexts(pod))


def capabilities_baseline(pod: Pod) -> bool:
    return added(pod) <= BASELINE_CAPABILITIES


def host_namespaces(pod: Pod) -> bool:
    return not any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))


def host_paths(pod: Pod) -> bool:
    return not any("hostPath" in volume for volume in pod.get("volumes", []))


def host_ports(pod: Pod) -> bool:
    return not any(port.get("hostPort") for c in containers(pod) for port in c.get("ports", []))


def host_probes(pod: Pod) -> bool:
    return not any(handler.get("host") for handler in handlers(pod))


def privileged(pod: Pod) -> bool:
    return not any(c.get("privileged") for c in own_contexts(pod))


def proc_mount(pod: Pod) -> bool:
    return all(c.get("procMount", "Default") == "Default" for c in own_contexts(pod))


def selinux(pod: Pod) -> bool:
    options = [c.get("seLinuxOptions", {}) for c in contexts(pod)]
    return all(
        o.get("type", "") in SELINUX_TYPES and not o.get("user") and not o.get("role") for o in options
    )


def seccomp_baseline(pod: Pod) -> bool:
    return all(profile(c, "seccompProfile") in (None, *PROFILES) for c in contexts(pod))


def sysctls(pod: Pod) -> bool:
    return {s["name"] for s in pod.get("securityContext", {}).get("sysctls", [])} <= SYSCTLS


def windows(pod: Pod) -> bool:
    return not any(c.get("windowsOptions", {}).get("hostProcess") for c in contexts(pod))


def privilege_escalation(pod: Pod) -> bool:
    return all(c.get("allowPrivilegeEscalation") is False for c in own_contexts(pod))


def capabilities_restricted(pod: Pod) -> bool:
    dropped = all("ALL" in c.get("capabilities", {}).get("drop", []) for c in own_contexts(pod))
    return dropped and added(pod) <= {"NET_BIND_SERVICE"}


def volumes(pod: Pod) -> bool:
    return all(set(volume) - {"name"} <= VOLUMES for volume in pod.get("volumes", []))


def non_root(pod: Pod) -> bool:
    denied = any(c.get("runAsNonRoot") is False for c in own_contexts(pod))
    return not denied and inherited(pod, lambda c: c.get("runAsNonRoot") is True)


def user(pod: Pod) -> bool:
    return all(c.get("runAsUser") != 0 for c in contexts(pod))


def seccomp_restricted(pod: Pod) -> bool:
    return seccomp_baseline(pod) and inherited(pod, lambda c: profile(c, "seccompProfile") in PROFILES)


PROBE = ("containers", 0, "livenessProbe")
SECCOMP = ("securityContext", "seccompProfile")
# Id, check, and where what is set in a good pod so that the check fails.
CHECKS: tuple[tuple[str, Check, tuple[str | int, ...], Any], ...] = (
    ("appArmorProfile", app_armor, ("securityContext", "appArmorProfile"), {"type": "Unconfined"}),
    ("capabilities_baseline", capabilities_baseline, ("capabilities", "add"), ["SYS_ADMIN"]),
    ("hostNamespaces", host_namespaces, ("hostNetwork",), True),
    ("hostPathVolumes", host_paths, ("volumes",), [{"name": "a", "hostPath": {"path": "/"}}]),
    ("hostPorts", host_ports, ("containers", 0, "ports"), [{"containerPort": 80, "hostPort": 80}]),
    ("hostProbesAndHostLifecycle", host_probes, PROBE, {"tcpSocket": {"host": "a"}}),
    ("privileged", privileged, ("privileged",), True),
    ("procMount", proc_mount, ("procMount",), "Unmasked"),
    ("seLinuxOptions", selinux, ("securityContext", "seLinuxOptions"), {"type": "spc_t"}),
    ("seccompProfile_baseline", seccomp_baseline, SECCOMP, {"type": "Unconfined"}),
    ("sysctls", sysctls, ("securityContext", "sysctls"), [{"name": "kernel.msgmax", "value": "1"}]),
    ("windowsHostProcess", windows, ("securityContext", "windowsOptions"), {"hostProcess": True}),
    ("allowPrivilegeEscalation", privilege_escalation, ("allowPrivilegeEscalation",), True),
    ("capabilities_restricted", capabilities_restricted, ("capabilities", "drop"), []),
    ("restrictedVolumes", volumes, ("volumes",), [{"name": "a", "nfs": {"server": "a", "path": "/"}}]),
    ("procMount_restricted", proc_mount, ("procMount",), "Unmasked"),
    ("runAsNonRoot", non_root, ("securityContext", "runAsNonRoot"), False),
    ("runAsUser", user, ("runAsUser",), 0),
    ("seccompProfile_restricted", seccomp_restricted, SECCOMP, {}),
)  # fmt: skip
OF_THE_POD = ("securityContext", "hostNetwork", "volumes", "containers")
MANIFESTS = sorted(GOLDEN.glob("*/expected/kubernetes/rendered/*/manifest.yaml"))


def pods() -> list[tuple[str, Pod]]:
    found = []
    for path in MANIFESTS:
        for item in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            name = f"{path.relative_to(GOLDEN).as_posix()} {item['kind']}"
            if item["kind"] == "Deployment":
                found.append((name, ours(item["spec"]["template"]["spec"])))
            elif item["kind"] == "CronJob":
                found.append((name, ours(item["spec"]["jobTemplate"]["spec"]["template"]["spec"])))
    return found


def ours(pod: Pod) -> Pod:
    kinds = ("initContainers", "containers")
    return {**pod, **{kind: [c for c in pod.get(kind, []) if c["name"] not in USERS_OWN] for kind in kinds}}


PODS = pods()


@pytest.mark.parametrize(("id", "check"), [row[:2] for row in CHECKS], ids=[row[0] for row in CHECKS])
def test_every_pod_passes(id: str, check: Check) -> None:
    assert [name for name, pod in PODS if not check(pod)] == [], id


@pytest.mark.parametrize(("id", "check", "path", "value"), CHECKS, ids=[row[0] for row in CHECKS])
def test_the_check_notices(id: str, check: Check, path: tuple[str | int, ...], value: Any) -> None:
    pod = copy.deepcopy(PODS[0][1])
    here: Any = pod if path[0] in OF_THE_POD else pod["containers"][0]["securityContext"]
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    assert not check(pod), id


def test_there_is_a_pod_in_every_manifest_and_a_container_of_ours_in_every_pod() -> None:
    manifests = [path.relative_to(GOLDEN).as_posix() for path in MANIFESTS]
    assert sorted({name.rpartition(" ")[0] for name, _ in PODS}) == sorted(manifests)
    assert all(pod["containers"] for _, pod in PODS)


def test_the_namespace_asks_for_the_level() -> None:
    text = (GOLDEN / "everything/expected/kubernetes/rendered/default/manifest.yaml").read_text(
        encoding="utf-8"
    )
    (labels,) = (i["metadata"]["labels"] for i in yaml.safe_load_all(text) if i["kind"] == "Namespace")
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
