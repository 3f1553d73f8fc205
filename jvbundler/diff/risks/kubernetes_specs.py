"""The risks of changes to Kubernetes objects that one field alone does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jvbundler.diff.model import Risk
from jvbundler.diff.risks.kubernetes import CLAIM, COPY, ORPHAN, WORKLOADS
from jvbundler.diff.risks.rule import Changed
from jvbundler.diff.values import within

# ValidateStatefulSetUpdate: all other fields of the spec are refused.
STATEFUL_SET = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
    "revisionHistoryLimit",
)
# ValidatePersistentVolumeClaimUpdate: the spec, but for the size and the volume attributes class.
CLAIM_SPEC = ("resources", "volumeAttributesClassName")
JOB_SPEC = (
    "completions",
    "selector",
    "template",
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
)


def immutable_parts(changed: Changed) -> Iterator[Risk]:
    """Specs of which only a few fields may change, or all but a few."""
    if changed.action != "changed":
        return
    parts = [field.path[1] for field in changed.fields if len(field.path) > 1 and field.path[0] == "spec"]
    refused = {
        CLAIM: [part for part in parts if part not in CLAIM_SPEC],
        "StatefulSet": [part for part in parts if part not in (*STATEFUL_SET, "selector")],
        "Job": [part for part in parts if part in JOB_SPEC],
    }.get(changed.kind, [])
    hint = COPY if changed.kind == CLAIM else ORPHAN
    for part in dict.fromkeys(refused):
        yield Risk("immutable field", "danger", f"{part} cannot change: the API server refuses it", hint)


def restart(changed: Changed) -> Iterator[Risk]:
    """Any change of the pod template replaces the pods; how, the strategy says."""
    if changed.action != "changed" or changed.kind not in WORKLOADS.split("|"):
        return
    if not any(field.path[:2] == ("spec", "template") for field in changed.fields):
        return
    strategy = within(changed.new, "spec", "strategy", "type") or within(
        changed.new, "spec", "updateStrategy", "type"
    )
    if strategy == "Recreate":
        yield Risk("outage", "attention", "all pods stop before the new ones start", "deploy when few use it")
    elif strategy == "OnDelete":
        yield Risk("restart", "info", "pods keep the old template until they are deleted")
    else:
        yield Risk("restart", "info", "the pods are replaced, a few at a time")


def open_network(changed: Changed) -> Iterator[Risk]:
    """A rule of a NetworkPolicy that names no peer lets everybody in, or lets the pods reach everything."""
    if changed.kind != "NetworkPolicy" or changed.action != "changed":
        return
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        if _is_open(changed.new, direction, peers) and not _is_open(changed.old, direction, peers):
            hint = f"name the peers under '{peers}'"
            yield Risk("permissions", "danger", f"a rule for {direction} is open to every peer", hint)


def _is_open(policy: Any, direction: str, peers: str) -> bool:
    rules = within(policy, "spec", direction)
    return isinstance(rules, list) and any(not within(rule, peers) for rule in rules)
