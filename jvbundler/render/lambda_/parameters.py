"""The parameters of the template: the image, what the user has not named yet, and secrets.

None has a default: what is missing is asked for, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from jvbundler.project.model import Environment
from jvbundler.render.lambda_.function import uses_s3
from jvbundler.render.lambda_.names import registry, repository_name, secret_parameters

# `[.]` reads better than a backslash, which double quotes would double.
ANY_REPOSITORY = "[0-9]{12}[.]dkr[.]ecr[.][a-z0-9-]+[.]amazonaws[.]com([.]cn)?/[a-z0-9._/-]+"
TAG_OR_DIGEST = "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})"


class Parameter(NamedTuple):
    name: str
    description: str
    type: str = "String"
    secret: bool = False
    pattern: str = ""
    constraint: str = ""


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
    """A given account is pinned only where its repository is ours: images may come from another account."""
    ours = registry(environment) if environment.settings["lambda"]["ecr"]["create_if_missing"] else ""
    repository = f"{ours}/{repository_name(environment)}"
    return Parameter(
        "ImageUri",
        "Image of the function, by tag or by digest",
        pattern=f"^{repository.replace('.', '[.]') if ours else ANY_REPOSITORY}{TAG_OR_DIGEST}$",
        constraint=f"must be an image of {repository}" if ours else "must be an image in an ECR repository",
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
        for variable, name in secret_parameters(environment.lambda_secrets).items():
            yield Parameter(name, f"Value of {variable}", secret=True)
