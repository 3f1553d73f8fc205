"""`kubectl port-forward` as a kubelet serves it: SPDY/3.1, in which each connection is two streams.

Only what kubectl needs, and only for one connection after the other: the streams are told apart by their
order, errors first, so that their compressed headers need not be read. A pod's annotation says where its
container would listen.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import zlib
from io import BufferedIOBase
from typing import Any

ADDRESS = "test.jvbundler/address"
PROTOCOL = "portforward.k8s.io"
SYN_STREAM, PING = 1, 6
FIN = 1
# A block of headers without any, in a stream of zlib that goes on for the whole connection.
NO_HEADERS = b"\0\0\0\0"


def forward(reading: BufferedIOBase, writing: BufferedIOBase, pod: dict[str, Any]) -> None:
    """Serves one client until it goes."""
    host, _, port = str(pod["metadata"].get("annotations", {}).get(ADDRESS, "")).partition(":")
    lock, packer = threading.Lock(), zlib.compressobj()
    errors: list[int] = []
    containers: dict[int, socket.socket] = {}

    def send(frame: bytes) -> None:
        with lock, contextlib.suppress(OSError):
            writing.write(frame)
            writing.flush()

    def answer(stream: int, error_stream: int) -> None:
        with contextlib.suppress(OSError):
            while data := containers[stream].recv(65536):
                send(struct.pack("!II", stream, len(data)) + data)
        for each in (stream, error_stream):
            send(struct.pack("!II", each, FIN << 24))

    def open_stream(stream: int) -> None:
        with lock:
            headers = packer.compress(NO_HEADERS) + packer.flush(zlib.Z_SYNC_FLUSH)
        send(struct.pack("!HHII", 0x8003, 2, 4 + len(headers), stream) + headers)
        if not errors:
            errors.append(stream)
            return
        containers[stream] = socket.create_connection((host, int(port)))
        threading.Thread(target=answer, args=(stream, errors.pop()), daemon=True).start()

    while len(head := reading.read(8)) == 8:
        first, second = struct.unpack("!II", head)
        payload = reading.read(second & 0xFFFFFF)
        kind = first & 0xFFFF
        if not first >> 31:
            pass_on(containers.get(first), payload, is_last=bool(second >> 24 & FIN))
        elif kind == SYN_STREAM:
            open_stream(struct.unpack("!I", payload[:4])[0])
        elif kind == PING:
            send(head + payload)


def pass_on(container: socket.socket | None, data: bytes, *, is_last: bool) -> None:
    """What the client says on a stream; on those of errors it says nothing."""
    if container:
        with contextlib.suppress(OSError):
            container.sendall(data)
            if is_last:
                container.shutdown(socket.SHUT_WR)
