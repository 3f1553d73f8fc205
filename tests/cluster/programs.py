"""The programs of the control plane: how each is called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from tests.cluster.access import Access

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".tools" / "cluster" / "bin"
NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
SERVICES = "10.96.0.0/16"


class Ports(NamedTuple):
    """All on loopback; `pods` is where the API server finds every pod."""

    etcd: int
    peer: int
    api: int
    kubelet: int
    pods: int


def missing_programs() -> list[str]:
    return [name for name in NAMES if not (BIN / name).exists()]


def environ(**more: str) -> dict[str, str]:
    """This environment without proxies: all that the programs talk to is on loopback."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | more


def api_environ(ports: Ports) -> dict[str, str]:
    """Pods have addresses that lead nowhere: the API server asks them by way of the kubelet."""
    return environ(HTTP_PROXY=f"http://127.0.0.1:{ports.pods}")


def etcd(ports: Ports, folder: Path) -> tuple[str, ...]:
    client, peer = f"http://127.0.0.1:{ports.etcd}", f"http://127.0.0.1:{ports.peer}"
    return (
        *(str(BIN / "etcd"), "--name=test", f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync"),
        *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
        *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
        *(f"--initial-cluster=test={peer}", "--log-level=warn"),
    )


def api_server(ports: Ports, access: Access, folder: Path) -> tuple[str, ...]:
    return (
        *(str(BIN / "kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{ports.etcd}"),
        *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={ports.api}"),
        *(f"--tls-cert-file={access.certificate}", f"--tls-private-key-file={access.key}"),
        *(f"--cert-dir={folder / 'certificates'}", f"--token-auth-file={access.token_file}"),
        *("--authorization-mode=RBAC", "--endpoint-reconciler-type=none", "--profiling=false"),
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={access.account_key}",
        f"--service-account-signing-key-file={access.account_key}",
        *(f"--service-cluster-ip-range={SERVICES}", "--kubelet-preferred-address-types=InternalIP"),
    )


def controllers(kubeconfig: Path, access: Access) -> tuple[str, ...]:
    return (
        *(str(BIN / "kube-controller-manager"), f"--kubeconfig={kubeconfig}", "--secure-port=0"),
        *("--leader-elect=false", "--profiling=false", "--kube-api-qps=200", "--kube-api-burst=400"),
        f"--root-ca-file={access.authority}",
        f"--service-account-private-key-file={access.account_key}",
        "--horizontal-pod-autoscaler-sync-period=2s",
    )


def scheduler(kubeconfig: Path) -> tuple[str, ...]:
    return (
        *(str(BIN / "kube-scheduler"), f"--kubeconfig={kubeconfig}", "--secure-port=0"),
        *("--leader-elect=false", "--profiling=false", "--kube-api-qps=200", "--kube-api-burst=400"),
    )
