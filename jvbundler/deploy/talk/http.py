"""One request to the app: an answer, or a ToolFailed that says what answered and what to do.

No redirect is followed, as the password and the token are for this address alone.
"""

from __future__ import annotations

import json
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from jvbundler.runner import masked
from jvbundler.values.problem import InputError, ToolFailed

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# The longest JSON text that is taken from an app.
MOST_BYTES = 16 * 2**20
# How much of a failure's body is read for its first line, and shown of it.
READ_BYTES = 65536
SHOWN_CHARACTERS = 300


class Place(NamedTuple):
    """Where the app answers; `prefix` is that of its API. `absent` says what to do where nothing answers, and
    `failing` where it answers with a failure.
    """

    url: str
    prefix: str
    timeout_seconds: float
    absent: str
    failing: str


class Refused(ToolFailed):
    """The app answered, with another status than a success. `said` is that without advice."""

    def __init__(self, said: str, advice: str, status: int) -> None:
        super().__init__(f"{said}\n{advice}")
        self.said, self.status = said, status


def call(
    place: Place,
    path: str,
    *,
    body: dict[str, Any] | None = None,
    token: str = "",
    mask: tuple[str, ...] = (),
) -> HTTPResponse:
    """The answer of a POST with this body, or of a GET, still to be read."""
    url = f"{place.url.rstrip('/')}{place.prefix}{path}"
    headers = {"Accept": "application/json, text/event-stream", "User-Agent": "jvbundler"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    hidden = (*mask, token)
    try:
        opened: HTTPResponse = _opener(url).open(Request(url, data, headers), timeout=place.timeout_seconds)
        return opened
    except HTTPError as refused:
        with refused:
            words = masked(first_line(refused), hidden)
        said = f": {words}" if words else ""
        raise Refused(f"{url}: HTTP {refused.code}{said}", place.failing, refused.code) from None
    except (OSError, HTTPException, ValueError) as failure:
        raise unreachable(place, failure) from None


def unreachable(place: Place, failure: Exception) -> ToolFailed:
    """Also for an answer that breaks off."""
    why = getattr(failure, "reason", failure)
    return ToolFailed(f"{place.url}: no answer: {str(why) or type(failure).__name__}\n{place.absent}")


def document(answer: HTTPResponse, place: Place) -> dict[str, Any]:
    """The JSON object of an answer."""
    try:
        with answer:
            found = parsed(answer.read(MOST_BYTES))
    except (OSError, HTTPException) as failure:
        raise unreachable(place, failure) from None
    if not isinstance(found, dict):
        raise ToolFailed(f"{place.url}: what answers is not a jvagent app\n{place.absent}")
    return found


def parsed(text: bytes) -> Any:
    """The value of a JSON text, None of what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_answering(url: str) -> bool:
    """Whether this machine serves the URL, and with a success."""
    try:
        with _opener(url).open(url, timeout=1.0):
            return True
    except (OSError, HTTPException):
        return False


def require_url(url: str) -> str:
    """Raises InputError for what is no address of an app."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError(f"--url: '{url}' is not an address, as in http://127.0.0.1:8080")
    return url


def first_line(answer: Any) -> str:
    try:
        text = str(answer.read(READ_BYTES), "utf-8", "replace").strip()
    except (OSError, HTTPException):
        return ""
    return (text.splitlines() or [""])[0][:SHOWN_CHARACTERS]


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener(url: str) -> OpenerDirector:
    """A proxy does not lead to this machine."""
    proxies = (ProxyHandler({}),) if urlsplit(url).hostname in LOOPBACK else ()
    return build_opener(_NoRedirect, *proxies)
