"""The parameters of the template: the image, what the user has not named yet, and secrets.

What is missing is asked for, never guessed: only an optional secret has a default, an empty text. The
settings of the `sam` commands are in samconfig.toml; it is committed, so it must never hold a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jvbundler.project.model import Environment
from jvbundler.render.lambda_.function import uses_s3
from jvbundler.render.lambda_.names import (
    image_uri,
    repository_uri,
    secret_parameters,
)
from jvbundler.render.text.escaping import Verbatim, toml_value

# `[.]` reads better than a backslash, which double quotes would double.
ANY_REPOSITORY = "[0-9]{12}[.]dkr[.]ecr[.][a-z0-9-]+[.]amazonaws[.]com([.]cn)?/[a-z0-9._/-]+"
TAG_OR_DIGEST = "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})"
# CloudFormation takes a larger template only from a bucket.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_TEMPLATE_BODY = 51_200
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_BARE_WORD = re.compile(r"[A-Za-z0-9_./:@+-]+\Z")


class Parameter(NamedTuple):
    name: str
    description: str
    type: str = "String"
    secret: bool = False
    pattern: str = ""
    constraint: str = ""
    optional: bool = False


def parameters(environment: Environment, variables: Mapping[str, str]) -> tuple[Parameter, ...]:
    return (
        image(environment),
        *network(environment),
        *file_system(environment),
        *custom_domain(environment),
        *storage(variables),
        *secrets(environment),
    )


def image(environment: Environment) -> Parameter:
    """A given account is pinned only if its repository is ours: images may come from another account."""
    is_ours = environment.settings["lambda"]["ecr"]["create_if_missing"]
    ours = repository_uri(environment) if is_ours else ""
    return Parameter(
        "ImageUri",
        "Image of the function, by tag or by digest",
        pattern=f"^{ours.replace('.', '[.]') if ours else ANY_REPOSITORY}{TAG_OR_DIGEST}$",
        constraint=f"must be an image of {ours}" if ours else "must be an image in an ECR repository",
    )


def network(environment: Environment) -> Iterator[Parameter]:
    vpc = environment.settings["lambda"]["vpc"]
    if not vpc["enabled"]:
        return
    if not vpc["subnet_ids"]:
        yield Parameter(
            "SubnetIds",
            "Private subnets that the function runs in, at least two",
            "List<AWS::EC2::Subnet::Id>",
        )
    if not vpc["security_group_ids"]:
        yield Parameter(
            "SecurityGroupIds", "Security groups of the function", "List<AWS::EC2::SecurityGroup::Id>"
        )


def file_system(environment: Environment) -> Iterator[Parameter]:
    efs = environment.settings["lambda"]["efs"]
    if efs["enabled"] and not efs["access_point_arn"] and not efs["file_system_id"]:
        yield Parameter(
            "FileSystemId",
            "EFS file system, with a mount target in every subnet of the function",
            pattern="^fs-[0-9a-f]{8,40}$",
            constraint="must be the id of an EFS file system",
        )


def custom_domain(environment: Environment) -> Iterator[Parameter]:
    api = environment.settings["lambda"]["api_gateway"]
    domain = api["custom_domain"]
    if not api["enabled"] or not domain["enabled"]:
        return
    if not domain["domain_name"]:
        yield Parameter("DomainName", "Domain at which the API answers, such as api.example.com")
    if not domain["certificate_arn"]:
        edge = api["type"] == "REST" and api["endpoint_type"] == "EDGE"
        yield Parameter(
            "CertificateArn",
            f"Certificate of the domain, in {'us-east-1' if edge else 'the region of this stack'}",
            pattern="^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+$",
            constraint="must be the ARN of a certificate in AWS Certificate Manager",
        )


def storage(variables: Mapping[str, str]) -> Iterator[Parameter]:
    if uses_s3(variables) and "JVSPATIAL_S3_BUCKET_NAME" not in variables:
        yield Parameter("FilesBucketName", "S3 bucket in which the app keeps files")


def secrets(environment: Environment) -> Iterator[Parameter]:
    if environment.settings["lambda"]["secrets"]["source"] == "parameter":
        optional = {secret.name for secret in environment.lambda_secrets if secret.optional}
        for variable, name in secret_parameters(environment.lambda_secrets).items():
            yield Parameter(name, f"Value of {variable}", secret=True, optional=variable in optional)


def samconfig(environment: Environment, template_bytes: int) -> dict[str, Any]:
    settings = environment.settings["lambda"]
    image = image_uri(environment)
    return {
        "section": Verbatim(toml_key(environment.name)),
        "stack_name": environment.stack_name,
        "region": settings["region"],
        "capabilities": capability(environment),
        "resolve_s3": template_bytes > MAX_TEMPLATE_BODY,
        "image_repository": repository_uri(environment),
        "parameter_overrides": [f"ImageUri={image}"] if image else [],
        "tags": [pair(key, value) for key, value in settings["tags"].items()],
    }


def capability(environment: Environment) -> str:
    """The capability that the stack needs; empty if it creates no role."""
    iam = environment.settings["lambda"]["iam"]
    if iam["role_arn"] and not environment.settings["proactive_ticks"]:
        return ""
    return "CAPABILITY_NAMED_IAM" if iam["role_name"] else "CAPABILITY_IAM"


def toml_key(text: str) -> str:
    return text if _BARE_KEY.match(text) else toml_value(text)


def pair(key: str, value: str) -> str:
    """A tag as sam reads it: `key=value`, each quoted where it is more than a word.

    sam first splits at spaces, ignoring quotes, and accepts that if each part has one `=`. A leading space
    makes an empty part, and then it respects the quotes (samcli/cli/types.py, CfnTags).
    """
    text = f"{word(key)}={word(value)}"
    return f" {text}" if " " in text and text.count("=") > 1 else text


def word(text: str) -> str:
    return text if _BARE_WORD.match(text) else '"' + text.replace('"', '\\"') + '"'
