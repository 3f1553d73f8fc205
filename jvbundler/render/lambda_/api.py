"""How the function is reached: an HTTP API, a REST API, a Function URL; and the URLs as outputs."""

from __future__ import annotations

from typing import Any, NamedTuple

from jvbundler.project.model import Environment
from jvbundler.render.lambda_.cors import http_cors, rest_cors, url_cors
from jvbundler.render.lambda_.intrinsics import REGION, Variable, get_att, own_name, ref, sub
from jvbundler.render.lambda_.names import API_LOGS, UNNAMED_HTTP_STAGE, stage_name

# The longest that API Gateway waits for a function, in milliseconds. A REST API that streams waits longer.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
HTTP_API_WAIT = 30_000
REST_API_WAIT = 29_000
STREAMING_WAIT = 900_000


class Output(NamedTuple):
    name: str
    description: str
    value: str


def api(environment: Environment) -> dict[str, Any] | None:
    settings = environment.settings["lambda"]
    gateway = settings["api_gateway"]
    if not gateway["enabled"]:
        return None
    rest = gateway["type"] == "REST"
    streaming = rest and settings["invoke_mode"] == "response_stream"
    wait = STREAMING_WAIT if streaming else REST_API_WAIT if rest else HTTP_API_WAIT
    return {
        "type": gateway["type"],
        "name": gateway["name"] or environment.function_name,
        "stage": stage_name(environment),
        "endpoint_type": gateway["endpoint_type"],
        "streaming": streaming,
        "timeout": min(settings["function"]["timeout"] * 1000, wait),
        "tracing": settings["tracing"],
        "cors": rest_cors(gateway["cors"]) if rest else http_cors(gateway["cors"]),
        "throttling": throttling(environment),
        "log_group": own_name(API_LOGS) if gateway["access_logs"] else "",
        "domain": domain(environment),
        "disable_default_endpoint": disables_default_endpoint(environment),
    }


def throttling(environment: Environment) -> dict[str, int]:
    limits = environment.settings["lambda"]["api_gateway"]["throttling"]
    given = {"ThrottlingRateLimit": limits["rate_limit"], "ThrottlingBurstLimit": limits["burst_limit"]}
    return {name: limit for name, limit in given.items() if limit is not None}


def domain(environment: Environment) -> dict[str, Any] | None:
    settings = environment.settings["lambda"]["api_gateway"]
    custom = settings["custom_domain"]
    if not custom["enabled"]:
        return None
    return {
        "name": custom["domain_name"] or ref("DomainName"),
        "certificate_arn": custom["certificate_arn"] or ref("CertificateArn"),
        "endpoint_type": settings["endpoint_type"] if settings["type"] == "REST" else "REGIONAL",
        "base_path": custom["base_path"],
        "hosted_zone_id": custom["hosted_zone_id"],
    }


def disables_default_endpoint(environment: Environment) -> bool:
    custom = environment.settings["lambda"]["api_gateway"]["custom_domain"]
    return custom["enabled"] and custom["disable_default_endpoint"]


def function_url(environment: Environment) -> dict[str, Any] | None:
    settings = environment.settings["lambda"]
    url = settings["function_url"]
    if not url["enabled"]:
        return None
    return {
        "auth_type": url["auth_type"],
        "invoke_mode": "RESPONSE_STREAM" if settings["invoke_mode"] == "response_stream" else "BUFFERED",
        "cors": url_cors(url["cors"]),
    }


def outputs(environment: Environment) -> tuple[Output, ...]:
    settings = environment.settings["lambda"]
    found = []
    if settings["api_gateway"]["enabled"]:
        found += api_urls(environment)
    if settings["function_url"]["enabled"]:
        found.append(Output("FunctionUrl", "URL of the function itself", get_att("FunctionUrl.FunctionUrl")))
    found.append(Output("FunctionName", "Name of the function", ref("Function")))
    found.append(Output("FunctionArn", "ARN of the function", get_att("Function.Arn")))
    if settings["provisioned_concurrency"] is not None:
        found.append(Output("AliasArn", "ARN of the alias that takes requests", ref("Function.Alias")))
    role = settings["iam"]["role_arn"] or get_att("Role.Arn")
    found.append(Output("RoleArn", "ARN of the function's role", role))
    found.append(Output("LogGroupName", "Log group of the function", ref("LogGroup")))
    return tuple(found)


def api_urls(environment: Environment) -> list[Output]:
    stage = stage_name(environment)
    path = "" if stage == UNNAMED_HTTP_STAGE else f"{stage}/"
    domain = (Variable("Api"), ".execute-api.", REGION, ".", Variable("AWS::URLSuffix"))
    default = sub("https://", *domain, f"/{path}")
    found = [] if disables_default_endpoint(environment) else [Output("ApiUrl", "URL of the API", default)]
    custom = environment.settings["lambda"]["api_gateway"]["custom_domain"]
    if custom["enabled"]:
        name = custom["domain_name"]
        url = (
            f"https://{name}/{custom['base_path']}"
            if name
            else sub("https://", Variable("DomainName"), f"/{custom['base_path']}")
        )
        found.append(Output("CustomDomainUrl", "URL of the API at its own domain", url))
    return found
