"""The whole story of an app in a cluster, by our own commands."""

from __future__ import annotations

from tests.cluster.cluster import eventually
from tests.e2e.kubernetes.conftest import IMAGE, SECRETS, App


def test_deployed_changed_broken_rolled_back_and_destroyed(app: App) -> None:
    # Without its Secret nothing is changed; then it is made from the shell's variables, with the namespace.
    refused = app.deploy(expected=2)
    assert "the pods could not start; nothing was changed" in refused.stderr
    assert not app.cluster.get("", "namespace", app.namespace)
    done = app.deploy("--create-secrets", env=SECRETS)
    assert f"image: {IMAGE}" in done.stdout
    assert "health: answers" in done.stdout
    assert "healthy" in app.jvbundler("status", "k8s", "app").stdout

    # A change is shown first.
    app.jvbundler("env", "set", "k8s", "LOG_LEVEL=DEBUG", "--app", "app")
    assert "is out of date" in app.jvbundler("deploy", "k8s", "app", expected=3).stderr
    shown = app.deploy("--diff", "--yes").stdout
    assert "+  LOG_LEVEL: DEBUG" in shown
    assert app.get("configmap", "e2e-agent")["data"]["LOG_LEVEL"] == "DEBUG"

    # An image that is not there: back to the former revision.
    broken = ("--set", "image.tag=no-such-tag", "--rollback-on-failure", "--timeout", "20")
    failed = app.deploy(*broken, expected=4)
    assert "runs again" in failed.stderr
    app.kubectl("rollout", "status", "deployment/e2e-agent", "--timeout=120s")
    assert app.image() == IMAGE

    # The next deployment takes back the fields of the rollback.
    app.deploy()
    app.jvbundler("status", "k8s", "app")

    # Back and forth.
    app.jvbundler("env", "set", "k8s", "LOG_LEVEL=WARNING", "--app", "app")
    app.deploy()
    assert "runs" in app.jvbundler("rollback", "k8s", "app").stdout
    app.deploy()

    # What the manifest no longer has goes.
    assert app.get("networkpolicies")["items"]
    app.deploy("--set", "kubernetes.network_policy.enabled=false")
    assert not app.get("networkpolicies").get("items")

    # Destroyed, but for the namespace; then that too.
    app.jvbundler("render", "app")
    app.jvbundler("destroy", "k8s", "app", "--yes")
    assert not app.get("deployments,services,configmaps", "--selector=app.kubernetes.io/name").get("items")
    assert app.cluster.get("", "namespace", app.namespace)
    app.jvbundler("destroy", "k8s", "app", "--yes", "--delete-data")
    eventually(lambda: not app.cluster.get("", "namespace", app.namespace), "the namespace goes")
