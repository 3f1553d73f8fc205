"""What API Gateway and Function URLs make of a request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, NamedTuple

CLIENT = "203.0.113.7"
HOST = "api.example.com"


class Request(NamedTuple):
    """`forwarded` is what the client itself wrote into `x-forwarded-for`."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    forwarded: str = ""

    @property
    def all_headers(self) -> dict[str, str]:
        """With those that the endpoint adds: the address of the client comes last."""
        addresses = f"{self.forwarded}, {CLIENT}" if self.forwarded else CLIENT
        added = {"host": HOST, "x-forwarded-for": addresses, "x-forwarded-proto": "https"}
        return {**dict(self.headers), **added, "x-forwarded-port": "443"}


Event = Callable[[Request], dict[str, Any]]


def http_api(request: Request) -> dict[str, Any]:
    """Payload 2.0."""
    http = {"method": request.method, "path": request.path, "protocol": "HTTP/1.1", "sourceIp": CLIENT}
    return {
        **_common(request),
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": "",
        "headers": request.all_headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3",
            "domainName": HOST,
            "domainPrefix": "api",
            "http": {**http, "userAgent": "e2e"},
            "requestId": "r-1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "27/Nov/2026:06:00:00 +0000",
            "timeEpoch": 1795759200000,
        },
    }


def function_url(request: Request) -> dict[str, Any]:
    """Payload 2.0, too."""
    event = http_api(request)
    event["requestContext"]["domainName"] = "a1b2c3.lambda-url.eu-central-1.on.aws"
    return event


def rest_api(request: Request) -> dict[str, Any]:
    """Payload 1.0."""
    headers = request.all_headers
    return {
        **_common(request),
        "resource": "/{proxy+}",
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": request.path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3",
            "domainName": HOST,
            "stage": "prod",
            "httpMethod": request.method,
            "path": f"/prod{request.path}",
            "protocol": "HTTP/1.1",
            "identity": {"sourceIp": CLIENT, "userAgent": "e2e"},
            "requestId": "r-1",
            "resourceId": "x1",
            "resourcePath": "/{proxy+}",
            "requestTimeEpoch": 1795759200000,
        },
    }


def _common(request: Request) -> dict[str, Any]:
    body = {"body": base64.b64encode(request.body).decode()} if request.body else {}
    return {**body, "isBase64Encoded": bool(request.body)}
