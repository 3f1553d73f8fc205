"""What a cluster refuses, and what goes wrong in it, is told in its words, with what to do about it."""

from __future__ import annotations

import json
import re
import signal

import pytest

from tests.cluster.cluster import eventually
from tests.e2e.kubernetes.conftest import RESTRICTED, SECRETS, App

OWNERS = {
    "Argo CD": ("annotate", "argocd.argoproj.io/tracking-id=e2e:apps/Deployment:e2e/e2e-agent"),
    "Flux": ("label", "kustomize.toolkit.fluxcd.io/name=e2e", "kustomize.toolkit.fluxcd.io/namespace=gitops"),
}


def as_user(app: App, *rules: str) -> App:
    """The same app, deployed by a user who may do what the rules say: each the words of `create role`."""
    app.cluster.kubectl("create", "namespace", app.namespace)
    app.kubectl("create", "serviceaccount", "deployer")
    for number, rule in enumerate(rules):
        app.kubectl("create", "role", f"rule-{number}", *rule.split())
        binding = ("create", "rolebinding", f"rule-{number}", f"--role=rule-{number}")
        app.kubectl(*binding, f"--serviceaccount={app.namespace}:deployer")
    config = json.loads(app.cluster.kubectl("config", "view", "--raw", "--output=json"))
    context = next(c["context"] for c in config["contexts"] if c["name"] == app.cluster.context)
    context["user"] = "deployer"
    config["users"] = [
        {"name": "deployer", "user": {"token": app.kubectl("create", "token", "deployer").strip()}}
    ]
    path = app.folder / "kubeconfig"
    path.write_text(json.dumps(config))
    text = (app.folder / "app/deploy.yaml").read_text()
    (app.folder / "app/deploy.yaml").write_text(text.replace("  create_namespace: true\n", ""))
    return app._replace(cluster=app.cluster._replace(kubeconfig=path))


READABLE = (
    *("deployments.apps", "replicasets.apps", "cronjobs.batch", "pods", "pods/log", "events", "services"),
    *("configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "ingresses.networking.k8s.io"),
    *("networkpolicies.networking.k8s.io", "horizontalpodautoscalers.autoscaling"),
    "poddisruptionbudgets.policy",
)
READ = f"--verb=get,list,watch --resource={','.join(READABLE)}"
WRITE = "--verb=create,patch,update,delete --resource=deployments.apps,services,configmaps,serviceaccounts"
POLICIES = "--verb=create,patch,delete --resource=networkpolicies.networking.k8s.io"


@pytest.mark.usefixtures("our_kubelet")
def test_a_container_that_crashes_is_explained_by_its_state_its_log_and_the_events(app: App) -> None:
    broken = ("--set", "image.tag=crashing", "--timeout", "15")
    first = app.deploy("--create-secrets", *broken, expected=4, env=SECRETS).stderr
    assert "there is no revision to go back to" in first or "goes back to revision" in first
    for said in (
        r"e2e-agent-\S+: e2e-agent: CrashLoopBackOff: back-off 10s restarting failed container",
        r"e2e-agent-\S+: e2e-agent: ended with exit code 1 \(Error\), \d restarts",
        r"e2e-agent-\S+: log: ModuleNotFoundError: No module named 'acme'",
        r"Pod/e2e-agent-\S+: BackOff: Back-off restarting failed container",
    ):
        assert re.search(said, first), f"{said}\n{first}"
    status = app.jvbundler("status", "k8s", "app", "--set", "image.tag=crashing", expected=1).stdout
    assert "CrashLoopBackOff" in status
    assert "0 of 1 pods are ready" in status


def test_an_image_that_is_never_pulled_is_explained(app: App) -> None:
    broken = ("--set", "image.tag=no-such-tag", "--timeout", "15")
    words = app.deploy("--create-secrets", *broken, expected=4, env=SECRETS).stderr
    assert re.search(r"e2e-agent-\S+: e2e-agent: (ImagePullBackOff|ErrImagePull): ", words), words
    assert "timed out waiting for the condition" in words


def test_a_secret_that_somebody_took_away_is_explained(app: App) -> None:
    app.first_deployment()
    app.kubectl("delete", "secret", "e2e-agent-secrets")
    refused = app.deploy("--set", "environment.LOG_LEVEL=DEBUG", expected=2).stderr
    assert f"the Secret 'e2e-agent-secrets' in namespace '{app.namespace}' is not there" in refused
    # A pod that is started meanwhile waits for it, and goes on when it is back.
    app.kubectl("delete", "pods", "--all", "--wait=false")
    status = eventually(lambda: _unhealthy(app, "CreateContainerConfigError"), "the pod waits for its Secret")
    assert 'secret "e2e-agent-secrets" not found' in status
    app.deploy("--create-secrets", env=SECRETS)
    app.jvbundler("status", "k8s", "app")


def _unhealthy(app: App, reason: str) -> str:
    done = app.jvbundler("status", "k8s", "app", expected=1)
    return done.stdout if reason in done.stdout else ""


def test_a_field_that_somebody_else_set_is_a_conflict_before_the_first_change(app: App) -> None:
    app.first_deployment()
    other = "registry.example.com/acme/support:by-hand"
    app.kubectl("set", "image", "deployment/e2e-agent", f"e2e-agent={other}", "--field-manager=kubectl-edit")
    app.jvbundler("env", "set", "k8s", "LOG_LEVEL=DEBUG", "--app", "app")
    words = app.deploy(expected=4).stderr
    assert 'conflict with "kubectl-edit"' in words
    assert "'--force-conflicts' takes them over" in words
    assert app.get("configmap", "e2e-agent")["data"]["LOG_LEVEL"] == "INFO"
    app.deploy("--force-conflicts")
    assert app.image() != other


def test_who_may_not_change_deployments_is_told_so_before_the_first_change(app: App) -> None:
    reader = as_user(app, READ)
    words = reader.deploy(expected=4).stderr
    assert f"you may not change Deployments in namespace '{app.namespace}'" in words
    assert not app.get("deployments").get("items")


def test_an_object_that_may_not_be_changed_stops_before_the_first_change(app: App) -> None:
    user = as_user(app, READ, WRITE)
    app.kubectl(
        "create", "secret", "generic", "e2e-agent-secrets", *(f"--from-literal={k}=x" for k in SECRETS)
    )
    words = user.deploy(expected=4).stderr
    assert 'networkpolicies.networking.k8s.io "e2e-agent" is forbidden: User' in words
    assert not app.get("deployments,services,configmaps", "--selector=app.kubernetes.io/name").get("items")


def test_who_may_not_use_the_proxy_of_services_deploys_all_the_same(app: App) -> None:
    user = as_user(app, READ, WRITE, POLICIES)
    app.kubectl(
        "create", "secret", "generic", "e2e-agent-secrets", *(f"--from-literal={k}=x" for k in SECRETS)
    )
    assert "health: not known: you may not use the Service's proxy" in user.deploy().stdout
    assert "you may not use the Service's proxy" in user.jvbundler("status", "k8s", "app").stdout


@pytest.mark.usefixtures("our_kubelet")
def test_a_403_of_somebody_else_is_told_in_its_words(app: App) -> None:
    done = app.deploy("--create-secrets", "--set", "image.tag=forbidding", env=SECRETS)
    assert "RBAC: access denied" in done.stdout
    assert "you may not" not in done.stdout


def test_an_unreachable_server_is_told_with_what_to_check(app: App) -> None:
    config = json.loads(app.cluster.kubectl("config", "view", "--raw", "--output=json"))
    for entry in config["clusters"]:
        entry["cluster"]["server"] = "https://127.0.0.1:1"
    path = app.folder / "kubeconfig"
    path.write_text(json.dumps(config))
    away = app._replace(cluster=app.cluster._replace(kubeconfig=path))
    words = away.deploy(expected=4).stderr
    assert "connect: connection refused" in words or "was refused" in words
    assert f"check the network, VPN and server address of context '{app.cluster.context}'" in words
    assert "refused" in away.jvbundler("status", "k8s", "app", expected=4).stderr


@pytest.mark.parametrize("owner", OWNERS)
def test_what_a_gitops_controller_manages_is_left_to_it(app: App, owner: str) -> None:
    app.first_deployment()
    verb, *marks = OWNERS[owner]
    app.kubectl(verb, "deployment", "e2e-agent", *marks)
    manifest = "app/deploy/kubernetes/rendered/default/manifest.yaml"
    words = app.deploy(expected=2).stderr
    assert f"{owner} manages the Deployment 'e2e-agent'" in words
    assert f"commit '{manifest}' to the repository that {owner} pulls" in words
    back = app.jvbundler("rollback", "k8s", "app", expected=2).stderr
    assert f"revert the commit of '{manifest}' in the repository that {owner} pulls" in back
    gone = app.jvbundler("destroy", "k8s", "app", "--yes", expected=2).stderr
    how = {"Argo CD": "argocd app delete e2e", "Flux": "flux delete kustomization e2e --namespace gitops"}
    assert f"'{how[owner]}'" in gone
    assert app.deployment()


def test_pods_that_the_namespace_does_not_admit_are_explained(app: App) -> None:
    app.cluster.kubectl("create", "namespace", app.namespace)
    app.cluster.kubectl("label", "namespace", app.namespace, RESTRICTED)
    text = (app.folder / "app/deploy.yaml").read_text()
    own = "    pod: {extra_containers: [{name: helper, image: registry.example.com/helper:1}]}\n"
    text = text.replace("  create_namespace: true\n", "").replace("  deployment:\n", f"  deployment:\n{own}")
    (app.folder / "app/deploy.yaml").write_text(text)
    words = app.deploy("--create-secrets", "--timeout", "8", expected=4, env=SECRETS).stderr
    assert 'violates PodSecurity "restricted' in words


def test_an_app_with_data_keeps_it(app: App) -> None:
    text = (app.folder / "app/deploy.yaml").read_text()
    (app.folder / "app/deploy.yaml").write_text(text + "  persistence: {enabled: true}\n")
    app.first_deployment()
    assert "Bound" in app.kubectl("get", "persistentvolumeclaims")
    done = app.deploy("--set", "kubernetes.persistence.enabled=false")
    assert "kept, as it holds data: persistentvolumeclaim/e2e-agent" in done.stderr
    app.deploy()
    said = app.jvbundler("destroy", "k8s", "app", "--yes").stderr
    assert "stays:" in said
    assert app.get("persistentvolumeclaim", "e2e-agent")
    app.jvbundler("destroy", "k8s", "app", "--yes", "--delete-data")
    eventually(lambda: not app.get("persistentvolumeclaim", "e2e-agent"), "the claim goes")


def test_logs_are_those_of_the_pods(app: App) -> None:
    app.first_deployment("--set", "kubernetes.deployment.replicas=2")
    logs = app.jvbundler("logs", "k8s", "app", "--tail", "1").stdout.splitlines()
    assert len([line for line in logs if re.match(r"\[pod/e2e-agent-\S+/e2e-agent\] ", line)]) == 2


def test_logs_are_followed_until_ctrl_c(app: App) -> None:
    app.first_deployment()
    following = app.start("logs", "k8s", "app", "--follow", "--tail", "1")
    assert following.stdout is not None
    lines = [following.stdout.readline() for _ in range(3)]
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=60)
    assert following.returncode == 130
    assert all(re.match(r"\[pod/e2e-agent-\S+/e2e-agent\] ", line) for line in lines), lines
