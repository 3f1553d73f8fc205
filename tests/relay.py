"""Passes on what comes through a socket, for what stands between a client and an app."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit


def connected(url: str) -> socket.socket:
    """A connection to the server of this URL."""
    address = urlsplit(url)
    return socket.create_connection((address.hostname or "", address.port or 80))


def relay(one: socket.socket, other: socket.socket) -> None:
    """Both ways, until the one that answers is done."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    threading.Thread(target=copy, args=(one, other), daemon=True).start()
    copy(other, one)
