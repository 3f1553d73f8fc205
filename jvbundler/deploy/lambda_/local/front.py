"""A server on this machine in the place of API Gateway, or of the Function URL: each request is an event.

It listens on loopback only. The emulator takes one event at a time; requests wait for their turn, and their
time begins with it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as OutOfTime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from jvbundler.deploy.lambda_.local import events
from jvbundler.deploy.lambda_.local.answers import (
    MOST_BYTES,
    Answer,
    Kind,
    answer_of,
    broken,
    malformed,
    too_large,
    too_late,
)
from jvbundler.deploy.lambda_.local.events import Request

LOOPBACK = "127.0.0.1"
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, as the emulator has it
INVOCATIONS = "/2015-03-31/functions/function/invocations"
# A client that stops in the middle of a request does not keep its thread for ever.
CLIENT_SECONDS = 60.0
# Of a body that is too large: how much of it is taken, and how long a client may pause in it.
DISCARDED_BYTES = 20 * MOST_BYTES
LINGER_SECONDS = 1.0
EVENTS = {"http_api": events.http_api, "rest_api": events.rest_api, "function_url": events.function_url}


class Endpoint(NamedTuple):
    """`seconds` is how long a request may take. `prefix` stands before the path that the app knows."""

    kind: Kind
    seconds: float
    prefix: str = ""
    stage: str = ""


class Front(ThreadingHTTPServer):
    """`serve_forever` calls `meanwhile` at least twice a second, and ends with what that raises."""

    daemon_threads = True
    # A request that nobody waits for any more must not keep us.
    block_on_close = False

    def __init__(
        self, port: int, emulator: int, endpoint: Endpoint, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Raises OSError if the port is taken."""
        super().__init__((LOOPBACK, port), _Handler)
        self.endpoint = endpoint
        self._emulator = emulator
        self._meanwhile = meanwhile
        self._turn = threading.Lock()

    def service_actions(self) -> None:
        self._meanwhile()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none of our errors."""

    def answer(self, request: Request) -> Answer:
        kind = self.endpoint.kind
        event = json.dumps(EVENTS[kind](request)).encode()
        if len(event) > MOST_BYTES:
            return too_large(kind)
        done: Future[bytes] = Future()
        self._turn.acquire()
        threading.Thread(target=self._invoke, args=(event, done), daemon=True).start()
        try:
            return answer_of(done.result(self.endpoint.seconds), kind)
        except OutOfTime:
            return too_late(kind)
        except (OSError, http.client.HTTPException):
            return broken(kind)

    def _invoke(self, event: bytes, done: Future[bytes]) -> None:
        """Its turn ends with the event, even if nobody waits for it any more."""
        try:
            connection = http.client.HTTPConnection(LOOPBACK, self._emulator)
            try:
                connection.request("POST", INVOCATIONS, event)
                done.set_result(connection.getresponse().read(2 * MOST_BYTES))
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as failure:
            done.set_exception(failure)
        finally:
            self._turn.release()


class _Handler(BaseHTTPRequestHandler):
    server: Front
    protocol_version = "HTTP/1.1"
    timeout = CLIENT_SECONDS

    def _serve(self) -> None:
        try:
            body = self._body()
        except ValueError:
            self._refuse(malformed())
            return
        if body is None:
            self._refuse(too_large(self.server.endpoint.kind))
            return
        self._send(self.server.answer(self._request(body)))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _body(self) -> bytes | None:
        """None for one that is too large. Raises ValueError for one whose length is not said as in HTTP."""
        coding, length = self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length") or "0"
        if coding and coding.lower() == "chunked":
            return self._chunks()
        if coding or not (length.isascii() and length.isdigit()):
            raise ValueError(length)
        return None if int(length[:20]) > MOST_BYTES else self._exactly(int(length))

    def _exactly(self, length: int) -> bytes:
        """Raises ConnectionError if the client goes away before."""
        found = self.rfile.read(length)
        if len(found) < length:
            raise ConnectionError("the request is not complete")
        return found

    def _chunks(self) -> bytes | None:
        body = b""
        while size := int(self.rfile.readline(100).partition(b";")[0], 16):
            if size < 0:
                raise ValueError(size)
            if len(body) + size > MOST_BYTES:
                return None
            body += self._exactly(size)
            self.rfile.readline(10)
        while self.rfile.readline(65536).strip():
            pass  # trailers
        return body

    def _refuse(self, answer: Answer) -> None:
        self.close_connection = True
        self._send(answer)
        self._discard()

    def _discard(self) -> None:
        """A connection that is closed before all was read is reset, and its client never sees the answer."""
        self.connection.settimeout(LINGER_SECONDS)
        left = DISCARDED_BYTES
        with contextlib.suppress(OSError):
            while left > 0 and (some := self.rfile.read1(65536)):
                left -= len(some)

    def _request(self, body: bytes) -> Request:
        path, _, query = self.path.partition("?")
        endpoint = self.server.endpoint
        headers = tuple((n, v) for n, v in self.headers.items() if n.lower() not in _OF_A_CONNECTION)
        return Request(self.command, endpoint.prefix + path, body, headers, query, endpoint.stage)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        has_body = answer.status not in (204, 304)
        if has_body:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if has_body and self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """The function's log says what was asked."""


_OF_A_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "upgrade")
