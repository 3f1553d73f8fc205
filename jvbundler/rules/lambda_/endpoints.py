"""Rules about how a Lambda function is reached: API Gateway, Function URL, streaming, CORS, domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.app.jvagent_release import reaches
from jvbundler.project.model import Environment
from jvbundler.rules.rule import Finding, plain_variables, rule, variable_path

if TYPE_CHECKING:
    from jvbundler.app.model import App

# Seconds that API Gateway waits for the function.
HTTP_API_WAIT = 30
REST_API_WAIT = 29
STREAM = "response_stream"
INVOKE_MODE = "AWS_LWA_INVOKE_MODE"
# The first jvspatial that takes a deferred task from loopback, which is where the adapter is.
TAKES_FROM_ADAPTER = "0.0.15"
PASS_THROUGH = "AWS_LWA_PASS_THROUGH_PATH"


def api_type(environment: Environment) -> str:
    """HTTP or REST, or an empty text where the function has no API."""
    settings = environment.settings["lambda"]
    api = settings["api_gateway"]
    return api["type"] if settings["enabled"] and api["enabled"] else ""


def has_url(environment: Environment) -> bool:
    settings = environment.settings["lambda"]
    return settings["enabled"] and settings["function_url"]["enabled"]


def streams(environment: Environment) -> bool:
    settings = environment.settings["lambda"]
    return settings["enabled"] and settings["invoke_mode"] == STREAM


@rule(
    "JVB301",
    "warning",
    title="Function that outlives the HTTP API",
    source="API Gateway quotas, HTTP API: integration timeout 30 seconds, not adjustable",
)
def outlives_http_api(environment: Environment, app: App) -> Iterator[Finding]:
    """An HTTP API answers 503 after 30 seconds, whatever the function's timeout is, and the function runs
    on and is billed. Keep the timeout at 30 or less, let long work be a deferred task, or use a Function
    URL. Where the longer timeout is for deferred tasks, waive this warning and say so."""
    timeout = environment.settings["lambda"]["function"]["timeout"]
    if api_type(environment) == "HTTP" and timeout > HTTP_API_WAIT:
        message = f"the function may run for {timeout} s, but an HTTP API gives up after 30 s"
        hint = "set it to 30 or less, or use lambda.function_url instead of the API"
        yield Finding(("lambda", "function", "timeout"), message, hint)


@rule(
    "JVB302",
    "warning",
    title="Function that outlives the REST API",
    source="API Gateway quotas, REST API: integration timeout 29 seconds, adjustable for regional APIs",
)
def outlives_rest_api(environment: Environment, app: App) -> Iterator[Finding]:
    """A REST API answers 504 after 29 seconds unless the account's quota was raised or the reply is
    streamed (`lambda.invoke_mode: response_stream`)."""
    timeout = environment.settings["lambda"]["function"]["timeout"]
    if api_type(environment) == "REST" and not streams(environment) and timeout > REST_API_WAIT:
        message = f"the function may run for {timeout} s, but a REST API gives up after 29 s"
        hint = "set it to 29 or less, or set lambda.invoke_mode: response_stream"
        yield Finding(("lambda", "function", "timeout"), message, hint)


@rule(
    "JVB303",
    "error",
    title="Streaming behind an HTTP API",
    source="API Gateway: an HTTP API buffers; Lambda Web Adapter: one mode for all endpoints",
)
def streaming_http_api(environment: Environment, app: App) -> Iterator[Finding]:
    """The adapter answers every endpoint in one mode. With `response_stream` its replies begin with a prelude
    that an HTTP API passes on to the client as part of the body, so an HTTP API beside a streaming Function
    URL is broken although every linter passes it. Use a REST API, or only the Function URL."""
    if streams(environment) and api_type(environment) == "HTTP":
        message = "replies are streamed, and an HTTP API cannot stream"
        hint = "set lambda.api_gateway.type: REST, or api_gateway.enabled: false with lambda.function_url"
        yield Finding(("lambda", "invoke_mode"), message, hint)


@rule(
    "JVB304",
    "warning",
    title="Streaming Function URL in a VPC",
    source="AWS Lambda: function URLs do not support response streaming within a VPC",
)
def streaming_in_vpc(environment: Environment, app: App) -> Iterator[Finding]:
    """The Function URL of a function in a VPC does not stream: clients get the reply when it is complete. A
    REST API streams from a VPC."""
    vpc = environment.settings["lambda"]["vpc"]["enabled"]
    if streams(environment) and has_url(environment) and vpc:
        message = "a Function URL does not stream from inside a VPC"
        hint = "use a REST API (lambda.api_gateway.type: REST), or leave the VPC"
        yield Finding(("lambda", "vpc", "enabled"), message, hint)


@rule(
    "JVB305",
    "warning",
    title="Streaming without an endpoint that streams",
    source="AWS Lambda: a reply is streamed through a Function URL or a REST API",
)
def streaming_nowhere(environment: Environment, app: App) -> Iterator[Finding]:
    """`response_stream` has an effect only through a Function URL or a REST API, and there is neither."""
    if streams(environment) and not api_type(environment) and not has_url(environment):
        message = "replies are streamed, but there is no Function URL and no REST API"
        yield Finding(("lambda", "invoke_mode"), message, "set lambda.function_url.enabled: true")


@rule(
    "JVB306",
    "error",
    title="Adapter and endpoint in different modes",
    source="Lambda Web Adapter 1.0: AWS_LWA_INVOKE_MODE; an unknown value silently means buffered",
)
def adapter_mode(environment: Environment, app: App) -> Iterator[Finding]:
    """`AWS_LWA_INVOKE_MODE` follows from `lambda.invoke_mode`, as the endpoints do. Written by hand with
    another value, it sends streamed replies to an endpoint that does not expect them, or the reverse."""
    if not environment.settings["lambda"]["enabled"]:
        return
    written = plain_variables(environment, "lambda").get(INVOKE_MODE)
    mode = environment.settings["lambda"]["invoke_mode"]
    if written is not None and written.lower() != mode:
        path = variable_path(environment, "lambda", INVOKE_MODE, ("lambda", "environment"))
        message = f"{INVOKE_MODE} is '{written}', but lambda.invoke_mode is '{mode}'"
        yield Finding(path, message, "remove the variable, and set lambda.invoke_mode")


@rule(
    "JVB314",
    "warning",
    title="Burst limit below the rate limit",
    source="API Gateway: throttling is a token bucket; the burst is its size, the rate its refill per second",
)
def burst_below_rate(environment: Environment, app: App) -> Iterator[Finding]:
    """The burst is the number of requests that may arrive at once. Below the rate, it throttles traffic that
    the rate would let through."""
    limits = environment.settings["lambda"]["api_gateway"]["throttling"]
    rate, burst = limits["rate_limit"], limits["burst_limit"]
    if api_type(environment) and rate is not None and burst is not None and burst < rate:
        path = ("lambda", "api_gateway", "throttling", "burst_limit")
        message = f"a burst of {burst} is below the rate of {rate} requests per second"
        yield Finding(path, message, f"set it to {rate} or more")


@rule(
    "JVB315",
    "error",
    title="CORS with credentials for every origin",
    source="Fetch standard and API Gateway: credentials need named origins",
)
def cors_credentials(environment: Environment, app: App) -> Iterator[Finding]:
    """With `allow_credentials` a page of any site could act as the user who is logged in. Browsers refuse
    the combination with the origin `*`, and so do API Gateway and SAM."""
    settings = environment.settings["lambda"]
    in_use = {"api_gateway": bool(api_type(environment)), "function_url": has_url(environment)}
    for endpoint, used in in_use.items():
        cors = (
            settings["api_gateway"]["cors"] if endpoint == "api_gateway" else settings["function_url"]["cors"]
        )
        if used and cors["enabled"] and cors["allow_credentials"] and "*" in cors["allow_origins"]:
            message = "credentials are allowed for every origin"
            hint = "name the origins in allow_origins, as in 'https://app.example.com'"
            yield Finding(("lambda", endpoint, "cors", "allow_credentials"), message, hint)


@rule(
    "JVB316",
    "error",
    title="Certificate in another region",
    source="API Gateway: the certificate is in the API's region; for edge-optimised APIs in us-east-1",
)
def certificate_region(environment: Environment, app: App) -> Iterator[Finding]:
    """A regional API takes a certificate of its own region only, an edge-optimised REST API one of
    us-east-1. Without a certificate the deployment asks for one."""
    settings = environment.settings["lambda"]
    api = settings["api_gateway"]
    certificate = api["custom_domain"]["certificate_arn"]
    if not (api_type(environment) and api["custom_domain"]["enabled"] and certificate):
        return
    is_edge = api["type"] == "REST" and api["endpoint_type"] == "EDGE"
    region, wanted = certificate.split(":")[3], "us-east-1" if is_edge else settings["region"]
    if region != wanted:
        message = f"the certificate is in {region}, but the API needs one in {wanted}"
        path = ("lambda", "api_gateway", "custom_domain", "certificate_arn")
        yield Finding(path, message, f"request the certificate in {wanted}")


@rule(
    "JVB317",
    "warning",
    title="Custom domain without an API",
    source="API Gateway: a custom domain is mapped to an API; a Function URL has none",
)
def domain_without_api(environment: Environment, app: App) -> Iterator[Finding]:
    """The domain belongs to the API of API Gateway, which is not enabled, so it is not rendered."""
    settings = environment.settings["lambda"]
    domain = settings["api_gateway"]["custom_domain"]["enabled"]
    if settings["enabled"] and domain and not api_type(environment):
        path = ("lambda", "api_gateway", "custom_domain", "enabled")
        yield Finding(path, "the custom domain has no API", "set lambda.api_gateway.enabled: true")


@rule(
    "JVB318",
    "warning",
    title="Function URL without authentication",
    source="AWS Lambda: AuthType NONE lets everybody invoke the function",
)
def public_url(environment: Environment, app: App) -> Iterator[Finding]:
    """Whoever knows the URL reaches the app, and each request is billed. jvagent authenticates most paths
    by itself; if that is enough, waive this warning and say so."""
    if has_url(environment) and environment.settings["lambda"]["function_url"]["auth_type"] == "NONE":
        message = "everybody may call the Function URL"
        hint = "set it to AWS_IAM, or waive this where the app's own authentication is enough"
        yield Finding(("lambda", "function_url", "auth_type"), message, hint)


@rule(
    "JVB319",
    "warning",
    title="Deferred tasks that are lost",
    source="jvspatial, api/deferred_invoke_route.py; run for real with 0.0.12, 0.0.17 and 0.2.2",
)
def deferred_path(environment: Environment, app: App) -> Iterator[Finding]:
    """For work after the reply the function invokes itself, and the adapter passes that event to
    `AWS_LWA_PASS_THROUGH_PATH`. The image and the template set it; a value written by hand that is not
    jvspatial's route loses the tasks. So does jvspatial before 0.0.15, in jvagent up to 0.1.5: it asks for a
    header that the adapter cannot send. A role given by `lambda.iam.role_arn` needs `lambda:InvokeFunction`
    on the function, which cannot be checked here."""
    settings = environment.settings["lambda"]
    variables = plain_variables(environment, "lambda")
    if not (settings["enabled"] and settings["deferred_tasks"]):
        return
    if not reaches(app.jvspatial, TAKES_FROM_ADAPTER):
        message = (
            f"jvspatial{app.jvspatial}, of jvagent {app.jvagent_version}, refuses deferred tasks on Lambda"
        )
        hint = "use jvagent 0.1.6 or newer, or set lambda.deferred_tasks: false"
        yield Finding(("lambda", "deferred_tasks"), message, hint)
    if PASS_THROUGH not in variables:
        return
    prefix = variables.get("JVSPATIAL_API_PREFIX", "/api").strip().rstrip("/")
    wanted = f"{prefix}/_internal/deferred"
    if variables[PASS_THROUGH] != wanted:
        path = variable_path(environment, "lambda", PASS_THROUGH, ("lambda", "environment"))
        message = f"deferred tasks arrive at '{variables[PASS_THROUGH]}', where nothing handles them"
        yield Finding(path, message, f"remove the variable, or set it to {wanted}")
