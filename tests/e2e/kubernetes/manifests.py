"""The manifests of the golden cases, and what of them a cluster without custom kinds can take."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.cluster.cluster import Cluster, Object, eventually
from tests.e2e.kubernetes.conftest import RESTRICTED
from tests.golden.cases import GOLDEN

LAST_RELEASE = Path(__file__).resolve().parent / "last_release"
PATHS = sorted(GOLDEN.glob("*/expected/kubernetes/rendered/*/manifest.yaml"))
GOLDEN_NAMES = [f"{path.parts[-6]}.{path.parts[-2]}" for path in PATHS]
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


def apply(cluster: Cluster, manifest: Manifest) -> None:
    cluster.kubectl("apply", "--server-side", MANAGER, "--filename=-", given=manifest.text)


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
    cluster.kubectl("label", "namespace", name, RESTRICTED)


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
