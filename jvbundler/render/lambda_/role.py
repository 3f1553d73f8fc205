"""The function's role: the permissions that this configuration needs and no more, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jvbundler.project.model import Environment, Secret
from jvbundler.render.lambda_.function import dynamodb_tables, uses_s3
from jvbundler.render.lambda_.intrinsics import PARTITION, REGION, Variable, arn, get_att, sub

# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
NETWORK_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
# The calls of jvspatial/db/dynamodb.py: it creates its tables and their indexes itself.
TABLE_ACTIONS = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:CreateTable",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateTable",
)


class Statement(NamedTuple):
    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, str]] | None = None


def role(environment: Environment, variables: Mapping[str, str]) -> dict[str, Any] | None:
    """None where the user brings a role: its permissions are then theirs."""
    settings = environment.settings["lambda"]
    iam = settings["iam"]
    if iam["role_arn"]:
        return None
    return {
        "name": iam["role_name"],
        "permissions_boundary": iam["permissions_boundary"],
        "managed_policies": iam["policies"],
        "statements": tuple(statements(environment, variables)),
        "further_statements": iam["statements"],
    }


def statements(environment: Environment, variables: Mapping[str, str]) -> Iterator[Statement]:
    settings = environment.settings["lambda"]
    yield Statement(
        "Its own log group, which this template makes; so it need not make one.",
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        (get_att("LogGroup.Arn"),),
    )
    if settings["vpc"]["enabled"]:
        yield Statement(
            "Lambda attaches the function to the subnets; these actions have no narrower resource.",
            NETWORK_ACTIONS,
            ("*",),
        )
    if settings["efs"]["enabled"]:
        yield mount(environment)
    if settings["tracing"]:
        yield Statement(
            "AWS X-Ray knows no narrower resource.",
            ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
            ("*",),
        )
    if settings["deferred_tasks"]:
        yield Statement(
            "jvspatial's deferred tasks: the function invokes itself. By name, as !GetAtt would be circular.",
            ("lambda:InvokeFunction",),
            (arn(environment, "lambda", f"function:{environment.function_name}"),),
        )
    yield from storage(environment, variables)
    yield from encryption(environment)


def mount(environment: Environment) -> Statement:
    efs = environment.settings["lambda"]["efs"]
    given = efs["access_point_arn"]
    # An access point given without its file system may be on any; the condition still restricts it.
    file_system = efs["file_system_id"] or ("*" if given else Variable("FileSystemId"))
    return Statement(
        "The file system, through its access point only.",
        ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"),
        (arn(environment, "elasticfilesystem", "file-system/", file_system),),
        {"StringEquals": {"elasticfilesystem:AccessPointArn": given or get_att("AccessPoint.Arn")}},
    )


def storage(environment: Environment, variables: Mapping[str, str]) -> Iterator[Statement]:
    resources: list[str] = []
    for region_variable, prefix in dynamodb_tables(variables).items():
        region = variables.get(region_variable) or variables.get("JVSPATIAL_DYNAMODB_REGION")
        table = f"table/{prefix}_*"
        resources += [
            arn(environment, "dynamodb", f"{table}{end}", region=region or REGION) for end in ("", "/index/*")
        ]
    if resources:
        yield Statement(
            "The app's tables in DynamoDB, which it makes itself.", TABLE_ACTIONS, tuple(resources)
        )
    if uses_s3(variables):
        yield from bucket(variables.get("JVSPATIAL_S3_BUCKET_NAME", ""))


def bucket(name: str) -> Iterator[Statement]:
    of = ("arn:", PARTITION, ":s3:::", name or Variable("FilesBucketName"))
    yield Statement(
        "The app's files in S3.",
        ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
        (sub(*of, "/*"),),
    )
    yield Statement(
        "Lists files, and tells a missing one from a forbidden one.", ("s3:ListBucket",), (sub(*of),)
    )


def encryption(environment: Environment) -> Iterator[Statement]:
    settings = environment.settings["lambda"]
    if settings["kms_key_arn"]:
        yield Statement(
            "Decrypts the function's environment variables.", ("kms:Decrypt",), (settings["kms_key_arn"],)
        )
    if settings["secrets"]["source"] == "arn" and environment.lambda_secrets:
        arns = dict.fromkeys(secret_resource(environment, item) for item in environment.lambda_secrets)
        yield Statement(
            "The secrets that the app fetches itself.", ("secretsmanager:GetSecretValue",), tuple(arns)
        )


def secret_resource(environment: Environment, item: Secret) -> str:
    """Secrets Manager appends a hyphen and six characters to a name to make its ARN."""
    if item.lambda_secret_id.startswith("arn:"):
        return item.lambda_secret_id
    return arn(environment, "secretsmanager", f"secret:{item.lambda_secret_id}-??????")
