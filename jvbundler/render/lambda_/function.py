"""The function itself: its environment variables, its EFS file system, its alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.project.model import Environment, Secret
from jvbundler.render.lambda_.intrinsics import (
    Variable,
    arn,
    dynamic_reference,
    dynamic_text,
    get_att,
    ref,
    ref_if,
    sub,
)
from jvbundler.render.lambda_.names import (
    ALIAS,
    UNNAMED_HTTP_STAGE,
    has_value,
    secret_parameters,
    stage_name,
)
from jvbundler.render.text.escaping import Verbatim
from jvbundler.render.text.yaml_text import scalar
from jvbundler.source.interpolate import SecretName

if TYPE_CHECKING:
    from jvbundler.app.model import App

ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}
# Lambda refuses a longer description; that of app.yaml has no limit.
MAX_DESCRIPTION = 256


def app_variables(app: App, environment: Environment) -> dict[str, str]:
    """What the app sees as its settings: deploy.yaml over app.yaml. Secrets are not among them."""
    return {**dict(app.configured), **environment.lambda_variables}


def function(environment: Environment, variables: Mapping[str, str]) -> dict[str, Any]:
    settings = environment.settings["lambda"]
    described = settings["function"]["description"] or environment.description
    rendered = function_variables(environment, variables)
    return {
        "name": environment.function_name,
        "description": described[:MAX_DESCRIPTION],
        "architecture": architecture(environment),
        "memory": settings["function"]["memory"],
        "timeout": settings["function"]["timeout"],
        "ephemeral_storage": settings["function"]["ephemeral_storage"],
        "role": settings["iam"]["role_arn"] or get_att("Role.Arn"),
        "variables": rendered,
        "init_goes_on": rendered.get("AWS_LWA_ASYNC_INIT") == "true",
        # Such a value is literal; the linter takes it for a forgotten !Sub.
        "literal_dollar": any("${" in str(value) for value in rendered.values()),
        "kms_key_arn": settings["kms_key_arn"],
        "log_format": settings["logs"]["format"],
        "tracing": settings["tracing"],
        "vpc": vpc(environment),
        "reserved_concurrency": settings["reserved_concurrency"],
        "provisioned_concurrency": settings["provisioned_concurrency"],
        "alias": ALIAS,
    }


def architecture(environment: Environment) -> str:
    return ARCHITECTURES[environment.function_architecture]


def vpc(environment: Environment) -> dict[str, Any] | None:
    settings = environment.settings["lambda"]["vpc"]
    if not settings["enabled"]:
        return None
    return {
        "security_group_ids": settings["security_group_ids"] or ref("SecurityGroupIds"),
        "subnet_ids": settings["subnet_ids"] or ref("SubnetIds"),
    }


def function_variables(environment: Environment, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of the function by name. Those of deploy.yaml win over what is derived here."""
    derived = {
        **adapter_variables(environment, variables),
        **aws_variables(environment, variables),
        **cors_variables(environment),
    }
    texts = {name: composed(environment, parts) for name, parts in environment.lambda_composed.items()}
    written = {**derived, **environment.lambda_variables, **secret_variables(environment), **texts}
    return dict(sorted(written.items()))


def adapter_variables(environment: Environment, variables: Mapping[str, str]) -> dict[str, str]:
    """What the Lambda Web Adapter must know beyond the settings of the image."""
    settings = environment.settings["lambda"]
    found: dict[str, str] = {}
    if settings["invoke_mode"] == "response_stream":
        found["AWS_LWA_INVOKE_MODE"] = "response_stream"
    if settings["async_init"]:
        found["AWS_LWA_ASYNC_INIT"] = "true"
    prefix = api_path_prefix(environment)
    if prefix:
        found["AWS_LWA_REMOVE_BASE_PATH"] = prefix
    if not settings["deferred_tasks"]:
        # jvspatial then neither serves the internal route nor invokes the function (serverless/factory.py:
        # a provider that it does not know makes it log the task instead).
        found["JVSPATIAL_DEFERRED_INVOKE_DISABLED"] = "true"
        found["JVSPATIAL_DEFERRED_TASK_PROVIDER"] = "none"
    elif "JVSPATIAL_API_PREFIX" in variables:
        prefix = variables["JVSPATIAL_API_PREFIX"].strip().rstrip("/")
        found["AWS_LWA_PASS_THROUGH_PATH"] = f"{prefix}/_internal/deferred"
    return found


def api_path_prefix(environment: Environment) -> str:
    """What API Gateway leaves before the path that the app knows.

    A REST API keeps the base path of its domain. An HTTP API drops it and keeps its stage's name.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    api = environment.settings["lambda"]["api_gateway"]
    if not api["enabled"]:
        return ""
    if api["type"] == "REST":
        base_path = api["custom_domain"]["base_path"] if api["custom_domain"]["enabled"] else ""
        return f"/{base_path}" if base_path else ""
    stage = stage_name(environment)
    return "" if stage == UNNAMED_HTTP_STAGE else f"/{stage}"


def aws_variables(environment: Environment, variables: Mapping[str, str]) -> dict[str, str]:
    """jvspatial uses us-east-1 for its tables and its bucket unless these are set."""
    found: dict[str, str] = {}
    if dynamodb_tables(variables) and "JVSPATIAL_DYNAMODB_REGION" not in variables:
        found["JVSPATIAL_DYNAMODB_REGION"] = ref("AWS::Region")
    if uses_s3(variables):
        if "JVSPATIAL_S3_REGION" not in variables:
            found["JVSPATIAL_S3_REGION"] = ref("AWS::Region")
        if "JVSPATIAL_S3_BUCKET_NAME" not in variables:
            found["JVSPATIAL_S3_BUCKET_NAME"] = ref("FilesBucketName")
    return found


def cors_variables(environment: Environment) -> dict[str, str]:
    """Behind a REST API, the app itself sends CORS headers: the gateway only answers preflight requests."""
    api = environment.settings["lambda"]["api_gateway"]
    cors = api["cors"]
    if not api["enabled"] or api["type"] != "REST" or not cors["enabled"]:
        return {}
    return {
        "JVSPATIAL_CORS_ORIGINS": ",".join(cors["allow_origins"]),
        "JVSPATIAL_CORS_METHODS": ",".join(cors["allow_methods"]),
        "JVSPATIAL_CORS_HEADERS": ",".join(cors["allow_headers"]),
    }


def secret_variables(environment: Environment) -> dict[str, str]:
    """References to the secrets' values, or to the secrets where the app is to fetch them."""
    source = environment.settings["lambda"]["secrets"]["source"]
    secrets = environment.lambda_secrets
    if source == "parameter":
        optional = {secret.name for secret in secrets if secret.optional}
        return {
            name: ref_if(has_value(parameter), parameter) if name in optional else ref(parameter)
            for name, parameter in secret_parameters(secrets).items()
        }
    if source == "arn":
        return {f"{item.name}_SECRET_ARN": secret_arn(environment, item) for item in secrets}
    return {item.name: dynamic_reference(item.lambda_secret_id, item.lambda_json_key) for item in secrets}


def composed(environment: Environment, parts: Iterable[str]) -> str:
    """A text into which CloudFormation puts the values of secrets when it deploys."""
    secrets = {item.name: item for item in environment.lambda_secrets}
    if environment.settings["lambda"]["secrets"]["source"] == "parameter":
        names = secret_parameters(environment.lambda_secrets)
        return sub(*(Variable(names[part]) if isinstance(part, SecretName) else part for part in parts))
    texts = (
        dynamic_text(secrets[part].lambda_secret_id, secrets[part].lambda_json_key)
        if isinstance(part, SecretName)
        else part
        for part in parts
    )
    return Verbatim(scalar("".join(texts)))


def secret_arn(environment: Environment, item: Secret) -> str:
    """Secrets Manager takes an ARN without the six characters that it adds to a name."""
    if item.lambda_secret_id.startswith("arn:"):
        return item.lambda_secret_id
    return arn(environment, "secretsmanager", f"secret:{item.lambda_secret_id}")


def dynamodb_tables(variables: Mapping[str, str]) -> dict[str, str]:
    """The prefix of the table names by the variable that gives their region, as jvspatial reads them.

    The logs' database has the main one's kind unless it sets its own.
    """
    main = variables.get("JVSPATIAL_DB_TYPE", "json").lower()
    logs = variables.get("JVSPATIAL_LOG_DB_TYPE", main).lower()
    found: dict[str, str] = {}
    if main == "dynamodb":
        found["JVSPATIAL_DYNAMODB_REGION"] = variables.get("JVSPATIAL_DYNAMODB_TABLE_NAME", "jvspatial")
    if logs == "dynamodb":
        found["JVSPATIAL_LOG_DB_REGION"] = variables.get("JVSPATIAL_LOG_DB_TABLE_NAME", "jvspatial_logs")
    return found


def uses_s3(variables: Mapping[str, str]) -> bool:
    """Whether files go to a bucket; an empty name means no bucket."""
    bucket = variables.get("JVSPATIAL_S3_BUCKET_NAME", "asked for")
    return variables.get("JVSPATIAL_FILE_STORAGE_PROVIDER", "").lower() == "s3" and bucket != ""


def file_system(environment: Environment) -> dict[str, Any] | None:
    """None without one. `made` holds the access point to create, and on which file system."""
    efs = environment.settings["lambda"]["efs"]
    if not efs["enabled"]:
        return None
    made = {
        "file_system_id": efs["file_system_id"] or ref("FileSystemId"),
        "root_directory": efs["root_directory"] or f"/{environment.qualified_name}",
        "tags": {"Name": environment.function_name, **environment.settings["lambda"]["tags"]},
    }
    return {
        "access_point_arn": efs["access_point_arn"] or get_att("AccessPoint.Arn"),
        "mount_path": efs["mount_path"],
        "made": None if efs["access_point_arn"] else made,
    }


class Alarm(NamedTuple):
    """`statistic` is CloudWatch's: Sum, or a percentile. `threshold` is in the metric's unit."""

    id: str
    name: str
    description: str
    metric: str
    statistic: str
    threshold: int

    @property
    def is_percentile(self) -> bool:
        return self.statistic.startswith("p")


def alarms(environment: Environment) -> dict[str, object] | None:
    settings = environment.settings["lambda"]
    alarm = settings["alarms"]
    if not alarm["enabled"]:
        return None
    name, timeout, share = (
        environment.function_name,
        settings["function"]["timeout"],
        alarm["duration_percent"],
    )
    errors = f"{alarm['errors']} or more invocations of {name} failed in five minutes"
    throttles = f"{alarm['throttles']} or more invocations of {name} were throttled in five minutes"
    slow = f"The slowest of a hundred requests to {name} takes {share} % of its timeout of {timeout} s"
    return {
        "topic_arn": alarm["topic_arn"],
        "all": (
            Alarm("ErrorsAlarm", f"{name}-errors", errors, "Errors", "Sum", alarm["errors"]),
            Alarm("ThrottlesAlarm", f"{name}-throttles", throttles, "Throttles", "Sum", alarm["throttles"]),
            # Milliseconds: a hundredth of the timeout's seconds is ten of them.
            Alarm("DurationAlarm", f"{name}-duration", slow, "Duration", "p99", timeout * share * 10),
        ),
    }
