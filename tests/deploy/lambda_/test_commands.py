"""Every command about a Lambda stack, with its whole argv."""

from __future__ import annotations

import shlex

import pytest

from jvbundler.deploy.command import Command
from jvbundler.deploy.image.ecr import Repository, ensure_commands
from jvbundler.deploy.lambda_.commands import (
    LambdaStack,
    LogOptions,
    delete_all,
    deploy_stack,
    discard_change_set,
    execute_change_set,
    image_of,
    logs,
    set_image,
)
from jvbundler.values.problem import InputError

URI = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme"
IMAGE = f"{URI}@sha256:{'0' * 64}"
STACK = LambdaStack(
    environment="prod",
    name="acme-prod",
    region="eu-central-1",
    function="acme",
    template="deploy/lambda/prod/template.yaml",
    capability="CAPABILITY_IAM",
    repository=Repository(
        "acme", URI, "eu-central-1", "acme-repository", "deploy/lambda/prod/repository.yaml"
    ),
    health_path="/health",
)
WHERE = "--region eu-central-1 --stack-name acme-prod"


def lines(plan: tuple[Command, ...]) -> list[str]:
    return [shlex.join(command.argv) for command in plan]


def test_the_repository_comes_before_the_image() -> None:
    assert lines(ensure_commands(STACK.repository, None)) == [
        "aws cloudformation deploy --region eu-central-1 --stack-name acme-repository "
        "--template-file deploy/lambda/prod/repository.yaml --no-fail-on-empty-changeset"
    ]


def test_the_stack_is_deployed_by_sam_with_secrets_in_a_file() -> None:
    plan = deploy_stack(STACK, IMAGE, {"SubnetIds": "subnet-1,subnet-2"}, [("TokenSecret", "TOKEN")])
    assert lines(plan) == [
        "sam deploy --template-file deploy/lambda/prod/template.yaml --config-file samconfig.toml "
        f"--config-env prod {WHERE} --image-repository {URI} "
        "--no-confirm-changeset --no-fail-on-empty-changeset --no-progressbar "
        f"--parameter-overrides ImageUri={IMAGE} SubnetIds=subnet-1,subnet-2 'file://{{parameters}}'"
    ]
    assert plan[0].parameter_file == (("TokenSecret", "TOKEN"),)


def test_without_secrets_there_is_no_file() -> None:
    (command,) = deploy_stack(STACK, IMAGE, {}, [], only_change_set=True)
    assert command.argv[-2:] == ("--parameter-overrides", f"ImageUri={IMAGE}")
    assert "--no-execute-changeset" in command.argv


def test_the_change_set_that_was_shown_is_the_one_that_is_carried_out() -> None:
    arn = "arn:aws:cloudformation:eu-central-1:123456789012:changeSet/a/b"
    assert lines(execute_change_set(STACK, arn, is_new=False)) == [
        f"aws cloudformation execute-change-set --region eu-central-1 --change-set-name {arn}",
        f"aws cloudformation wait stack-update-complete {WHERE}",
    ]
    assert lines(discard_change_set(STACK, arn, is_new=False)) == [
        f"aws cloudformation delete-change-set --region eu-central-1 --change-set-name {arn}"
    ]
    # CloudFormation made the shell of a stack for it.
    assert lines(discard_change_set(STACK, arn, is_new=True))[0] == f"aws cloudformation delete-stack {WHERE}"


def test_a_rollback_changes_the_image_alone() -> None:
    assert lines(set_image(STACK, IMAGE, ["ImageUri", "TokenSecret"])) == [
        f"aws cloudformation update-stack {WHERE} --use-previous-template --parameters "
        f"ParameterKey=ImageUri,ParameterValue={IMAGE} ParameterKey=TokenSecret,UsePreviousValue=true "
        "--capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND",
        f"aws cloudformation wait stack-update-complete {WHERE}",
    ]


def test_logs_by_sam() -> None:
    command = logs(STACK, LogOptions("10min ago", follow=True, pattern="ERROR"))
    assert shlex.join(command.argv) == (
        f"sam logs --name Function {WHERE} --start-time '10min ago' --filter ERROR --tail"
    )
    assert command.live


def test_images_stay_unless_they_shall_go() -> None:
    kept = delete_all(STACK, has_stack=True, has_repository=False, has_repository_stack=False)
    assert lines(kept) == [
        f"aws cloudformation delete-stack {WHERE}",
        f"aws cloudformation wait stack-delete-complete {WHERE}",
    ]
    gone = delete_all(STACK, has_stack=False, has_repository=True, has_repository_stack=True)
    assert lines(gone) == [
        "aws ecr delete-repository --region eu-central-1 --repository-name acme --force",
        "aws cloudformation delete-stack --region eu-central-1 --stack-name acme-repository",
        "aws cloudformation wait stack-delete-complete --region eu-central-1 --stack-name acme-repository",
    ]


def test_log_groups_go_after_the_stack_where_they_shall() -> None:
    plan = delete_all(
        STACK,
        has_stack=True,
        has_repository=False,
        has_repository_stack=False,
        log_groups=["/aws/lambda/a/b"],
    )
    assert lines(plan)[2] == (
        "aws logs delete-log-group --region eu-central-1 --log-group-name /aws/lambda/a/b"
    )


@pytest.mark.parametrize("typed", ["1.2.3", f"{URI}:1.2.3"])
def test_an_image_by_tag_or_reference(typed: str) -> None:
    assert image_of(URI, typed) == f"{URI}:1.2.3"


def test_an_image_of_another_repository_is_refused() -> None:
    with pytest.raises(InputError, match="is not an image of"):
        image_of(URI, "ghcr.io/acme/support:1")
