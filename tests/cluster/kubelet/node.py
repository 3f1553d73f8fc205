"""A node without containers: it registers itself, keeps its pods' status, and provisions volumes."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone
from typing import Any

from tests.cluster.kubelet.api import MERGE, STRATEGIC, Api, Object
from tests.cluster.kubelet.pods import Configuration, now, status_of, warnings_of

NODE = "node-1"
PROVISIONER = "test.jvbundler/provisioner"
SECONDS_BETWEEN_LOOKS = 0.25
SECONDS_BETWEEN_HEARTBEATS = 8.0
RESOURCES = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "500Gi"}
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"


class Node:
    """What it has seen last; `look` makes one round."""

    def __init__(self, api: Api, kubelet_port: int) -> None:
        self.api = api
        self.pods: list[Object] = []
        self._status = _node_status(kubelet_port)
        self._beat = 0.0
        self._told: set[tuple[str, str]] = set()

    def run(self) -> None:
        """Until the process ends. A failed round, as while the server starts, is made again."""
        while True:
            try:
                self.look()
            except Exception as failure:
                print(f"{now()} {type(failure).__name__}: {failure}", file=sys.stderr, flush=True)
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def look(self) -> None:
        if time.monotonic() - self._beat > SECONDS_BETWEEN_HEARTBEATS:
            self._heartbeat()
            self._beat = time.monotonic()
        configuration = self._configuration()
        self._bind_claims()
        pods = [p for p in self.api.items("/api/v1/pods") if p["spec"].get("nodeName") == NODE]
        # Their new state first: once the server says that a pod is ready, it is asked.
        changes = [(pod, self._change(pod, configuration)) for pod in pods]
        self.pods = [{**pod, **change} for pod, change in changes]
        for pod, change in changes:
            self._report(pod, change, configuration)

    def _heartbeat(self) -> None:
        path = f"/api/v1/nodes/{NODE}"
        if self.api.call("PATCH", f"{path}/status", {"status": self._status}, STRATEGIC) is None:
            labels = {
                "kubernetes.io/hostname": NODE,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
            }
            about = {"name": NODE, "labels": {**labels, "topology.kubernetes.io/zone": "zone-1"}}
            node = {"apiVersion": "v1", "kind": "Node", "metadata": about, "status": self._status}
            self.api.call("POST", "/api/v1/nodes", node)
        renewed = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": NODE, "leaseDurationSeconds": 40, "renewTime": renewed}
        if self.api.call("PATCH", f"{LEASES}/{NODE}", {"spec": spec}, MERGE) is None:
            about = {"name": NODE, "namespace": "kube-node-lease"}
            lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": about, "spec": spec}
            self.api.call("POST", LEASES, lease)

    def _configuration(self) -> Configuration:
        kinds = {"ConfigMap": "/api/v1/configmaps", "Secret": "/api/v1/secrets"}
        return Configuration(
            {
                (kind, item["metadata"]["namespace"], item["metadata"]["name"]): frozenset(
                    [*(item.get("data") or {}), *(item.get("binaryData") or {})]
                )
                for kind, path in kinds.items()
                for item in self.api.items(path)
            }
        )

    def _change(self, pod: Object, configuration: Configuration) -> Object:
        """The pod's new status, where it differs from the one that the server knows."""
        if pod["metadata"].get("deletionTimestamp"):
            return {}
        status = status_of(pod, configuration)
        return {"status": status} if status and not _within(status, pod.get("status") or {}) else {}

    def _report(self, pod: Object, change: Object, configuration: Configuration) -> None:
        about = pod["metadata"]
        path = f"/api/v1/namespaces/{about['namespace']}/pods/{about['name']}"
        if about.get("deletionTimestamp"):
            options = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
            self.api.call("DELETE", path, {**options, "preconditions": {"uid": about["uid"]}})
            return
        if change:
            patch = {"metadata": {"uid": about["uid"]}, **change}
            self.api.call("PATCH", f"{path}/status", patch, STRATEGIC)
        for reason, message in warnings_of(pod, configuration):
            self._tell(pod, reason, message)

    def _tell(self, pod: Object, reason: str, message: str) -> None:
        """One event for each reason; a kubelet counts repetitions."""
        about = pod["metadata"]
        if (about["uid"], reason) in self._told:
            return
        self._told.add((about["uid"], reason))
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{about['name']}.{reason.lower()}", "namespace": about["namespace"]},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                **{key: about[key] for key in ("name", "namespace", "uid")},
            },
            "type": "Warning",
            "reason": reason,
            "message": message,
            "count": 1,
            "firstTimestamp": now(),
            "lastTimestamp": now(),
            "source": {"component": "kubelet", "host": NODE},
        }
        self.api.call("POST", f"/api/v1/namespaces/{about['namespace']}/events", event)

    def _bind_claims(self) -> None:
        """As a provisioner does, of whatever storage class of ours; the volume goes with its claim."""
        classes = self.api.items("/apis/storage.k8s.io/v1/storageclasses")
        ours = {c["metadata"]["name"] for c in classes if c["provisioner"] == PROVISIONER}
        for claim in self.api.items(CLAIMS):
            pending = claim.get("status", {}).get("phase") == "Pending" and not claim["spec"].get(
                "volumeName"
            )
            if pending and claim["spec"].get("storageClassName") in ours:
                self.api.call("POST", VOLUMES, _volume(claim))
        for volume in self.api.items(VOLUMES):
            if volume["status"].get("phase") == "Released":
                self.api.call("DELETE", f"{VOLUMES}/{volume['metadata']['name']}")


def _within(new: Any, old: Any) -> bool:
    """Whether `old` says all that `new` says; the server adds to what it is told."""
    if isinstance(new, dict):
        return isinstance(old, dict) and all(_within(value, old.get(key)) for key, value in new.items())
    if isinstance(new, list):
        if new and isinstance(new[0], dict) and "type" in new[0]:
            return all(any(_within(item, other) for other in old or []) for item in new)
        return len(new) == len(old or []) and all(map(_within, new, old or []))
    # Zero values are not written.
    return bool(new == old) or (not new and not old)


def _volume(claim: Object) -> Object:
    about, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pvc-{about['uid']}"},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "storageClassName": spec["storageClassName"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": f"/nowhere/{about['uid']}"},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                **{key: about[key] for key in ("name", "namespace", "uid")},
            },
        },
    }


def _node_status(kubelet_port: int) -> Object:
    good = {"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False"}
    return {
        "capacity": RESOURCES,
        "allocatable": RESOURCES,
        "conditions": [
            {"type": kind, "status": status, "reason": "Test", "lastTransitionTime": now()}
            for kind, status in good.items()
        ],
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
        "nodeInfo": {
            "architecture": "amd64",
            "operatingSystem": "linux",
            "kubeletVersion": "v0.0.0-test",
            **dict.fromkeys(("machineID", "systemUUID", "bootID", "kernelVersion", "osImage"), "test"),
            "containerRuntimeVersion": "test://0",
            "kubeProxyVersion": "",
        },
    }
