"""The risks of changes to Kubernetes objects.

Fields that the API server makes immutable: pkg/apis/{apps,batch,core,rbac}/validation of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jvbundler.diff.model import ABSENT, Risk
from jvbundler.diff.objects import within
from jvbundler.diff.risks.rule import (
    ADDED,
    MOVED,
    PRESENT,
    REMOVED,
    Changed,
    Rule,
    always,
    appears,
    becomes,
    gone,
    grows,
    is_true,
    not_true,
    shrinks,
)

WORKLOADS = "Deployment|StatefulSet|DaemonSet"
PODS = f"{WORKLOADS}|ReplicaSet|Job|CronJob|Pod"
CLAIM = "PersistentVolumeClaim"
ORPHAN = "delete it once with 'kubectl delete --cascade=orphan', then apply again"
COPY = "make a new claim, copy the data to it and name it in existing_claim"
KEEP_PODS = (
    "'jvbundler deploy k8s' keeps their number; before Argo CD or Flux applies this, "
    "see 'Turn autoscaling on' in docs/deploying.md"
)
KEEP = "copy the data first, or keep the claim"
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
# ValidatePersistentVolumeClaimUpdate: the spec, except the size and the volume attributes class.
CLAIM_SPEC = ("resources", "volumeAttributesClassName")
JOB_SPEC = (
    "completions",
    "selector",
    "template",
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
)


def keeps_from_pruning(old: Any, new: Any) -> bool:
    """Whether an annotation that makes Argo CD or Flux keep an object is gone."""
    marks = ("Prune=false", "Delete=false", "disabled")
    return any(mark in str(old) and mark not in str(new) for mark in marks)


def from_latest(_: Any, new: Any) -> bool:
    """Whether an image is named only by a tag that may move."""
    name = str(new).rsplit("/", 1)[-1]
    return new is not ABSENT and "@" not in name and (":" not in name or name.endswith(":latest"))


def loses_digest(old: Any, new: Any) -> bool:
    return "@sha256:" in str(old) and new is not ABSENT and "@" not in str(new)


IMMUTABLE = (
    Rule(f"{WORKLOADS}|ReplicaSet", "spec.selector.**", "immutable field", "danger",
         "a selector cannot change: the API server refuses it", ORPHAN),
    Rule("Service", "spec.clusterIP", "immutable field", "danger",
         "clusterIP cannot change: the API server refuses it", "delete the Service, then apply again"),
    Rule("Service", "spec.clusterIPs.**", "immutable field", "danger",
         "clusterIPs cannot change: the API server refuses it", "delete the Service, then apply again"),
    Rule("RoleBinding|ClusterRoleBinding", "roleRef.**", "immutable field", "danger",
         "roleRef cannot change: the API server refuses it", "delete the binding, then apply again"),
    Rule("Secret", "type", "immutable field", "danger",
         "the type of a Secret cannot change: the API server refuses it",
         "delete the Secret, then apply again"),
)  # fmt: skip

DATA = (
    Rule(CLAIM, "", "data loss", "danger", "the claim is removed, and usually its data with it", KEEP,
         on=REMOVED),
    Rule(CLAIM, "", "data loss", "danger", "a new, empty claim in another namespace: the data stays behind",
         COPY, on=MOVED),
    Rule(CLAIM, "spec.resources.requests.storage", "data loss", "danger",
         "a claim cannot shrink: the API server refuses it, and a new claim is empty", COPY, shrinks),
    Rule(CLAIM, "spec.resources.requests.storage", "scaling", "info",
         "the volume grows, where its storage class has allowVolumeExpansion", when=grows),
    Rule(CLAIM, "metadata.annotations.*", "data loss", "attention",
         "Argo CD or Flux may now prune the claim, and its data with it", when=keeps_from_pruning),
    Rule("PersistentVolume", "", "data loss", "danger", "the volume is removed", KEEP, on=REMOVED),
    Rule("Namespace", "", "data loss", "danger", "everything in the namespace is deleted, claims included",
         "move what is left in it, or keep the namespace", on=REMOVED),
    Rule("StatefulSet", "spec.persistentVolumeClaimRetentionPolicy.*", "data loss", "danger",
         "claims are deleted with their pods or the StatefulSet", "keep it at Retain", becomes("Delete")),
    Rule(PODS, "**.volumes.*.persistentVolumeClaim.claimName", "data loss", "attention",
         "the pods no longer use their volume: its data stays in the old claim", KEEP,
         lambda old, new: old is not ABSENT),
    Rule(PODS, "**.volumes.*.emptyDir.medium", "data loss", "info", "files of this volume now live in memory",
         when=becomes("Memory")),
)  # fmt: skip

PERMISSIONS = (
    Rule(PODS, "**.securityContext.privileged", "permissions", "danger",
         "a privileged container is root on the node", "grant single capabilities instead", is_true, PRESENT),
    Rule(PODS, "**.securityContext.runAsUser", "permissions", "danger", "the container runs as root",
         "use a user other than 0", becomes(0), PRESENT),
    Rule(PODS, "**.securityContext.runAsNonRoot", "permissions", "danger",
         "nothing keeps the container from running as root", "keep runAsNonRoot: true", not_true, PRESENT),
    Rule(PODS, "**.securityContext.allowPrivilegeEscalation", "permissions", "danger",
         "a process may gain more rights than its parent", "keep it false",
         lambda _, new: new is not False, PRESENT),
    Rule(PODS, "**.securityContext.capabilities.add.*", "permissions", "danger",
         "the container gets further capabilities", "add none, or give the reason in the pull request",
         lambda _, new: new is not ABSENT, PRESENT),
    Rule(PODS, "**.securityContext.capabilities.drop.*", "permissions", "danger",
         "the container keeps capabilities that it gave up before", "keep drop: [ALL]",
         lambda old, new: old is not ABSENT and new != "ALL"),
    Rule(PODS, "**.securityContext.readOnlyRootFilesystem", "permissions", "attention",
         "the container may change its own files", "keep it true", not_true, PRESENT),
    Rule(PODS, "**.seccompProfile.type", "permissions", "danger", "system calls are no longer filtered",
         "keep RuntimeDefault", lambda _, new: new in (ABSENT, "Unconfined"), PRESENT),
    *(Rule(PODS, f"**.{field}", "permissions", "danger", f"{field}: the pod can see what belongs to the node",
           when=is_true, on=PRESENT) for field in ("hostNetwork", "hostPID", "hostIPC")),
    Rule(PODS, "**.volumes.*.hostPath.path", "permissions", "danger", "the pod mounts a folder of the node",
         "use a claim", lambda _, new: new is not ABSENT, PRESENT),
    Rule(f"{PODS}|ServiceAccount", "**.automountServiceAccountToken", "permissions", "attention",
         "the pods get a token for the Kubernetes API", "keep it false unless the app calls that API",
         lambda _, new: new is not False, PRESENT),
    Rule(PODS, "**.serviceAccountName", "permissions", "attention",
         "the pods run as another service account"),
    Rule("ServiceAccount", "metadata.annotations.*", "permissions", "attention",
         "the service account may have another cloud identity"),
    Rule("Role|ClusterRole", "rules.**", "permissions", "attention", "the permissions of the role change",
         "compare its rules"),
    Rule("Role|ClusterRole|RoleBinding|ClusterRoleBinding", "", "permissions", "attention",
         "rights in the Kubernetes API are granted", on=ADDED),
    Rule("RoleBinding|ClusterRoleBinding", "subjects.**", "permissions", "attention",
         "the subjects of the role change"),
    Rule("Namespace", "metadata.labels.pod-security.kubernetes.io/enforce", "permissions", "danger",
         "the namespace admits pods that were refused before", "keep 'restricted'",
         lambda old, new: old is not ABSENT and new != "restricted"),
    Rule("NetworkPolicy", "", "permissions", "danger",
         "without the policy, every pod and address may reach what it protected",
         "keep network_policy enabled", on=REMOVED),
    Rule("NetworkPolicy", "spec.policyTypes.*", "permissions", "danger", "one direction is no longer limited",
         when=gone),
    Rule("NetworkPolicy", "spec.podSelector.**", "permissions", "attention",
         "the policy selects other pods than before"),
    *(Rule("NetworkPolicy", f"spec.{way}.*.{peers}.**", "permissions", "attention",
           f"other peers are allowed ({way})", when=lambda _, new: new is not ABSENT)
      for way, peers in (("ingress", "from"), ("egress", "to"))),
    *(Rule("NetworkPolicy", f"spec.{way}.*.ports.**", "permissions", "attention",
           f"other ports are allowed ({way})") for way in ("ingress", "egress")),
)  # fmt: skip

EXPOSURE = (
    Rule("Service", "spec.type", "exposure", "danger",
         "a load balancer makes the Service reachable from outside the cluster",
         "limit it with load_balancer_source_ranges, or use an Ingress", becomes("LoadBalancer"), PRESENT),
    Rule("Service", "spec.type", "exposure", "attention", "the Service listens on a port of every node",
         "use an Ingress", becomes("NodePort"), PRESENT),
    Rule("Service", "spec.loadBalancerSourceRanges.**", "exposure", "attention",
         "other addresses may reach the load balancer"),
    Rule("Service", "spec.externalIPs.*", "exposure", "attention",
         "the Service accepts traffic for an external address",
         when=appears, on=PRESENT),
    Rule("Ingress", "", "exposure", "attention", "the app becomes reachable through the ingress controller",
         "make sure that it authenticates its callers", on=ADDED),
    Rule("Ingress", "spec.rules.*.host", "exposure", "attention", "the app answers under another host name",
         when=lambda _, new: new is not ABSENT),
    Rule("Ingress", "spec.rules.*.http.paths.*.path", "exposure", "info", "other paths are reachable",
         when=lambda _, new: new is not ABSENT),
    Rule("Ingress", "spec.ingressClassName", "exposure", "attention",
         "another ingress controller serves the app, perhaps a public one"),
    Rule("Ingress", "spec.tls.**", "exposure", "attention", "a host is no longer served with TLS", when=gone),
    Rule("ConfigMap", "data.*", "exposure", "attention", "any web page may call the app (CORS)",
         "name the origins", lambda _, new: str(new).strip() in ("*", '["*"]'), PRESENT),
)  # fmt: skip

IMAGES = (
    Rule(PODS, "**.image", "image", "info", "another image runs"),
    Rule(PODS, "**.image", "image", "attention", "the image is no longer pinned by its digest",
         "set image.digest", loses_digest),
    Rule(PODS, "**.image", "image", "attention", "the tag 'latest' may be another image on every node",
         "set image.tag to a version", from_latest, PRESENT),
)  # fmt: skip

MEMORY_PATHS = ("**.resources.limits.memory", "**.resources.requests.memory")
SCALING = (
    Rule(WORKLOADS, "spec.replicas", "outage", "danger", "no pod runs", when=becomes(0), on=PRESENT),
    Rule(WORKLOADS, "spec.replicas", "scaling", "info", "another number of pods",
         when=lambda _, new: new not in (0, ABSENT)),
    Rule(WORKLOADS, "spec.replicas", "outage", "danger", "the pods drop to 1 until the autoscaler adds some",
         KEEP_PODS, lambda old, new: new is ABSENT and old != 1),
    *(Rule(PODS, path, "scaling", "attention",
           "less memory: a pod that needs more is killed or does not start",
           "compare it with what the pods use", shrinks) for path in MEMORY_PATHS),
    Rule(PODS, "**.resources.**", "scaling", "info", "the pods request other resources"),
    Rule("HorizontalPodAutoscaler", "spec.**", "scaling", "info",
         "the bounds or targets of the scaling change"),
    Rule("HorizontalPodAutoscaler", "spec.maxReplicas", "scaling", "attention", "less room to scale up",
         when=shrinks),
    Rule("HorizontalPodAutoscaler", "spec.minReplicas", "scaling", "attention", "fewer pods when idle",
         when=shrinks),
    Rule("HorizontalPodAutoscaler", "", "scaling", "attention",
         "from now on the number of pods is scaled by load",
         on=ADDED),
    Rule("HorizontalPodAutoscaler", "", "scaling", "attention", "the number of pods is fixed from now on",
         "see spec.replicas of the Deployment", on=REMOVED),
    Rule("PodDisruptionBudget", "", "outage", "attention",
         "draining nodes may stop all pods at the same time", on=REMOVED),
)  # fmt: skip

OUTAGES = (
    Rule(f"{WORKLOADS}|Service|Ingress", "", "outage", "danger",
         "it is removed: the app stops serving through it",
         on=REMOVED),
    Rule("*", "", "replacement", "attention",
         "it is recreated in another namespace; the old one stays until somebody deletes it", on=MOVED),
    Rule("CronJob", "spec.schedule", "restart", "info", "it runs at other times", when=always),
)  # fmt: skip

ROWS = (*IMMUTABLE, *DATA, *PERMISSIONS, *EXPOSURE, *IMAGES, *SCALING, *OUTAGES)


def immutable_parts(changed: Changed) -> Iterator[Risk]:
    """Specs in which only a few fields may change, or all but a few."""
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
    """Any change of the pod template replaces the pods; the strategy decides how."""
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
    """A NetworkPolicy rule without peers lets everybody in, or lets the pods reach everything."""
    if changed.kind != "NetworkPolicy" or changed.action != "changed":
        return
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        if _is_open(changed.new, direction, peers) and not _is_open(changed.old, direction, peers):
            hint = f"name the peers under '{peers}'"
            yield Risk("permissions", "danger", f"a rule for {direction} is open to every peer", hint)


def _is_open(policy: Any, direction: str, peers: str) -> bool:
    rules = within(policy, "spec", direction)
    return isinstance(rules, list) and any(not within(rule, peers) for rule in rules)
