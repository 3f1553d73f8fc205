"""samconfig.toml and repository.yaml: what is deployed where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jvbundler.render.lambda_.names import repository_stack_name
from tests.render.lambda_.files import files, parsed, project, toml

DIGEST = "sha256:6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998"


def config(deploy_yaml: str, environment: str = "default") -> dict[str, Any]:
    text = files(deploy_yaml)[f"lambda/{environment}/samconfig.toml"]
    found: dict[str, Any] = toml(text)[environment]["deploy"]["parameters"]
    return found


def repository(deploy_yaml: str) -> dict[str, Any]:
    found: dict[str, Any] = parsed(files(deploy_yaml)["lambda/default/repository.yaml"])["Resources"][
        "Repository"
    ]
    return found


def test_a_section_is_called_like_its_environment() -> None:
    deploy_yaml = "{app: {name: acme}, lambda: {enabled: true, region: eu-west-1}, environments: {prod: {}}}"
    assert toml(files(deploy_yaml)["lambda/prod/samconfig.toml"])["version"] == 0.1
    assert config(deploy_yaml, "prod") == {
        "stack_name": "acme-prod",
        "region": "eu-west-1",
        "capabilities": "CAPABILITY_IAM",
        "confirm_changeset": False,
        "fail_on_empty_changeset": False,
    }


@pytest.mark.parametrize(
    ("iam", "capabilities"),
    [
        ("{}", "CAPABILITY_IAM"),
        ("{role_name: acme}", "CAPABILITY_NAMED_IAM"),
        ("{role_arn: 'arn:aws:iam::123456789012:role/acme'}", None),
    ],
)
def test_the_stack_may_make_only_what_it_makes(iam: str, capabilities: str | None) -> None:
    assert config(f"lambda: {{enabled: true, iam: {iam}}}").get("capabilities") == capabilities


def test_the_image_is_known_once_the_account_is() -> None:
    deploy_yaml = "{app: {name: acme, version: 1.2.3}, lambda: {enabled: true, account_id: 123456789012}}"
    repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/acme"
    assert config(deploy_yaml)["image_repository"] == repository
    assert config(deploy_yaml)["parameter_overrides"] == [f"ImageUri={repository}:1.2.3"]


def test_a_digest_is_better_than_a_tag() -> None:
    deploy_yaml = f"""
image: {{digest: "{DIGEST}"}}
lambda:
  enabled: true
  account_id: 123456789012
  region: cn-north-1
  ecr: {{repository_name: acme/support}}
"""
    uri = f"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/acme/support@{DIGEST}"
    assert config(deploy_yaml)["parameter_overrides"] == [f"ImageUri={uri}"]


def test_no_secret_is_in_it() -> None:
    text = files("{secrets: [OPENAI_API_KEY], lambda: {enabled: true}}")["lambda/default/samconfig.toml"]
    assert "Openai" not in text
    assert "OPENAI" not in text


def test_a_template_that_is_too_large_to_be_sent_goes_through_a_bucket() -> None:
    assert "resolve_s3" not in config("lambda: {enabled: true}")
    large = ", ".join(
        f"{{Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::{i:0>60}'}}" for i in range(400)
    )
    assert config(f"lambda: {{enabled: true, iam: {{statements: [{large}]}}}}")["resolve_s3"] is True


def test_the_repository() -> None:
    found = repository("""
lambda:
  enabled: true
  ecr: {repository_name: acme/support, keep_images: 10, immutable_tags: false, scan_on_push: false}
  tags: {team: support}
""")
    assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = found["Properties"]
    assert properties["RepositoryName"] == "acme/support"
    assert properties["ImageTagMutability"] == "MUTABLE"
    assert properties["ImageScanningConfiguration"] == {"ScanOnPush": False}
    assert properties["EncryptionConfiguration"] == {"EncryptionType": "AES256"}
    assert properties["Tags"] == [{"Key": "team", "Value": "support"}]


def test_the_lifecycle_policy_keeps_the_newest_images() -> None:
    """cfn-lint does not look into it."""
    properties = repository("lambda: {enabled: true, ecr: {keep_images: 10}}")["Properties"]
    untagged, newest = json.loads(properties["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert untagged["selection"]["tagStatus"] == "untagged"
    assert newest["selection"] == {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10}
    # ECR wants the rule for any image to come last.
    assert untagged["rulePriority"] < newest["rulePriority"]


def test_a_key_encrypts_the_images() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    properties = repository(f"lambda: {{enabled: true, ecr: {{kms_key_arn: '{key}'}}}}")["Properties"]
    assert properties["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": key}


def test_environments_that_share_a_repository_share_its_stack() -> None:
    built = project("""
lambda: {enabled: true, ecr: {repository_name: 1acme/support.app}}
environments: {dev: {}, prod: {}}
""")
    assert {repository_stack_name(e) for e in built.environments} == {"ecr-1acme-support-app-repository"}
