"""The manifests of the golden cases, and what of them a cluster without custom kinds can take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.cluster.cluster import Cluster, Object, eventually
from tests.e2e.kubernetes.conftest import RESTRICTED
from tests.golden.cases import GOLDEN

LAST_RELEASE = Path(__file__).resolve().parent / "last_release"
PATHS = sorted(GOLDEN.glob("*/expected/kubernetes/rendered/*/manifest.yaml"))
GOLDEN_NAMES = [f"{path.parts[-6]}.{path.parts[-2]}" for path in PATHS]
QUOTED = re.compile(r'"([^"]+)"')
MANAGER = "--field-manager=jvbundler"


class Manifest(NamedTuple):
    """`objects` without those of custom kinds, whose names are in `custom`."""

    objects: tuple[Object, ...]
    custom: tuple[str, ...]
    namespace: str

    @property
    def text(self) -> str:
        return yaml.safe_dump_all(self.objects)


def golden(name: str) -> Manifest:
    return manifest_of(PATHS[GOLDEN_NAMES.index(name)])


def manifest_of(path: Path) -> Manifest:
    every = [item for item in yaml.safe_load_all(path.read_text(encoding="utf-8")) if item]
    own = tuple(item for item in every if not is_custom(item))
    custom = tuple(f"{item['kind']}/{item['metadata']['name']}" for item in every if is_custom(item))
    namespace = next(o["metadata"]["namespace"] for o in own if o["kind"] == "Deployment")
    return Manifest(own, custom, namespace)


def is_custom(item: Object) -> bool:
    """Kubernetes' own groups have no dot, or end in k8s.io."""
    group = str(item["apiVersion"]).rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def apply(cluster: Cluster, manifest: Manifest) -> list[str]:
    """The server's warnings, each a line."""
    done = cluster.ask("apply", "--server-side", MANAGER, "--filename=-", given=manifest.text)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("Warning:")]


def refused_containers(words: str) -> set[str]:
    """Those that Pod Security names: `containers "a", "b" must set …`."""
    return {
        name
        for some in re.findall(r'containers? ((?:"[^"]+"(?:, )?)+)', words)
        for name in QUOTED.findall(some)
    }


def admission(cluster: Cluster, manifest: Manifest) -> str:
    """Why the Deployment's pods are not admitted; empty once there is one."""
    (ours,) = (item for item in manifest.objects if item["kind"] == "Deployment")

    def verdict() -> tuple[str] | None:
        found = cluster.get(manifest.namespace, "deployment", ours["metadata"]["name"])
        status = found.get("status", {})
        failed = [c["message"] for c in status.get("conditions", []) if c["type"] == "ReplicaFailure"]
        return (failed[0],) if failed else ("",) if status.get("replicas") else None

    (words,) = eventually(verdict, "the Deployment has a pod, or says why it has none")
    return words


def live(cluster: Cluster, manifest: Manifest) -> list[Object]:
    """The objects as they are now, in the manifest's order."""
    return [
        cluster.get(
            item["metadata"].get("namespace", ""),
            f"{item['kind']}.{_version(item)}/{item['metadata']['name']}",
            "--show-managed-fields",
        )
        for item in manifest.objects
    ]


def _version(item: Object) -> str:
    group, _, version = str(item["apiVersion"]).rpartition("/")
    return f"{version}.{group}"


def make_namespace(cluster: Cluster, name: str) -> None:
    """One that admits only pods of the level `restricted`, whatever the manifest says."""
    if name != "default":
        eventually(lambda: not cluster.get("", "namespace", name), f"the last test's namespace '{name}' goes")
        cluster.kubectl("create", "namespace", name)
    cluster.kubectl("label", "namespace", name, RESTRICTED, RESTRICTED.replace("enforce", "warn"))


def remove(cluster: Cluster, manifest: Manifest) -> None:
    if manifest.namespace == "default":
        cluster.kubectl("delete", "--filename=-", given=manifest.text)
    else:
        cluster.kubectl("delete", "namespace", manifest.namespace, "--wait=false")


def marks(objects: list[Object]) -> list[tuple[Any, ...]]:
    """What changes when an object does."""
    return [
        (o["metadata"]["uid"], o["metadata"].get("generation"), o["metadata"]["resourceVersion"])
        for o in objects
    ]
