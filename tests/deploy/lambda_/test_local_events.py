"""A request becomes the event of its endpoint, and the function's answer the answer to it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from jvbundler.deploy.lambda_.local.answers import MOST_BYTES, Answer, Kind, answer_of, too_large, too_late
from jvbundler.deploy.lambda_.local.events import Request, function_url, http_api, rest_api

HEADERS = (
    ("Cookie", "a=1; b=2"),
    ("Accept", "text/html"),
    ("Accept", "text/plain"),
    ("X-Forwarded-For", "127.0.0.1"),
)
REQUEST = Request("POST", "/api/x", b"\xff", HEADERS, query="a=1&a=2&b=", stage="prod")
KINDS: tuple[Kind, ...] = ("http_api", "rest_api", "function_url")


def returned(**fields: Any) -> bytes:
    return json.dumps({"statusCode": 200, **fields}).encode()


@pytest.mark.parametrize("make", [http_api, function_url])
def test_payload_2_joins_what_is_there_twice_and_lists_cookies(make: Any) -> None:
    event = make(REQUEST)
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/api/x", "a=1&a=2&b=")
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"] == {
        "accept": "text/html,text/plain",
        "host": "api.example.com",
        "x-forwarded-for": "127.0.0.1, 203.0.113.7",
        "x-forwarded-proto": "https",
        "x-forwarded-port": "443",
    }
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\xff", True)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["stage"] == "prod"


def test_payload_1_has_every_value_and_the_last_one() -> None:
    event = rest_api(REQUEST)
    assert (event["httpMethod"], event["path"]) == ("POST", "/api/x")
    assert event["requestContext"]["path"] == "/prod/api/x"
    assert event["headers"]["accept"] == "text/plain"
    assert event["multiValueHeaders"]["accept"] == ["text/html", "text/plain"]
    assert event["headers"]["cookie"] == "a=1; b=2"
    assert event["queryStringParameters"] == {"a": "2", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}


def test_a_request_without_a_query_has_no_parameters() -> None:
    assert "queryStringParameters" not in http_api(Request("GET", "/"))
    assert rest_api(Request("GET", "/"))["queryStringParameters"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_has_its_headers_cookies_and_bytes(kind: Kind) -> None:
    answer = answer_of(
        returned(
            statusCode=201,
            headers={"x-one": "1", "Vary": "lost", "Content-Length": "9"},
            multiValueHeaders={"vary": ["a", "b"]},
            cookies=["s=1; Path=/", "t=2"],
            body=base64.b64encode(b"\xff\x00").decode(),
            isBase64Encoded=True,
        ),
        kind,
    )
    headers = (
        ("x-one", "1"),
        ("vary", "a"),
        ("vary", "b"),
        ("set-cookie", "s=1; Path=/"),
        ("set-cookie", "t=2"),
    )
    assert answer == Answer(201, headers, b"\xff\x00")


@pytest.mark.parametrize(
    "wrong",
    [
        b"no JSON",
        b"[]",
        b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}',
        returned(statusCode="x"),
        returned(statusCode=42),
        returned(headers={"x": "1\r\nset-cookie: y"}),
        returned(headers={"x y": "1"}),
        returned(headers={"x": "\u20ac"}),
        returned(body="%", isBase64Encoded=True),
        returned(body="x" * MOST_BYTES),
    ],
)
def test_what_is_no_answer_is_a_failure_in_the_endpoint_s_words(wrong: bytes) -> None:
    assert answer_of(wrong, "http_api")[::2] == (500, b'{"message": "Internal Server Error"}')
    assert answer_of(wrong, "rest_api")[::2] == (502, b'{"message": "Internal server error"}')
    assert answer_of(wrong, "function_url")[::2] == (502, b"Internal Server Error")


def test_who_is_too_late_or_too_large_is_told_as_by_api_gateway() -> None:
    late = b"2026-11-27T07:00:00Z 5f0c Task timed out after 3.00 seconds"
    assert answer_of(late, "http_api") == too_late("http_api")
    assert too_late("http_api")[::2] == (503, b'{"message": "Service Unavailable"}')
    assert too_late("rest_api")[::2] == (504, b'{"message": "Endpoint request timed out"}')
    assert too_late("function_url").status == 502
    assert too_large("http_api")[::2] == (413, b'{"message": "Request Entity Too Large"}')
    assert too_large("rest_api")[::2] == (413, b'{"message": "Request Too Long"}')


def test_the_root_is_a_resource_of_its_own() -> None:
    event = rest_api(Request("GET", "/"))
    assert (event["resource"], event["pathParameters"]) == ("/", None)
    assert rest_api(REQUEST)["pathParameters"] == {"proxy": "api/x"}
