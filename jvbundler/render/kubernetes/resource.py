"""A rendered object: its text, with and without the namespace, and its data. Knows no single kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, cast

import yaml
from yaml.events import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from jvbundler.render.kubernetes.names import SUBSTITUTE
from jvbundler.render.text import yaml_text
from jvbundler.source.yaml.nodes import plain_scalar, tagged_scalar
from jvbundler.values.artifact import ObjectName

Data = dict[str, Any]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HEAD = re.compile(r"^(apiVersion|kind): (.+)$", re.M)

# Kinds of Kubernetes itself that have no namespace (`kubectl api-resources --namespaced=false`).
CLUSTER_KINDS = frozenset(
    [
        "APIService",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "CSIDriver",
        "CSINode",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IngressClass",
        "IPAddress",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    ]
)

# API version, kind, namespace that the object itself names, name.
Identity = tuple[str, str, str, str]


class Resource(NamedTuple):
    """An object. `stem` is its file's name without the suffix; `text` is its YAML with the namespace in it.

    `namespace` is the environment's if `text` got it from there; it is empty for an object without one, and
    for an object that names its own. `bare` is the text without it, as base and overlays hold it.
    """

    stem: str
    text: str
    namespace: str
    identity: Identity

    @property
    def api_version(self) -> str:
        return self.identity[0]

    @property
    def kind(self) -> str:
        return self.identity[1]

    @property
    def name(self) -> str:
        return self.identity[3]

    @property
    def object_name(self) -> ObjectName:
        """The object as a cluster knows it, with the namespace that it is applied to."""
        return ObjectName(
            group_of(self.api_version), self.kind, self.name, self.identity[2] or self.namespace
        )

    @property
    def bare(self) -> str:
        if not self.namespace:
            return self.text
        return self.text.replace(
            f"\n  namespace: {yaml_text.scalar(self.namespace, in_flow=True)}\n", "\n", 1
        )

    @property
    def data(self) -> Data:
        """The object without its environment's namespace. Do not change it: it is shared."""
        return parsed(self.bare)


@lru_cache(maxsize=64)
def parsed(text: str) -> Data:
    """The object in a rendered text, from PyYAML's events: its node graph would double the time.

    For what only an override could write, it raises YAMLError, LookupError, ValueError, TypeError or
    AttributeError.
    """
    next_event = _LOADER(text).get_event
    next_event(), next_event()  # the stream begins, and the document
    return cast("Data", _value(next_event(), next_event, {}))


def _scalar(event: ScalarEvent) -> Any:
    if event.implicit[0]:
        return plain_scalar(event.value)
    return event.value if event.tag in (None, "!") else tagged_scalar(event.tag, event.value)


def _value(event: Any, next_event: Callable[[], Any], anchors: dict[str, Any]) -> Any:
    """The value that begins with `event`. A timestamp stays a text, as Kubernetes reads it."""
    value: Any
    if isinstance(event, ScalarEvent):
        value = _scalar(event)
    elif isinstance(event, MappingStartEvent):
        value = _map(next_event, anchors)
    elif isinstance(event, SequenceStartEvent):
        value = []
        while not isinstance(item := next_event(), SequenceEndEvent):
            value.append(_value(item, next_event, anchors))
    else:
        return anchors[event.anchor]
    if event.anchor:
        anchors[event.anchor] = value
    return value


def _map(next_event: Callable[[], Any], anchors: dict[str, Any]) -> Data:
    own: Data = {}
    merged: Data = {}
    while not isinstance(event := next_event(), MappingEndEvent):
        key, value = _value(event, next_event, anchors), _value(next_event(), next_event, anchors)
        if key == "<<" and isinstance(event, ScalarEvent) and event.implicit[0]:
            for each in reversed(value if isinstance(value, list) else [value]):
                merged.update(each)
        else:
            own[key] = value
    return {**merged, **own} if merged else own


def is_namespaced(api_version: str, kind: str) -> bool:
    """Whether objects of the kind have a namespace; custom kinds named Cluster… do not."""
    return kind not in CLUSTER_KINDS if is_builtin(api_version) else not kind.startswith("Cluster")


def is_builtin(api_version: str) -> bool:
    """Whether the API is Kubernetes' own: `v1`, `apps/v1`, `networking.k8s.io/v1`."""
    group = group_of(api_version)
    return "." not in group or group.endswith(".k8s.io")


def group_of(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def from_template(stem: str, text: str, name: str, namespace: str) -> Resource:
    """`text` is what an object's template made of `name` and `namespace`."""
    head: dict[str, str] = {}
    for line in _HEAD.finditer(text):
        head.setdefault(line[1], line[2])
        if len(head) == 2:  # both are at the top, and the text is long
            break
    identity = (head.get("apiVersion", ""), head.get("kind", ""), "", name)
    return Resource(stem, text, namespace, identity)


def from_data(stem: str, data: Data, namespace: str, comment: str = "") -> Resource:
    """An object from data; `namespace` is added if the kind has one and the object names no other."""
    about = data["metadata"]
    own = str(about.get("namespace") or "")
    inserted = "" if own or not is_namespaced(str(data["apiVersion"]), str(data["kind"])) else namespace
    named = {"name": about["name"], **({"namespace": own or inserted} if own or inserted else {})}
    rest = {key: value for key, value in about.items() if key not in ("name", "namespace")}
    # These first, as is customary, and as `bare` needs it.
    head = {"apiVersion": data["apiVersion"], "kind": data["kind"], "metadata": {**named, **rest}}
    data = {**head, **{key: value for key, value in data.items() if key not in head}}
    text = yaml_text.block(data)
    annotations = about.get("annotations") or {}
    if "${" in text and isinstance(annotations, dict) and SUBSTITUTE not in annotations:
        head["metadata"]["annotations"] = {**annotations, SUBSTITUTE: "disabled"}
        text = yaml_text.block(data)
    identity = (str(data["apiVersion"]), str(data["kind"]), own, str(about["name"]))
    return Resource(stem, f"{comment}{text}\n", inserted, identity)


def with_own_stems(resources: list[Resource]) -> list[Resource]:
    """The objects, numbered where two would be written to the same file."""
    seen: Counter[str] = Counter()
    result = []
    for resource in resources:
        seen[resource.stem] += 1
        number = seen[resource.stem]
        result.append(resource if number == 1 else resource._replace(stem=f"{resource.stem}-{number}"))
    return result
