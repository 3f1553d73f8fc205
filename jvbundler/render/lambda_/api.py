"""How the function is reached: an HTTP API, a REST API, a Function URL; and the URLs as outputs.

Also the CORS answers of each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.project.model import Environment
from jvbundler.render.lambda_.intrinsics import REGION, Variable, get_att, own_name, ref, sub
from jvbundler.render.lambda_.names import API_LOGS, UNNAMED_HTTP_STAGE, stage_name

if TYPE_CHECKING:
    from jvbundler.generated.settings import LambdaApiGatewayCors, LambdaFunctionUrlCors

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


def http_cors(cors: LambdaApiGatewayCors) -> dict[str, Any] | None:
    if not cors["enabled"]:
        return None
    return {
        "AllowOrigins": cors["allow_origins"],
        "AllowMethods": cors["allow_methods"],
        "AllowHeaders": with_authorization(cors["allow_headers"]),
        **optional_cors(cors),
    }


def url_cors(cors: LambdaFunctionUrlCors) -> dict[str, Any] | None:
    """A Function URL answers preflight requests by itself, and does not accept OPTIONS as a method."""
    if not cors["enabled"]:
        return None
    methods = [method for method in cors["allow_methods"] if method != "OPTIONS"]
    return {
        "AllowOrigins": cors["allow_origins"],
        "AllowMethods": methods or ["*"],
        "AllowHeaders": cors["allow_headers"],
        **optional_cors(cors),
    }


def optional_cors(cors: LambdaApiGatewayCors | LambdaFunctionUrlCors) -> dict[str, Any]:
    return {
        **({"ExposeHeaders": cors["expose_headers"]} if cors["expose_headers"] else {}),
        **({"AllowCredentials": True} if cors["allow_credentials"] else {}),
        **({"MaxAge": cors["max_age"]} if cors["max_age"] else {}),
    }


def rest_cors(cors: LambdaApiGatewayCors) -> dict[str, Any] | None:
    """The preflight answer, and the headers of the gateway's own errors."""
    if not cors["enabled"]:
        return None
    origin = f"'{cors['allow_origins'][0]}'" if len(cors["allow_origins"]) == 1 else ""
    # For a request with credentials `*` is a literal header name; the app echoes the headers asked for.
    any_header = "*" in cors["allow_headers"] and cors["allow_credentials"]
    answers = origin and not any_header
    return {
        "preflight": preflight(cors, origin) if answers else None,
        "error_headers": error_headers(cors, origin),
    }


def preflight(cors: LambdaApiGatewayCors, origin: str) -> dict[str, Any]:
    """The gateway can name one origin. Where that is not enough, OPTIONS goes to the app, as part of ANY."""
    any_method = "*" in cors["allow_methods"]
    return {
        "AllowOrigin": origin,
        # Without it, SAM lists every method.
        **({} if any_method else {"AllowMethods": quoted_list([*cors["allow_methods"], "OPTIONS"])}),
        "AllowHeaders": quoted_list(with_authorization(cors["allow_headers"])),
        **({"AllowCredentials": True} if cors["allow_credentials"] else {}),
        **({"MaxAge": f"'{cors['max_age']}'"} if cors["max_age"] else {}),
    }


def error_headers(cors: LambdaApiGatewayCors, origin: str) -> dict[str, str]:
    """Without them a browser hides the status of a request that the gateway itself refused."""
    if not origin:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        **({"Access-Control-Allow-Credentials": "'true'"} if cors["allow_credentials"] else {}),
        **(
            {"Access-Control-Expose-Headers": quoted_list(cors["expose_headers"])}
            if cors["expose_headers"]
            else {}
        ),
    }


def with_authorization(headers: list[str]) -> list[str]:
    """`*` does not include Authorization in browsers: it has to be named."""
    return ["authorization", "*"] if headers == ["*"] else headers


def quoted_list(values: list[str]) -> str:
    return "'" + ",".join(dict.fromkeys(values)) + "'"
