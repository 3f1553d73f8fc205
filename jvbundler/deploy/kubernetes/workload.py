"""Where kubectl's commands act, and on which objects: the values that all of them are made of."""

from __future__ import annotations

from typing import NamedTuple


class ObjectName(NamedTuple):
    """An object of the manifest or the cluster; `namespace` is empty for one of the whole cluster."""

    group: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """As kubectl prints and reads it: deployment.apps/acme."""
        group = f".{self.group}" if self.group else ""
        return f"{self.kind.lower()}{group}/{self.name}"


class Target(NamedTuple):
    """Where an environment runs, and the names of what runs there. `manifest` is the rendered file's path.

    `spans` says that the manifest has objects of other namespaces too: kubectl then refuses `--namespace`
    beside the file, in which each object names its own.
    """

    context: str
    namespace: str
    manifest: str
    deployment: str
    service: str
    instance: str
    health_path: str
    image: str
    objects: tuple[ObjectName, ...]
    creates_namespace: bool = False
    spans: bool = False
    rollout_seconds: int = 660
    pull_secret: str = ""
    pull_registry: str = ""

    @property
    def selector(self) -> str:
        return f"app.kubernetes.io/name={self.instance},app.kubernetes.io/instance={self.instance}"

    @property
    def place(self) -> str:
        """What a deployment changes, and where: only one at a time may."""
        return f"'{self.deployment}' in namespace '{self.namespace}' of '{self.context}'"

    def config_maps(self) -> tuple[str, ...]:
        return tuple(
            o.name for o in self.objects if o.kind == "ConfigMap" and o.namespace in ("", self.namespace)
        )


def kubectl(target: Target, *words: str, namespaced: bool = True) -> tuple[str, ...]:
    place = ("--namespace", target.namespace) if namespaced else ()
    return ("kubectl", "--context", target.context, *place, *words)
