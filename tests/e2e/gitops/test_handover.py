"""An app that `deploy k8s` applied, handed over: what leaves the repository then leaves the cluster."""

from __future__ import annotations

import json

from tests.cluster.cluster import eventually
from tests.e2e.gitops.conftest import SECONDS_TO_SYNC, Pulled
from tests.e2e.kubernetes.conftest import SECRETS

OWN = (
    "deployments,services,configmaps,serviceaccounts,persistentvolumeclaims,networkpolicies,"
    "horizontalpodautoscalers"
)


def managers_of_each(pulled: Pulled) -> list[set[str]]:
    """Who has applied each of the app's objects."""
    items = pulled.app.get(OWN, "--selector=app.kubernetes.io/managed-by=jvbundler", "--show-managed-fields")
    return [
        {entry["manager"] for entry in item["metadata"]["managedFields"] if entry["operation"] == "Apply"}
        for item in items["items"]
    ]


def managers(pulled: Pulled) -> set[str]:
    return set().union(*managers_of_each(pulled))


def is_applied(pulled: Pulled) -> bool:
    has_scaler = pulled.app.get("horizontalpodautoscalers").get("items")
    return bool(has_scaler) and all(pulled.puller.manager in each for each in managers_of_each(pulled))


def deploy(pulled: Pulled) -> None:
    pulled.render()
    words = ("deploy", "k8s", pulled.folder, "--force", "--create-secrets")
    pulled.app.jvbundler(*words, env=SECRETS)


def sync_once(pulled: Pulled) -> None:
    """Argo CD sees no difference to what we applied, and applies nothing until it is told to."""
    commit = pulled.publish("First release")
    pulled.puller.start_pulling(pulled.gitops_object)
    if pulled.puller.system == "argocd":
        eventually(lambda: pulled.puller.get(pulled.name).get("status", {}).get("sync"), "it has compared")
        assert managers(pulled) == {"jvbundler"}
        # As `argocd app sync` does.
        options = {"syncOptions": ["ServerSideApply=true"]}
        asked = json.dumps({"operation": {"initiatedBy": {"username": "test"}, "sync": options}})
        where = ("--namespace", pulled.puller.namespace, "patch", pulled.puller.kind, pulled.name)
        pulled.puller.cluster.kubectl(*where, "--type=merge", f"--patch={asked}")
    pulled.puller.sync(pulled.name, commit)


def hand_over(pulled: Pulled, *words: str, expected: int = 0) -> str:
    done = pulled.app.jvbundler("handover", pulled.puller.system, pulled.folder, *words, expected=expected)
    return done.stdout + done.stderr


def test_what_is_removed_after_a_handover_is_gone(pulled: Pulled) -> None:
    pulled.edit("LOG_LEVEL: INFO", "LOG_LEVEL: INFO\n  FEATURE: on-from-the-start\n  LATER: removed-in-git")
    deploy(pulled)
    assert "has not applied all of the manifest yet, nothing was changed" in hand_over(
        pulled, "--yes", expected=2
    )

    # Without a handover both own the fields: what leaves the repository stays in the cluster.
    sync_once(pulled)
    assert managers(pulled) == {"jvbundler", pulled.puller.manager}
    pulled.edit("  FEATURE: on-from-the-start\n", "")
    commit = pulled.deliver("Without the feature")
    assert pulled.config()["FEATURE"] == "on-from-the-start"
    assert pulled.puller.is_at(pulled.name, commit)

    # Nobody answers here; then it is done.
    assert "there is no terminal to ask on" in hand_over(pulled, expected=2)
    said = hand_over(pulled, "--yes")
    assert managers(pulled) == {pulled.puller.manager}
    if pulled.puller.system == "argocd":
        assert f"configmap/{pulled.name}: data.FEATURE" in said
    # Flux applies only what it sees a difference in: it still had its own part of the field.
    pulled.puller.look_again(pulled.name)
    eventually(lambda: "FEATURE" not in pulled.config(), "the feature goes")

    # From now on what leaves the repository leaves the cluster.
    assert pulled.config()["LATER"] == "removed-in-git"
    pulled.edit("  LATER: removed-in-git\n", "")
    pulled.deliver("Without the later one")
    assert "LATER" not in pulled.config()
    assert "nothing to do" in hand_over(pulled, "--yes")


def test_the_pods_that_only_we_counted_stay(pulled: Pulled) -> None:
    """Autoscaling is turned on in the repository: its manifest has no number of pods any more."""
    pulled.edit("persistence: {enabled: true}", "network_policy: {enabled: false}")
    pulled.edit("progress_deadline_seconds: 60", "progress_deadline_seconds: 60\n    replicas: 3")
    deploy(pulled)
    pulled.edit(
        "network_policy: {enabled: false}", "autoscaling: {enabled: true, min_replicas: 2, max_replicas: 5}"
    )
    pulled.publish("Scale by load")
    pulled.puller.start_pulling(pulled.gitops_object)
    eventually(lambda: is_applied(pulled), "all of the manifest is applied", SECONDS_TO_SYNC)
    hand_over(pulled, "--yes")
    assert managers(pulled) == {"jvbundler-scaling", pulled.puller.manager}
    assert pulled.deployment()["spec"]["replicas"] == 3
