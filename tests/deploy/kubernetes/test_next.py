"""`next`: what is still to do, and nothing once the app is deployed and healthy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deploy.conftest import KEYS, Run, Tools, answer_text

HERE = ("support", "-e", "dev")
DEPLOYMENT = "build, push and deploy"


def steps(jvbundler: Run, *arguments: str, expected: int = 1) -> list[tuple[str, str]]:
    done = jvbundler("next", *(arguments or HERE), "--json")
    assert done.returncode == expected, done.stderr
    document = json.loads(done.stdout)
    assert document["done"] == (expected == 0)
    (found,) = document["environments"]
    assert (found["environment"], found["platform"]) == ("dev", "k8s")
    return [(step["what"], step["how"]) for step in found["steps"]]


@pytest.fixture(autouse=True)
def database(app: Path) -> None:
    """The app has a json database without a volume, and that is meant."""
    with (app / "deploy.yaml").open("a") as file:
        file.write("checks: {ignore: [{rule: JVB432, reason: nothing is kept}]}\n")


def test_nothing_left_means_deployed_and_healthy(rendered: Path, jvbundler: Run) -> None:
    assert steps(jvbundler, expected=0) == []
    told = jvbundler("next", *HERE)
    assert told.stdout == "dev on Kubernetes: nothing left to do: deployed and healthy\n"


def test_what_is_not_deployed_needs_its_missing_secrets_and_a_deployment(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("replicasets.apps,pods", file="empty-list.json")
    tools.answer("get", "secret", stdout="\n".join(["found", *KEYS[:2], ""]))
    assert steps(jvbundler) == [
        ("create the secrets OPENAI_API_KEY", "jvbundler secrets support -e dev"),
        (DEPLOYMENT, "jvbundler deploy k8s support -e dev --all"),
    ]
    assert {call["argv"][0] for call in tools.calls()} == {"kubectl", "docker"}
    assert not [verb for verb in tools.verbs() if verb.startswith(("apply", "create", "delete", "patch"))]


def test_what_is_not_healthy_is_looked_at_first(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("replicasets.apps,pods", file="crashing.json")
    (what, how), (last, _) = steps(jvbundler)
    assert what.startswith("mend it: 0 of 1 pods are ready")
    assert (how, last) == ("jvbundler status k8s support -e dev", DEPLOYMENT)


def test_an_engine_that_does_not_run_is_a_step(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("replicasets.apps,pods", file="empty-list.json")
    tools.answer("version", "--format", stderr="Cannot connect to the Docker daemon\n", code=1)
    assert steps(jvbundler)[0] == (
        "docker engine: Cannot connect to the Docker daemon",
        "start Docker, or point DOCKER_HOST at an engine that runs",
    )


def test_a_cluster_that_refuses_is_a_step_and_the_others_stay(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("auth", "can-i", stdout="no\n")
    whats = [what for what, _ in steps(jvbundler)]
    assert whats[0] == "cluster 'test-cluster': you may not change Deployments in namespace 'acme'"
    assert whats[1:] == [f"create the secrets {KEYS[0]}, {KEYS[1]} and {KEYS[2]}", DEPLOYMENT]


def test_a_cluster_that_cannot_be_asked_later_is_a_step(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("replicasets.apps,pods", stderr=answer_text("unreachable.txt"), code=1)
    assert steps(jvbundler)[0] == ("the cluster could not be asked", "jvbundler doctor support -e dev")


def test_values_that_only_the_user_knows_come_first_in_order(app: Path, tools: Tools, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text("kubernetes: {enabled: true}\nenvironments: {dev: {}, prod: {}}\n")
    whats = [what for what, _ in steps(jvbundler)]
    assert whats == [
        "say where the image is kept",
        "choose the cluster",
        "choose a database that lasts",
        f"create the secrets {KEYS[0]} and {KEYS[1]}",
        DEPLOYMENT,
    ]
    assert tools.calls() == [], "there is nobody to ask yet"


def test_a_database_without_an_address(app: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("replicasets.apps,pods", file="empty-list.json")
    (app / "deploy.yaml").write_text(
        "environment: {JVSPATIAL_DB_TYPE: postgres}\n"
        "kubernetes: {enabled: true, context: c, registry: {url: ghcr.io/acme}}\nenvironments: {dev: {}}\n"
    )
    found = steps(jvbundler, "support")
    assert found[0] == ("say where the database is", "list JVSPATIAL_POSTGRES_DSN under secrets")
    assert found[-1] == (DEPLOYMENT, "jvbundler deploy k8s support --all"), "there is nothing to choose from"


def test_argo_cd_gets_a_commit_in_place_of_a_deployment(app: Path, tools: Tools, jvbundler: Run) -> None:
    text = (app / "deploy.yaml").read_text()
    (app / "deploy.yaml").write_text(
        f"{text}gitops: {{repo_url: https://git.example.com/a/b.git, argocd: {{enabled: true}}}}\n"
    )
    tools.answer("replicasets.apps,pods", file="empty-list.json")
    assert steps(jvbundler) == [
        ("build and push the image", "jvbundler push support -e dev"),
        (
            "commit the output, and push it",
            "git add support/deploy && git commit --message 'Deploy 1.2.3' && git push",
        ),
        (
            "once, in the cluster of the GitOps controller",
            "kubectl apply --filename=support/deploy/gitops/argocd/dev.yaml",
        ),
    ]


def test_who_has_it_pulled_need_not_name_a_cluster(app: Path, tools: Tools, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text(
        "environment: {JVSPATIAL_DB_TYPE: postgres}\nsecrets: [JVSPATIAL_POSTGRES_DSN]\n"
        "kubernetes: {enabled: true, registry: {url: ghcr.io/acme}}\nenvironments: {dev: {}, prod: {}}\n"
        "gitops: {repo_url: https://git.example.com/a/b.git, flux: {enabled: true}}\n"
    )
    whats = [what for what, _ in steps(jvbundler)]
    assert whats[0].startswith("create the secrets ")
    assert whats[1:] == [
        "build and push the image",
        "commit the output, and push it",
        "once, in the cluster of the GitOps controller",
    ]
    assert tools.calls() == [], "it is not known which cluster to ask"


def test_an_app_for_no_platform(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text("app: {name: support}\n")
    told = jvbundler("next", "support")
    assert told.returncode == 1
    assert told.stdout == (
        "default: still to do:\n"
        "  1. choose where it runs\n"
        "     set kubernetes.enabled or lambda.enabled to true in support/deploy.yaml\n"
    )
