"""The server before the emulator; the function behind it is a server of the test's own."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from jvbundler.deploy.lambda_.local.front import INVOCATIONS, Endpoint, Front

Function = Callable[[dict[str, Any]], bytes]
HTTP_API = Endpoint("http_api", 5)


@contextlib.contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def emulator(function: Function) -> ThreadingHTTPServer:
    class Emulator(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == INVOCATIONS
            returned = function(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(returned)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Emulator)
    server.daemon_threads = True
    return server


@contextlib.contextmanager
def front(function: Function, endpoint: Endpoint = HTTP_API) -> Iterator[http.client.HTTPConnection]:
    with (
        served(emulator(function)) as behind,
        served(Front(0, behind, endpoint)) as port,
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection,
    ):
        yield connection


def echo(event: dict[str, Any]) -> bytes:
    return json.dumps(
        {"statusCode": 201, "headers": {"x-a": "b"}, "cookies": ["c=1", "d=2"], "body": json.dumps(event)}
    ).encode()


def asked(connection: http.client.HTTPConnection, *request: Any, **more: Any) -> tuple[int, bytes]:
    connection.request(*request, **more)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_a_request_is_an_event_and_the_return_value_the_answer() -> None:
    with front(echo, Endpoint("http_api", 5, prefix="/prod", stage="prod")) as connection:
        connection.request("POST", "/api/x?a=1", b"{}", {"X-One": "1"})
        answer = connection.getresponse()
        event = json.loads(answer.read())
    assert (answer.status, answer.getheader("x-a")) == (201, "b")
    assert answer.headers.get_all("set-cookie") == ["c=1", "d=2"]
    assert (event["rawPath"], event["rawQueryString"]) == ("/prod/api/x", "a=1")
    assert (event["headers"]["x-one"], event["requestContext"]["stage"]) == ("1", "prod")


def test_one_connection_serves_many_requests_with_and_without_a_length() -> None:
    with front(echo) as connection:
        for body in (b"12", iter([b"1", b"2"])):
            status, text = asked(connection, "PUT", "/", body)
            assert (status, json.loads(text)["body"]) == (201, "MTI=")
        assert asked(connection, "HEAD", "/") == (201, b"")


@pytest.mark.parametrize(
    ("endpoint", "status", "body"),
    [
        (Endpoint("http_api", 0.1), 503, b'{"message": "Service Unavailable"}'),
        (Endpoint("rest_api", 0.1), 504, b'{"message": "Endpoint request timed out"}'),
    ],
)
def test_who_takes_too_long_is_answered_in_time(endpoint: Endpoint, status: int, body: bytes) -> None:
    released = threading.Event()

    def slow(event: dict[str, Any]) -> bytes:
        released.wait(20)
        return echo(event)

    with front(slow, endpoint) as connection:
        assert asked(connection, "GET", "/") == (status, body)
        released.set()
        # The next one gets its turn.
        assert asked(connection, "GET", "/")[0] == 201


def test_events_go_to_the_function_one_at_a_time() -> None:
    busy = threading.Lock()

    def alone(event: dict[str, Any]) -> bytes:
        assert busy.acquire(blocking=False)
        threading.Event().wait(0.02)
        busy.release()
        return echo(event)

    statuses: list[int] = []
    with front(alone) as connection:

        def ask() -> None:
            mine = http.client.HTTPConnection("127.0.0.1", connection.port, timeout=20)
            statuses.append(asked(mine, "GET", "/")[0])
            mine.close()

        threads = [threading.Thread(target=ask) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [201] * 5


def test_a_body_above_the_limit_is_413_before_it_was_sent_and_after() -> None:
    with front(echo) as connection:
        assert asked(connection, "POST", "/", b"x" * 20 * 1024 * 1024)[0] == 413
        assert asked(connection, "POST", "/", iter([b"x" * 1024 * 1024] * 7))[0] == 413
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(6 * 1024 * 1024 + 1))
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (413, b'{"message": "Request Entity Too Large"}')


@pytest.mark.parametrize(
    "header", [("Content-Length", "-1"), ("Transfer-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]
)
def test_a_body_without_a_sound_length_is_400(header: tuple[str, str]) -> None:
    with front(echo) as connection:
        connection.putrequest("POST", "/")
        connection.putheader(*header)
        connection.endheaders(b"zz\r\n")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (400, b'{"message": "Bad Request"}')


def test_base64_counts() -> None:
    with front(lambda event: b'{"statusCode": 204}') as connection:
        assert asked(connection, "POST", "/", b"x" * 5 * 1024 * 1024)[0] == 413
        assert asked(connection, "POST", "/", b"x" * 4 * 1024 * 1024)[0] == 204


def test_without_the_emulator_the_function_has_failed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = taken.getsockname()[1]
        with served(Front(0, nobody, HTTP_API)) as port:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            assert asked(connection, "GET", "/") == (500, b'{"message": "Internal Server Error"}')
            connection.close()


def test_it_listens_on_loopback_alone() -> None:
    with contextlib.closing(Front(0, 1, HTTP_API).socket) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
