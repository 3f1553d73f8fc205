"""The three ways to the function, and the URLs that come out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.render.lambda_.files import expanded, files, own_name, template

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
CORS = """{
  allow_origins: [https://app.example.com], allow_methods: [GET, POST], allow_headers: [content-type],
  expose_headers: [x-request-id], allow_credentials: true, max_age: 600}"""
DOMAIN = (
    f"{{enabled: true, domain_name: api.example.com, certificate_arn: '{CERTIFICATE}', base_path: support}}"
)


def api(deploy_yaml: str) -> dict[str, Any]:
    found: dict[str, Any] = template(deploy_yaml)["Resources"]["Api"]["Properties"]
    return found


def function(deploy_yaml: str) -> dict[str, Any]:
    found: dict[str, Any] = template(deploy_yaml)["Resources"]["Function"]["Properties"]
    return found


def outputs(deploy_yaml: str) -> dict[str, Any]:
    return {name: output["Value"] for name, output in template(deploy_yaml)["Outputs"].items()}


def test_an_http_api() -> None:
    deploy_yaml = f"""
lambda:
  enabled: true
  api_gateway: {{name: acme-api, cors: {CORS}, throttling: {{rate_limit: 100, burst_limit: 200}}}}
"""
    found = api(deploy_yaml)
    assert found["Name"] == "acme-api"
    assert found["StageName"] == "$default"
    assert found["DefaultRouteSettings"] == {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200}
    assert found["CorsConfiguration"] == {
        "AllowOrigins": ["https://app.example.com"],
        "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["content-type"],
        "ExposeHeaders": ["x-request-id"],
        "AllowCredentials": True,
        "MaxAge": 600,
    }


def test_every_header_means_authorization_too() -> None:
    """Browsers do not count it among `*`."""
    found = api("lambda: {enabled: true}")
    assert found["CorsConfiguration"]["AllowHeaders"] == ["authorization", "*"]


def test_an_http_api_waits_for_thirty_seconds_at_the_most() -> None:
    found = function("lambda: {enabled: true, function: {timeout: 300}}")
    assert found["Timeout"] == 300
    assert found["Events"]["Api"]["Properties"]["TimeoutInMillis"] == 30_000


def test_access_logs_are_one_json_object_a_line() -> None:
    settings = api("lambda: {enabled: true}")["AccessLogSettings"]
    assert settings["Format"].startswith('{"requestId": "$context.requestId", ')
    assert "\n" not in settings["Format"]
    resources = template("lambda: {enabled: true, function: {name: acme}, logs: {retention_days: 7}}")[
        "Resources"
    ]
    assert resources["ApiLogGroup"]["Properties"] == {
        "LogGroupName": own_name("/aws/vendedlogs/api"),
        "RetentionInDays": 7,
    }


@pytest.mark.parametrize("kind", ["HTTP", "REST"])
def test_access_logs_can_be_left_out(kind: str) -> None:
    found = template(f"lambda: {{enabled: true, api_gateway: {{type: {kind}, access_logs: false}}}}")[
        "Resources"
    ]
    assert "ApiLogGroup" not in found
    assert "AccessLog" not in str(found["Api"])


def test_a_rest_api() -> None:
    deploy_yaml = f"""
lambda:
  enabled: true
  tracing: true
  function: {{timeout: 60}}
  api_gateway: {{type: REST, cors: {CORS}, throttling: {{rate_limit: 100}}}}
"""
    found = api(deploy_yaml)
    assert found["StageName"] == "live"
    assert found["OpenApiVersion"] == "3.0.1"
    assert found["EndpointConfiguration"] == {"Type": "REGIONAL"}
    assert found["TracingEnabled"] is True
    assert found["MethodSettings"] == [{"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 100}]
    # API Gateway takes these as they are put into its mapping: quotes and all.
    assert found["Cors"] == {
        "AllowOrigin": "'https://app.example.com'",
        "AllowMethods": "'GET,POST,OPTIONS'",
        "AllowHeaders": "'content-type'",
        "AllowCredentials": True,
        "MaxAge": "'600'",
    }
    events = function(deploy_yaml)["Events"].values()
    assert [event["Properties"]["Path"] for event in events] == ["/", "/{proxy+}"]
    assert {event["Properties"]["TimeoutInMillis"] for event in events} == {29_000}


def test_the_predecessors_stage_name_is_none_for_a_rest_api() -> None:
    assert (
        api("lambda: {enabled: true, api_gateway: {type: REST, stage_name: $default}}")["StageName"] == "live"
    )


def test_the_app_behind_a_rest_api_knows_the_origins() -> None:
    deploy_yaml = f"lambda: {{enabled: true, api_gateway: {{type: REST, cors: {CORS}}}}}"
    variables = function(deploy_yaml)["Environment"]["Variables"]
    assert variables["JVSPATIAL_CORS_ORIGINS"] == "https://app.example.com"
    assert variables["JVSPATIAL_CORS_METHODS"] == "GET,POST"
    assert variables["JVSPATIAL_CORS_HEADERS"] == "content-type"


def test_with_several_origins_the_app_answers_preflight_requests() -> None:
    deploy_yaml = """
lambda:
  enabled: true
  api_gateway: {type: REST, cors: {allow_origins: [https://a.example.com, https://b.example.com]}}
"""
    assert "Cors" not in api(deploy_yaml)
    variables = function(deploy_yaml)["Environment"]["Variables"]
    assert variables["JVSPATIAL_CORS_ORIGINS"] == "https://a.example.com,https://b.example.com"


def test_with_credentials_and_any_header_the_app_answers_preflight_requests() -> None:
    """A browser that sends credentials takes `*` for the name of a header."""
    deploy_yaml = """
lambda:
  enabled: true
  api_gateway: {type: REST, cors: {allow_origins: [https://app.example.com], allow_credentials: true}}
"""
    assert "Cors" not in api(deploy_yaml)


def test_errors_of_the_gateway_reach_a_browser() -> None:
    responses = api(f"lambda: {{enabled: true, api_gateway: {{type: REST, cors: {CORS}}}}}")[
        "GatewayResponses"
    ]
    assert responses["DEFAULT_5XX"]["ResponseParameters"]["Headers"] == {
        "Access-Control-Allow-Origin": "'https://app.example.com'",
        "Access-Control-Allow-Credentials": "'true'",
        "Access-Control-Expose-Headers": "'x-request-id'",
    }


@pytest.mark.parametrize("kind", ["HTTP", "REST"])
def test_cors_can_be_left_out(kind: str) -> None:
    deploy_yaml = f"lambda: {{enabled: true, api_gateway: {{type: {kind}, cors: {{enabled: false}}}}}}"
    assert "Cors" not in str(api(deploy_yaml))
    assert "CORS" not in str(function(deploy_yaml))


def test_a_rest_api_streams_through_another_integration() -> None:
    text = files("""
lambda:
  enabled: true
  invoke_mode: response_stream
  function: {timeout: 300}
  api_gateway: {type: REST}
""")["lambda/default/template.yaml"]
    paths = expanded(text)["Resources"]["Api"]["Properties"]["Body"]["paths"]
    for path in ("/", "/{proxy+}"):
        integration = paths[path]["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]
        assert integration["responseTransferMode"] == "STREAM"
        assert integration["uri"]["Fn::Sub"].endswith("/response-streaming-invocations")
        assert integration["timeoutInMillis"] == 300_000


def test_a_function_url() -> None:
    deploy_yaml = f"""
lambda:
  enabled: true
  api_gateway: {{enabled: false}}
  function_url: {{enabled: true, auth_type: NONE, cors: {CORS}}}
"""
    found = function(deploy_yaml)
    assert "Events" not in found
    assert found["FunctionUrlConfig"]["AuthType"] == "NONE"
    assert found["FunctionUrlConfig"]["InvokeMode"] == "BUFFERED"
    assert found["FunctionUrlConfig"]["Cors"]["AllowCredentials"] is True
    assert "Api" not in template(deploy_yaml)["Resources"]


def test_a_function_url_answers_options_by_itself() -> None:
    deploy_yaml = (
        "lambda: {enabled: true, function_url: {enabled: true, cors: {allow_methods: [GET, OPTIONS]}}}"
    )
    assert function(deploy_yaml)["FunctionUrlConfig"]["Cors"]["AllowMethods"] == ["GET"]


def test_a_function_url_streams() -> None:
    deploy_yaml = "lambda: {enabled: true, invoke_mode: response_stream, function_url: {enabled: true}}"
    assert function(deploy_yaml)["FunctionUrlConfig"]["InvokeMode"] == "RESPONSE_STREAM"


def test_a_domain() -> None:
    deploy_yaml = f"lambda: {{enabled: true, api_gateway: {{custom_domain: {DOMAIN}}}}}"
    assert api(deploy_yaml)["Domain"] == {
        "DomainName": "api.example.com",
        "CertificateArn": CERTIFICATE,
        "EndpointConfiguration": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
        "BasePath": ["support"],
    }
    assert outputs(deploy_yaml)["CustomDomainUrl"] == "https://api.example.com/support"


def test_a_domain_with_a_record_and_nothing_beside_it() -> None:
    deploy_yaml = """
lambda:
  enabled: true
  api_gateway:
    type: REST
    endpoint_type: EDGE
    custom_domain: {enabled: true, hosted_zone_id: Z0123456789ABCDEFGHIJ, disable_default_endpoint: true}
"""
    found = api(deploy_yaml)
    assert found["DisableExecuteApiEndpoint"] is True
    assert found["EndpointConfiguration"] == {"Type": "EDGE"}
    assert found["Domain"] == {
        "DomainName": {"Ref": "DomainName"},
        "CertificateArn": {"Ref": "CertificateArn"},
        "EndpointConfiguration": "EDGE",
        "SecurityPolicy": "TLS_1_2",
        "Route53": {"HostedZoneId": "Z0123456789ABCDEFGHIJ"},
    }
    assert "ApiUrl" not in outputs(deploy_yaml)
    assert outputs(deploy_yaml)["CustomDomainUrl"] == {"Fn::Sub": "https://${DomainName}/"}


def test_every_url_and_name_is_an_output() -> None:
    deploy_yaml = f"""
lambda:
  enabled: true
  provisioned_concurrency: 1
  function_url: {{enabled: true}}
  api_gateway: {{stage_name: prod, custom_domain: {DOMAIN}}}
"""
    assert outputs(deploy_yaml) == {
        "ApiUrl": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod/"},
        "CustomDomainUrl": "https://api.example.com/support",
        "FunctionUrl": {"Fn::GetAtt": ["FunctionUrl", "FunctionUrl"]},
        "FunctionName": {"Ref": "Function"},
        "FunctionArn": {"Fn::GetAtt": ["Function", "Arn"]},
        "AliasArn": {"Ref": "Function.Alias"},
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "LogGroupName": {"Ref": "LogGroup"},
    }
