"""The unit of output: a path inside the output folder and the text that belongs there."""

from __future__ import annotations

from typing import NamedTuple


class ObjectName(NamedTuple):
    """A Kubernetes object of a manifest or a cluster; `namespace` is empty for one of the whole cluster."""

    group: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """As kubectl prints and reads it: deployment.apps/acme."""
        group = f".{self.group}" if self.group else ""
        return f"{self.kind.lower()}{group}/{self.name}"


class Artifact(NamedTuple):
    """`path` is relative, with forward slashes; `text` is UTF-8 with LF line ends and a final newline.

    `objects` are those of a manifest that is applied as it is, in their order.
    """

    path: str
    text: str
    objects: tuple[ObjectName, ...] = ()
