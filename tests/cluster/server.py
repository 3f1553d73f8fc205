"""Starts a control plane in a folder, and prints its kubeconfig when it is ready.

`python -m tests.cluster.server FOLDER`. It ends with its standard input, and all that it started with it:
when whoever started it closes it, or is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.cluster import programs
from tests.cluster.access import Access, kubeconfig, make_access
from tests.cluster.kubelet.answers import serve
from tests.cluster.kubelet.api import MERGE, Api, Object
from tests.cluster.kubelet.node import NODE, PROVISIONER, Node
from tests.cluster.programs import Ports

# A busy machine is no failure.
SECONDS_TO_START = 300.0
SECONDS_TO_END = 20.0
# Somebody may take a free port between the look and the start.
ATTEMPTS = 3
# What the golden cases name, and an administrator has made.
CLASSES: tuple[tuple[str, str, str, Object], ...] = (
    ("scheduling.k8s.io/v1/priorityclasses", "PriorityClass", "business-critical", {"value": 1000}),
    ("node.k8s.io/v1/runtimeclasses", "RuntimeClass", "gvisor", {"handler": "runsc"}),
    ("storage.k8s.io/v1/storageclasses", "StorageClass", "standard", {"provisioner": PROVISIONER}),
    ("storage.k8s.io/v1/storageclasses", "StorageClass", "gp3", {"provisioner": PROVISIONER}),
)


class DidNotStart(Exception):
    """Which program, with the end of its log."""


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    serve_until_closed(lambda attempt: control_plane(folder / str(attempt)))


def serve_until_closed(start: Callable[[int], contextlib.AbstractContextManager[object]]) -> None:
    """Say that it is ready, and keep it until standard input ends; `start` is tried some times."""
    # Of its own: a signal for the group of whoever started it must not end what it has to end in order.
    with contextlib.suppress(OSError):
        os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with start(attempt) as said:
                print(said, flush=True)
                sys.stdin.read()
                return
        except DidNotStart as failure:
            print(failure, file=sys.stderr, flush=True)
    sys.exit(1)


@contextlib.contextmanager
def control_plane(folder: Path) -> Iterator[Path]:
    """The administrator's kubeconfig of a control plane that has a node."""
    folder.mkdir(parents=True)
    access, ports = make_access(folder / "access"), Ports(*free_ports(len(Ports._fields)))
    server = f"https://127.0.0.1:{ports.api}"
    admin = kubeconfig(folder / "kubeconfig", server, access, "admin")
    for_controllers = kubeconfig(folder / "controllers.kubeconfig", server, access, "controllers")
    with contextlib.ExitStack() as stack:

        def start(argv: Sequence[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
            return stack.enter_context(running(argv, environ, folder))

        store = start(programs.etcd(ports, folder), programs.environ())
        api_server = start(programs.api_server(ports, access, folder), programs.api_environ(ports))
        api = Api(ports.api, access.authority, access.tokens["admin"])
        wait_for(lambda: api.call("GET", "/api") is not None, folder, store, api_server)
        wait_for(lambda: has_namespace(api, "default"), folder, store, api_server)
        others = (
            start(programs.controllers(for_controllers, access), programs.environ()),
            start(programs.scheduler(for_controllers), programs.environ()),
        )
        start_node(ports, access)
        # Until its caches are filled, the server refuses some kinds.
        wait_for(lambda: make_classes(api), folder, store, api_server, *others)
        wait_for(lambda: is_usable(api), folder, store, api_server, *others)
        yield admin


@contextlib.contextmanager
def running(argv: Sequence[str], environ: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{Path(argv[0]).name}.log").open("wb") as output:
        process = subprocess.Popen(
            argv, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, taken all at once so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for(is_done: Callable[[], bool], folder: Path, *processes: subprocess.Popen[bytes]) -> None:
    """Until it is done. Raises DidNotStart once a program has ended, or after SECONDS_TO_START."""
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        with contextlib.suppress(Exception):
            if is_done():
                return
        for process in processes:
            if process.poll() is not None or time.monotonic() > deadline:
                name = Path(process.args[0]).name  # type: ignore[index, arg-type]
                words = (folder / f"{name}.log").read_text(errors="replace").splitlines()[-15:]
                raise DidNotStart("\n".join([f"{name} did not start:", *words]))
        time.sleep(0.1)


def has_namespace(api: Api, name: str) -> bool:
    return api.call("GET", f"/api/v1/namespaces/{name}") is not None


def is_usable(api: Api) -> bool:
    """Whether the controllers run (they make this account), and the scheduler may use the node."""
    account = api.call("GET", "/api/v1/namespaces/default/serviceaccounts/default")
    node = api.call("GET", f"/api/v1/nodes/{NODE}")
    return account is not None and node is not None and not node["spec"].get("taints")


def start_node(ports: Ports, access: Access) -> None:
    node = Node(Api(ports.api, access.authority, access.tokens["kubelet"]), ports.kubelet)
    serve(ports.kubelet, lambda: node.pods, access.certificate, access.key)
    serve(ports.pods, lambda: node.pods)
    threading.Thread(target=node.run, daemon=True).start()


def make_classes(api: Api) -> bool:
    for path, kind, name, fields in CLASSES:
        item = {"apiVersion": path.rpartition("/")[0], "kind": kind, "metadata": {"name": name}}
        api.call("POST", f"/apis/{path}", {**item, **fields})
    default = {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}
    api.call("PATCH", "/apis/storage.k8s.io/v1/storageclasses/standard", default, MERGE)
    return True


if __name__ == "__main__":
    main()
