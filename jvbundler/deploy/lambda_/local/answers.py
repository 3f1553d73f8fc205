"""What API Gateway and Function URLs make of a function's answer, and what they say where there is none."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, Literal, NamedTuple

Kind = Literal["http_api", "rest_api", "function_url"]
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: of an event, and of an answer.
MOST_BYTES = 6 * 1024 * 1024
# What the emulator answers in the place of a function that ran out of time.
_TIMED_OUT = re.compile(rb"[^{\[]*Task timed out after ")
# A line break would make two headers of one.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Those that belong to one connection, and the server's own.
_DROPPED = ("connection", "content-length", "date", "keep-alive", "server", "transfer-encoding")


class Answer(NamedTuple):
    """A header may be there several times, as `set-cookie` is."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answer_of(returned: bytes, kind: Kind) -> Answer:
    """The answer of a function that returned this."""
    if _TIMED_OUT.match(returned):
        return too_late(kind)
    try:
        value = json.loads(returned)
    except ValueError:
        return broken(kind)
    if len(returned) > MOST_BYTES or not isinstance(value, dict) or "errorType" in value:
        return broken(kind)
    try:
        return _translated(value)
    except (ValueError, TypeError, AttributeError):
        return broken(kind)


def too_late(kind: Kind) -> Answer:
    """Of a request that took longer than the function, or the API, may take."""
    if kind == "function_url":
        return broken(kind)
    late = {"http_api": (503, "Service Unavailable"), "rest_api": (504, "Endpoint request timed out")}
    return _message(*late[kind])


def too_large(kind: Kind) -> Answer:
    """Of a request whose event is longer than MOST_BYTES."""
    return _message(413, "Request Too Long" if kind == "rest_api" else "Request Entity Too Large")


def malformed() -> Answer:
    """Of a request that is no HTTP."""
    return _message(400, "Bad Request")


def broken(kind: Kind) -> Answer:
    """Of a function that failed, or returned what is no answer."""
    if kind == "http_api":
        return _message(500, "Internal Server Error")
    if kind == "rest_api":
        return _message(502, "Internal server error")
    return Answer(502, (("content-type", "text/plain"),), b"Internal Server Error")


def _message(status: int, text: str) -> Answer:
    return Answer(status, (("content-type", "application/json"),), json.dumps({"message": text}).encode())


def _translated(value: dict[str, Any]) -> Answer:
    status = int(value.get("statusCode") or 200)
    if not 200 <= status <= 599:
        raise ValueError(status)
    several = {name: values for name, values in (value.get("multiValueHeaders") or {}).items() if values}
    names = {name.lower() for name in several}
    single = {n: v for n, v in (value.get("headers") or {}).items() if n.lower() not in names}
    pairs = [
        *((name, text) for name, text in single.items()),
        *((name, text) for name, texts in several.items() for text in texts),
        *(("set-cookie", cookie) for cookie in value.get("cookies") or ()),
    ]
    headers = tuple((name, _text(text)) for name, text in pairs if name.lower() not in _DROPPED)
    if any(not _NAME.match(name) for name, _ in headers):
        raise ValueError("not the name of a header")
    body = str(value.get("body") or "")
    data = base64.b64decode(body, validate=True) if value.get("isBase64Encoded") else body.encode()
    return Answer(status, headers, data)


def _text(value: object) -> str:
    if value is True or value is False:
        value = str(value).lower()
    text = str(value)
    if _CONTROL.search(text):
        raise ValueError("not the value of a header")
    text.encode("latin-1")  # as HTTP sends it; raises ValueError
    return text
