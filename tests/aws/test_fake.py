"""The fake AWS fails where AWS fails; the false greens of stock moto do not come back."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.aws.account import REGION, REGISTRY, Account

SAMPLE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  ImageUri: {Type: String, AllowedPattern: "^[0-9]+[.]dkr[.].*$", ConstraintDescription: must be an image}
  TokenSecret: {Type: String, NoEcho: true}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: NAME
      PackageType: Image
      ImageUri: !Ref ImageUri
      Role: !GetAtt Role.Arn
      AutoPublishAlias: live
      AutoPublishAliasAllProperties: true
      Environment: {Variables: {TOKEN: !Ref TokenSecret}}
      Events: {Api: {Type: HttpApi}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
Outputs:
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/"}
"""


def sam_deploy(
    aws: Account, folder: Path, stack: str, *parameters: str, template: str = SAMPLE
) -> subprocess.CompletedProcess[str]:
    (folder / "template.yaml").write_text(template.replace("NAME", stack))
    return subprocess.run(
        ["sam", "deploy", "-t", "template.yaml", "--stack-name", stack, "--region", REGION,
         "--no-fail-on-empty-changeset", "--no-progressbar", "--capabilities", "CAPABILITY_IAM",
         "--image-repository", f"{REGISTRY}/{stack}", "--parameter-overrides", *parameters],
        cwd=folder, env=aws.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def repository(aws: Account, request: pytest.FixtureRequest) -> str:
    name: str = request.node.name.replace("_", "-")[:40]
    aws.api("ecr").create_repository(repositoryName=name)
    return name


def test_sam_makes_what_the_template_says_and_an_update_changes_it(
    aws: Account, tmp_path: Path, repository: str
) -> None:
    for tag in ("1", "2"):
        aws.push(repository, tag)
    first, second, missing = (f"ImageUri={REGISTRY}/{repository}:{tag}" for tag in ("1", "2", "9"))
    lambda_, cloudformation = aws.api("lambda"), aws.api("cloudformation")

    done = sam_deploy(aws, tmp_path, repository, first, "TokenSecret=one")
    assert done.returncode == 0, done.stdout + done.stderr
    function = lambda_.get_function(FunctionName=repository)
    assert function["Code"]["ImageUri"].endswith(":1")
    assert function["Configuration"]["Environment"]["Variables"] == {"TOKEN": "one"}
    assert lambda_.get_alias(FunctionName=repository, Name="live")["FunctionVersion"] == "1"

    # A parameter that is not given keeps its value; the same values are no change, and no failure.
    for parameters in ([second], [second]):
        done = sam_deploy(aws, tmp_path, repository, *parameters)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes to deploy" in done.stdout + done.stderr
    function = lambda_.get_function(FunctionName=repository)
    assert function["Code"]["ImageUri"].endswith(":2")
    assert function["Configuration"]["Environment"]["Variables"] == {"TOKEN": "one"}
    assert lambda_.get_alias(FunctionName=repository, Name="live")["FunctionVersion"] == "2"
    shown = cloudformation.describe_stacks(StackName=repository)["Stacks"][0]["Parameters"]
    assert {"ParameterKey": "TokenSecret", "ParameterValue": "****"} in shown

    assert sam_deploy(aws, tmp_path, repository, missing, "TokenSecret=two").returncode == 1
    stack = cloudformation.describe_stacks(StackName=repository)["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    function = lambda_.get_function(FunctionName=repository)
    assert function["Configuration"]["Environment"]["Variables"] == {"TOKEN": "one"}


def test_a_first_deployment_that_fails_leaves_nothing_behind(
    aws: Account, tmp_path: Path, repository: str
) -> None:
    done = sam_deploy(aws, tmp_path, repository, f"ImageUri={REGISTRY}/{repository}:9", "TokenSecret=one")
    assert done.returncode == 1
    stack = aws.api("cloudformation").describe_stacks(StackName=repository)["Stacks"][0]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    names = [role["RoleName"] for role in aws.api("iam").list_roles()["Roles"]]
    assert not [name for name in names if name.startswith(repository)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("AWS::IAM::Role", "AWS::IAM::Rule", "Unrecognized resource types"),
        ("AutoPublishAlias: live", "Timeut: 3", "Transform AWS::Serverless-2016-10-31 failed"),
        (
            "AssumeRolePolicyDocument:",
            "RoleName: mine\n      AssumeRolePolicyDocument:",
            "CAPABILITY_NAMED_IAM",
        ),
        ("^[0-9]+", "^[a-z]+", "must be an image"),
        ("NoEcho: true}", "NoEcho: true}\n  Other: {Type: String}", "[Other] must have values"),
    ],
)
def test_what_cloudformation_refuses_is_refused(aws: Account, before: str, after: str, said: str) -> None:
    values = {"ImageUri": f"{REGISTRY}/a:1", "TokenSecret": "one"}
    with pytest.raises(Exception, match=re.escape(said)):
        aws.api("cloudformation").create_change_set(
            StackName="refused",
            ChangeSetName="first",
            ChangeSetType="CREATE",
            TemplateBody=SAMPLE.replace(before, after),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
