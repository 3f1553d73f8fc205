"""The addresses of AWS that lead to an app: API Gateway and Function URLs, on loopback.

A proxy that is the server of every host below amazonaws.com, and passes what it is sent on to one app. What
calls it needs `environ`: the proxy, and the authority of its certificates.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import trustme

from tests.relay import connected, relay

HOSTS = ("*.execute-api.eu-central-1.amazonaws.com", "*.lambda-url.eu-central-1.on.aws")


class Gateway(NamedTuple):
    environ: dict[str, str]


@contextlib.contextmanager
def gateway(folder: Path, app: str) -> Iterator[Gateway]:
    """`app` is the URL of what answers."""
    authority = trustme.CA()
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, context, app), daemon=True).start()
        proxy = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield Gateway({"HTTPS_PROXY": proxy, "NO_PROXY": "localhost,127.0.0.1", "SSL_CERT_FILE": str(file)})


def _serve(listening: socket.socket, context: ssl.SSLContext, app: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listening.accept()
            threading.Thread(target=_pass_on, args=(client, context, app), daemon=True).start()


def _pass_on(client: socket.socket, context: ssl.SSLContext, app: str) -> None:
    with contextlib.suppress(OSError), client:
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += client.recv(1)
        assert asked.startswith(b"CONNECT ")
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with context.wrap_socket(client, server_side=True) as inside, connected(app) as behind:
            relay(inside, behind)
