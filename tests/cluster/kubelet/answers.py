"""What pods answer: their logs and ports, as a kubelet serves them, and their health, as the app does.

Pods have no network. The API server comes here for both: for logs to the node's port, and for everything that
it asks of a pod as a client of a proxy.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.cluster.kubelet.forward import PROTOCOL, forward
from tests.cluster.kubelet.pods import health, log_lines

Object = dict[str, Any]
Pods = Callable[[], "list[Object]"]


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    pods: Pods

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        parts = address.path.strip("/").split("/")
        if parts[0] == "containerLogs" and not address.netloc:
            self._logs(parts[1], parts[2], parse_qs(address.query))
        else:
            self._send(*self._health())

    def do_POST(self) -> None:
        parts = urlsplit(self.path).path.strip("/").split("/")
        pod = next((p for p in self.pods() if list(_name(p)) == parts[1:3]), None)
        if parts[0] != "portForward" or pod is None:
            self._send(404, f"nothing is at {self.path}")
            return
        self.protocol_version = "HTTP/1.1"
        self.send_response(101)
        for name, value in (("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1")):
            self.send_header(name, value)
        self.send_header("X-Stream-Protocol-Version", PROTOCOL)
        self.end_headers()
        forward(self.rfile, self.wfile, pod)

    def _health(self) -> tuple[int, str]:
        """That of a ready pod in the namespace of the Service: a proxy's request does not name the pod."""
        path = self.headers.get("X-Forwarded-Uri", "").strip("/").split("/")
        pods = [p for p in self.pods() if path[2:4] == ["namespaces", _name(p)[0]] and _is_ready(p)]
        return health(pods[0]) if pods else (502, "no pod is ready")

    def _logs(self, namespace: str, name: str, options: dict[str, list[str]]) -> None:
        named = (p for p in self.pods() if _name(p) == (namespace, name))
        pod = next(named, None)
        if pod is None:
            self._send(404, f"pod {name} not found")
            return
        lines = log_lines(pod, previous=options.get("previous") == ["true"])
        last = int(options.get("tailLines", ["1000"])[0])
        self._send(200, "".join(f"{line}\n" for line in lines[len(lines) - min(last, len(lines)) :]))
        while options.get("follow") == ["true"]:
            time.sleep(0.2)
            self.wfile.write(b'INFO: "GET /health HTTP/1.1" 200 OK\n')
            self.wfile.flush()

    def _send(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever follows a log goes when it likes."""


def serve(port: int, pods: Pods, certificate: Path | None = None, key: Path | None = None) -> None:
    """In a thread that ends with the process."""
    handler = type("Answers", (_Answers,), {"pods": staticmethod(pods)})
    server = _Server(("127.0.0.1", port), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _name(pod: Object) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
