"""What API Gateway and Function URLs make of a request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

# Somebody on the internet, from the range for documentation (RFC 5737): no request to a function is local.
CLIENT = "203.0.113.7"
HOST = "api.example.com"
ACCOUNT = "123456789012"


class Request(NamedTuple):
    """`path` and `query` as they came, `query` without its question mark; `stage` is that of the API."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""
    stage: str = ""

    @property
    def all_headers(self) -> dict[str, list[str]]:
        """With those that the endpoint adds: the address of the client comes last."""
        found = _grouped((name.lower(), value) for name, value in self.headers)
        addresses = [*found.get("x-forwarded-for", ()), CLIENT]
        added = {"x-forwarded-for": [", ".join(addresses)], "x-forwarded-proto": ["https"]}
        return {"host": [HOST], **found, **added, "x-forwarded-port": ["443"]}

    @property
    def parameters(self) -> dict[str, list[str]]:
        return _grouped(parse_qsl(self.query, keep_blank_values=True))


Event = Callable[[Request], dict[str, Any]]


def http_api(request: Request) -> dict[str, Any]:
    """Payload 2.0."""
    headers = request.all_headers
    cookies = [cookie.strip() for value in headers.pop("cookie", ()) for cookie in value.split(";")]
    query = {"queryStringParameters": _joined(request.parameters)} if request.query else {}
    now = time.time()
    http = {"method": request.method, "path": request.path, "protocol": "HTTP/1.1", "sourceIp": CLIENT}
    return {
        **_body(request),
        **({"cookies": cookies} if cookies else {}),
        **query,
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": _joined(headers),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "a1b2c3",
            "domainName": HOST,
            "domainPrefix": "api",
            "http": {**http, "userAgent": headers.get("user-agent", [""])[-1]},
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": request.stage or "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
    }


def function_url(request: Request) -> dict[str, Any]:
    """Payload 2.0, too."""
    event = http_api(request)
    event["requestContext"]["domainName"] = "a1b2c3.lambda-url.eu-central-1.on.aws"
    return event


def rest_api(request: Request) -> dict[str, Any]:
    """Payload 1.0."""
    headers, stage = request.all_headers, request.stage or "prod"
    rest = request.path.lstrip("/")
    resource = "/{proxy+}" if rest else "/"
    return {
        **_body(request),
        "resource": resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in request.parameters.items()} or None,
        "multiValueQueryStringParameters": request.parameters or None,
        "pathParameters": {"proxy": rest} if rest else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "a1b2c3",
            "domainName": HOST,
            "stage": stage,
            "httpMethod": request.method,
            "path": f"/{stage}{request.path}",
            "protocol": "HTTP/1.1",
            "identity": {"sourceIp": CLIENT, "userAgent": headers.get("user-agent", [""])[-1]},
            "requestId": str(uuid.uuid4()),
            "resourceId": "x1",
            "resourcePath": resource,
            "requestTimeEpoch": int(time.time() * 1000),
        },
    }


def _body(request: Request) -> dict[str, Any]:
    body = {"body": base64.b64encode(request.body).decode()} if request.body else {}
    return {**body, "isBase64Encoded": bool(request.body)}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _joined(values: dict[str, list[str]]) -> dict[str, str]:
    return {name: ",".join(some) for name, some in values.items()}
