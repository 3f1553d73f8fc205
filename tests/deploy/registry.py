"""A real registry on loopback (go-containerregistry's), and a gate before it that wants a login."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from tests.deploy.conftest import ROOT

USER, PASSWORD, TOKEN = "ada", "correct-horse-battery", "a-token-of-the-registry"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_HOP = ("transfer-encoding", "connection", "content-length", "date", "server")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    host: str, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> Answer:
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request(method, path, body=body or None, headers=headers or {})
        found = connection.getresponse()
        return Answer(found.status, dict(found.getheaders()), found.read())
    finally:
        connection.close()


@contextmanager
def registry() -> Iterator[str]:
    """Its host and port; what it holds is in its memory."""
    program = shutil.which("registry", path=str(ROOT / ".tools/bin")) or shutil.which("registry")
    if program is None:
        pytest.fail("'registry' is missing: make tools")
    argv = [program, "-port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        try:
            line = process.stdout.readline()
            port = line.rsplit(" ", 1)[1].strip()
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield f"localhost:{port}"
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def gate(behind: str, kind: str) -> Iterator[tuple[str, list[str]]]:
    """A registry that wants a login, of the kind Basic or Bearer; and the requests that it let through."""
    passed: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            given = self.headers.get("Authorization", "")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            here = f"127.0.0.1:{server.server_address[1]}"
            if self.path.startswith("/token"):
                self.answer(*self.token(given, body.decode()))
            elif given != (f"Basic {BASIC}" if kind == "Basic" else f"Bearer {TOKEN}"):
                realm = f'Bearer realm="http://{here}/token",service="tests"' if kind == "Bearer" else ""
                challenge = realm or 'Basic realm="tests"'
                said = {"errors": [{"code": "UNAUTHORIZED", "message": "log in"}]}
                self.answer(401, json.dumps(said).encode(), {"WWW-Authenticate": challenge})
            else:
                passed.append(f"{self.command} {self.path}")
                kept = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                found = ask(behind, self.command, self.path, kept, body)
                self.answer(found.status, found.body, found.headers)

        def token(self, given: str, body: str) -> tuple[int, bytes]:
            assert "repository%3Aacme%2Fdeploy%3Apull%2Cpush" in self.path + body
            knows = given == f"Basic {BASIC}" or "refresh_token=an-identity-token" in body
            return (200, json.dumps({"token": TOKEN}).encode()) if knows else (401, b"{}")

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = handle_any

        def log_message(self, *words: object) -> None:
            """The tests have their own words."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", passed
    finally:
        server.shutdown()
        server.server_close()
