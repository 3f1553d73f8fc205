"""What an operation shows is what it runs: the same commands in the same order, the same names deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Event, Execution
from jvbundler.deploy.image.commands import ImageOptions
from jvbundler.deploy.image.push import ImageSteps
from jvbundler.deploy.kubernetes import deploy as kubernetes_deploy
from jvbundler.deploy.kubernetes import destroy as kubernetes_destroy
from jvbundler.deploy.kubernetes import rollback as kubernetes_rollback
from jvbundler.deploy.kubernetes.workload import workload_of
from jvbundler.deploy.lambda_ import deploy as lambda_deploy
from jvbundler.deploy.lambda_ import destroy as lambda_destroy
from jvbundler.deploy.lambda_ import rollback as lambda_rollback
from jvbundler.deploy.operation import Declined, Operation, Session, shown
from jvbundler.deploy.release import Release, load_release
from jvbundler.pipeline.request import Options
from jvbundler.values.problem import ToolFailed
from tests.deploy.conftest import HEALTHY, Tools, answer_text, environment

ALL = ImageSteps(build=True, push=True, options=ImageOptions())
PUSHED = "sha256:" + "cd" * 32
FOR_LAMBDA = "sha256:" + "ef" * 32
SECRETS = dict.fromkeys(
    ("JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY", "OPENAI_API_KEY"), "correct horse"
)
ON_LAMBDA = """
lambda:
  enabled: true
  region: eu-central-1
  account_id: "123456789012"
"""
STACK = {
    "StackStatus": "UPDATE_COMPLETE",
    "Parameters": [{"ParameterKey": "ImageUri"}, {"ParameterKey": "OpenaiApiKeySecret"}],
}
IMAGES = [
    {"imageDigest": f"sha256:{c * 64}", "imagePushedAt": f"2026-01-0{n}"} for n, c in ((2, "b"), (1, "a"))
]
AWS = [
    {"has": ["--version"], "stdout": "aws-cli/2.27.0 SAM CLI, version 1.170.0\n"},
    {"has": ["get-caller-identity"], "stdout": '{"Account": "123456789012"}'},
    {"has": ["describe-stacks"], "stdout": json.dumps({"Stacks": [STACK]})},
    {"has": ["describe-repositories"], "stdout": '{"repositories": []}'},
    {"has": ["describe-images"], "stdout": json.dumps({"imageDetails": IMAGES})},
    {"has": ["get-function"], "stdout": json.dumps({"Code": {"ResolvedImageUri": f"x@sha256:{'b' * 64}"}})},
    {"has": ["get-login-password"], "stdout": "token"},
    {
        "has": ["list-stack-resources"],
        "stdout": json.dumps(
            {
                "StackResourceSummaries": [
                    {
                        "ResourceType": "AWS::Lambda::Function",
                        "PhysicalResourceId": "f",
                        "LogicalResourceId": "F",
                    }
                ]
            }
        ),
    },
    {
        "has": ["describe-log-groups", "/aws/lambda/"],
        "stdout": '{"logGroups": [{"logGroupName": "/aws/lambda/acme-support-dev/1"}]}',
    },
    {"has": ["describe-log-groups"], "stdout": '{"logGroups": []}'},
]


class Seen(NamedTuple):
    """What was confirmed, each with how many calls had been made by then."""

    operations: list[Operation]
    calls: list[int]


@pytest.fixture
def seen() -> Seen:
    return Seen([], [])


@pytest.fixture
def release(app: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.chdir(app.parent)
    (app / "deploy.yaml").write_text((app / "deploy.yaml").read_text() + ON_LAMBDA)
    return loaded(app, "kubernetes")


def loaded(app: Path, target: str) -> Release:
    return load_release(app, "support", Options({}), targets=(target,), environment="dev")  # type: ignore[arg-type]


@pytest.fixture
def session(tools: Tools, tmp_path: Path, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> Session:
    tools.put("aws", "sam")
    tools.answer("--selector=app.kubernetes.io/managed-by", file="owned.json")
    environ = {**environment(tools, tmp_path, **SECRETS), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    # doctor looks for tools where we would find them.
    monkeypatch.setenv("PATH", environ["PATH"])

    def confirm(operation: Operation) -> None:
        seen.operations.append(operation)
        seen.calls.append(len(tools.calls()))

    def hear(event: Event) -> None:
        pass

    return Session(Execution(environ, hear), lambda line: None, confirm)


Verb = Callable[[Release, Session], object]
VERBS: dict[str, tuple[str, Verb]] = {
    "deploy k8s": (
        "kubernetes",
        lambda release, session: kubernetes_deploy.deploy(
            release, workload_of(release), kubernetes_deploy.DeployOptions(delete_data=True), session
        ),
    ),
    "deploy k8s --all": (
        "kubernetes",
        lambda release, session: kubernetes_deploy.deploy(
            release, workload_of(release), kubernetes_deploy.DeployOptions(image=ALL), session
        ),
    ),
    "rollback k8s": (
        "kubernetes",
        lambda release, session: kubernetes_rollback.rollback(
            release, workload_of(release), session, wanted="", force=False
        ),
    ),
    "destroy k8s": (
        "kubernetes",
        lambda release, session: kubernetes_destroy.destroy(
            release, workload_of(release), session, delete_data=True, force=False
        ),
    ),
    "deploy lambda": (
        "lambda",
        lambda release, session: lambda_deploy.deploy(
            release, lambda_deploy.DeployOptions(health_seconds=0), session
        ),
    ),
    "deploy lambda --all": (
        "lambda",
        lambda release, session: lambda_deploy.deploy(
            release, lambda_deploy.DeployOptions(image=ALL, health_seconds=0), session
        ),
    ),
    "rollback lambda": (
        "lambda",
        lambda release, session: lambda_rollback.rollback(
            release, lambda_rollback.RollbackOptions(), session
        ),
    ),
    "destroy lambda": (
        "lambda",
        lambda release, session: lambda_destroy.destroy(
            release, lambda_destroy.DestroyOptions(delete_images=True, delete_logs=True), session
        ),
    ),
}


def answers(tools: Tools) -> None:
    """The answers of AWS come first: words of docker's and kubectl's calls fit some of them."""
    (tools.folder / "answers.json").write_text(json.dumps([*tools.answers, *AWS, *HEALTHY]))


def argv_of(command: Command) -> list[list[str]]:
    """The calls that a command makes, with what only its run knows filled in."""
    before = argv_of(command.stdin_of) if command.stdin_of else []
    words = list(command.with_digests({"DIGEST": PUSHED, "DIGEST_FOR_LAMBDA": FOR_LAMBDA}).argv)
    return [*before, [re.sub(r"\{(parameters|output)\}", "FILE", word) for word in words]]


def calls_after(tools: Tools, number: int) -> list[list[str]]:
    """The calls after the question, without the names of files that each run has anew."""
    file = re.compile(r"(?:/[\w.-]+)*/jvbundler[\w/.-]*\.(?:yaml|json)")
    return [[file.sub("FILE", word) for word in call["argv"]] for call in tools.calls()[number:]]


def is_read(argv: list[str]) -> bool:
    return argv[0] == "aws" and argv[2].startswith(("describe-", "get-")) and argv[2] != "get-login-password"


@pytest.mark.parametrize("name", VERBS)
def test_what_was_confirmed_is_what_runs(
    release: Release, tools: Tools, session: Session, seen: Seen, name: str
) -> None:
    target, verb = VERBS[name]
    answers(tools)
    verb(loaded(release.app_root, target), session)
    (operation,), (number,) = seen
    confirmed = [
        argv
        for command in operation.commands
        if command.role not in ("render", "note")
        for argv in argv_of(command)
    ]
    ran = calls_after(tools, number)
    assert ran[: len(confirmed)] == confirmed
    # Only what there is afterwards is read.
    assert all(map(is_read, ran[len(confirmed) :]))
    assert not any(map(is_read, confirmed))
    # Before, nothing was changed.
    changing = {"apply", "delete", "rollout", "deploy", "delete-stack", "update-stack", "build"}
    assert not [call["argv"] for call in tools.calls()[:number] if changing & set(call["argv"])]
    if name.endswith("k8s"):
        deleted = [word for argv in ran if "delete" in argv for word in argv[argv.index("delete") + 2 :]]
        assert sorted(deleted) == sorted(operation.goes)
        assert ("persistentvolumeclaim/old-data" in deleted) == (name != "rollback k8s")


def test_steps_of_our_own_are_part_of_the_operation(
    release: Release, tools: Tools, session: Session, seen: Seen
) -> None:
    answers(tools)
    VERBS["deploy k8s --all"][1](release, session)
    script = shown(*seen.operations)
    assert "# nothing is rendered yet\njvbundler render support --output support/deploy\n" in script
    keys = "kubernetes.registry.digest and lambda.ecr.digest"
    assert f"# record the digest as {keys} in deploy.yaml, and render\njvbundler render" in script
    manifest = release.app_root / "deploy/kubernetes/rendered/dev/manifest.yaml"
    assert f"@{PUSHED}" in manifest.read_text()


@pytest.mark.parametrize("name", VERBS)
def test_after_a_no_nothing_was_changed(release: Release, tools: Tools, session: Session, name: str) -> None:
    def decline(operation: Operation) -> None:
        raise Declined

    target, verb = VERBS[name]
    answers(tools)
    with pytest.raises(Declined):
        verb(loaded(release.app_root, target), session._replace(confirm=decline))
    words = {word for call in tools.calls() for word in call["argv"]}
    assert not words & {
        "apply",
        "delete",
        "rollout",
        "deploy",
        "delete-stack",
        "update-stack",
        "buildx build",
    }
    assert not (release.app_root / "deploy").exists()


def test_the_way_back_was_shown_too(release: Release, tools: Tools, session: Session, seen: Seen) -> None:
    tools.answer("rollout", "status", stderr=answer_text("timeout.txt"), code=1, times=1)
    answers(tools)
    options = kubernetes_deploy.DeployOptions(rollback_on_failure=True)
    with pytest.raises(ToolFailed, match="revision 4 runs again"):
        kubernetes_deploy.deploy(release, workload_of(release), options, session)
    (operation,), _ = seen
    way_back = [argv for command in operation.on_failure for argv in argv_of(command)]
    assert calls_after(tools, -len(way_back)) == way_back
    commented = shown(operation).partition("# only if the new pods do not become ready:\n")[2]
    assert "kubectl --context test-cluster --namespace acme rollout undo" in commented
    assert all(line.startswith("#") for line in commented.splitlines())


def test_with_a_diff_what_comes_before_it_is_confirmed_by_itself(
    release: Release, tools: Tools, session: Session, seen: Seen
) -> None:
    tools.answer("diff", stdout="-  replicas: 1\n+  replicas: 2\n", code=1)
    answers(tools)
    options = kubernetes_deploy.DeployOptions(image=ALL, diff=True)
    shown_before = kubernetes_deploy.dry_run(release, workload_of(release), options)
    kubernetes_deploy.deploy(release, workload_of(release), options, session)
    # What a dry run cannot know is what the manifest no longer has.
    confirmed = [[str(c) for c in o.commands if "delete" not in c.argv] for o in seen.operations]
    assert confirmed == [[str(c) for c in o.commands] for o in shown_before]
    assert "push" in [c.role for c in seen.operations[0].commands]
    assert [o.question for o in seen.operations] == ["", "deploy this"]
    between = calls_after(tools, 0)[: seen.calls[1]]
    assert "diff" in between[-1]


def test_the_dry_run_of_a_change_set_shows_how_it_is_carried_out(release: Release) -> None:
    options = lambda_deploy.DeployOptions(diff=True)
    text = shown(*lambda_deploy.dry_run(loaded(release.app_root, "lambda"), options))
    assert "--no-execute-changeset" in text
    assert "aws cloudformation execute-change-set --region eu-central-1 --change-set-name CHANGE-SET" in text
