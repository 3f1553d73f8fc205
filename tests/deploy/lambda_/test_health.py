"""The health path, asked of a server that starts slowly, fails, or is not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from jvbundler.deploy.lambda_.live import ask, health_url, wait_until_healthy


@contextmanager
def server(*statuses: int) -> Iterator[str]:
    """Answers with each status once, and with the last one from then on."""
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    running = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()


def test_an_app_that_needs_a_moment() -> None:
    with server(503, 503, 200) as url:
        answer = wait_until_healthy(health_url(url, "/health"), seconds=10, pause_seconds=0.01)
    assert answer.is_healthy
    assert answer.url == f"{url}/health"


def test_an_app_that_never_gets_well() -> None:
    with server(503) as url:
        answer = wait_until_healthy(url, seconds=0.1, pause_seconds=0.02)
    assert (answer.is_healthy, answer.status) == (False, 503)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "https://no.such.host.invalid/", "file:///etc/passwd"]
)
def test_what_cannot_be_asked_is_an_answer_too(url: str) -> None:
    answer = ask(url, timeout_seconds=5)
    assert answer.status == 0
    assert answer.error
