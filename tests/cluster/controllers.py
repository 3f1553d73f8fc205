"""Starts the controllers of Flux or of Argo CD, and says so when they are ready.

`python -m tests.cluster.controllers flux|argocd FOLDER KUBECONFIG`. They end with its standard input, as the
control plane does.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.cluster import programs
from tests.cluster.server import free_ports, running, serve_until_closed, wait_for

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
BINS = {"flux": TOOLS / "flux" / "bin", "argocd": TOOLS / "argocd" / "bin"}
PROGRAMS = {"flux": ("source-controller", "kustomize-controller"), "argocd": ("argocd", "redis")}
NAMESPACES = {"flux": "flux-system", "argocd": "argocd"}
LOOPBACK = "127.0.0.1"


def missing(system: str) -> list[str]:
    return [name for name in PROGRAMS[system] if not (BINS[system] / name).exists()]


def main() -> None:
    system, folder, kubeconfig = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
    start = {"flux": flux, "argocd": argocd}[system]
    serve_until_closed(lambda attempt: start(folder / str(attempt), kubeconfig))


@contextlib.contextmanager
def flux(folder: Path, kubeconfig: Path) -> Iterator[str]:
    folder.mkdir(parents=True)
    storage, *others = free_ports(5)
    environ = programs.environ(KUBECONFIG=str(kubeconfig), RUNTIME_NAMESPACE=NAMESPACES["flux"])
    artifacts = f"{LOOPBACK}:{storage}"
    (folder / "artifacts").mkdir()
    source = (
        *(str(BINS["flux"] / "source-controller"), f"--storage-path={folder / 'artifacts'}"),
        *(f"--storage-addr={artifacts}", f"--storage-adv-addr={artifacts}", *_addresses(others[:2])),
    )
    apply = (
        *(str(BINS["flux"] / "kustomize-controller"), *_addresses(others[2:])),
        "--requeue-dependency=5s",
    )
    with contextlib.ExitStack() as stack:
        both = [stack.enter_context(running(argv, environ, folder)) for argv in (source, apply)]
        for port, program in zip((others[1], others[3]), both, strict=True):
            _wait_for_answer(port, "readyz", folder, program)
        yield "flux"


def _addresses(ports: Sequence[int]) -> tuple[str, ...]:
    return (f"--metrics-addr={LOOPBACK}:{ports[0]}", f"--health-addr={LOOPBACK}:{ports[1]}")


@contextlib.contextmanager
def argocd(folder: Path, kubeconfig: Path) -> Iterator[str]:
    """One program, which reads from a variable which part of Argo CD it is."""
    folder.mkdir(parents=True)
    redis, repo, repo_metrics, metrics, commit, commit_metrics, *of_sets = free_ports(9)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_redis(redis, folder))
        server = stack.enter_context(
            _part(
                "argocd-repo-server",
                folder,
                kubeconfig,
                *(f"--address={LOOPBACK}", f"--port={repo}", f"--metrics-address={LOOPBACK}"),
                *(
                    f"--metrics-port={repo_metrics}",
                    f"--redis={LOOPBACK}:{redis}",
                    "--disable-tls",
                    "--client-ca-path=",
                ),
            )
        )
        _wait_for_answer(repo_metrics, "healthz?full=true", folder / "argocd-repo-server", server)
        commits = stack.enter_context(
            _part(
                "argocd-commit-server",
                folder,
                kubeconfig,
                *(f"--address={LOOPBACK}", f"--port={commit}"),
                *(f"--metrics-address={LOOPBACK}", f"--metrics-port={commit_metrics}"),
            )
        )
        _wait_for_answer(commit_metrics, "healthz?full=true", folder / "argocd-commit-server", commits)
        controller = stack.enter_context(
            _part(
                "argocd-application-controller",
                folder,
                kubeconfig,
                *(f"--repo-server={LOOPBACK}:{repo}", "--repo-server-plaintext"),
                *("--hydrator-enabled", f"--commit-server={LOOPBACK}:{commit}"),
                *(f"--redis={LOOPBACK}:{redis}", f"--metrics-port={metrics}", "--namespace=argocd"),
            )
        )
        _wait_for_answer(metrics, "healthz", folder / "argocd-application-controller", controller)
        names = ("metrics-addr", "probe-addr", "webhook-addr")
        addresses = (f"--{name}={LOOPBACK}:{port}" for name, port in zip(names, of_sets, strict=True))
        sets = stack.enter_context(
            _part(
                "argocd-applicationset-controller",
                folder,
                kubeconfig,
                *(f"--argocd-repo-server={LOOPBACK}:{repo}", "--repo-server-plaintext"),
                *(*addresses, "--namespace=argocd"),
            )
        )
        _wait_for_answer(of_sets[0], "metrics", folder / "argocd-applicationset-controller", sets)
        yield "argocd"


@contextlib.contextmanager
def _redis(port: int, folder: Path) -> Iterator[None]:
    with (folder / "redis.log").open("wb") as log:
        argv = [str(BINS["argocd"] / "redis"), f"{LOOPBACK}:{port}"]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=folder)
    try:
        yield
    finally:
        process.communicate(timeout=20)


@contextlib.contextmanager
def _part(name: str, folder: Path, kubeconfig: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    own = folder / name
    places = {}
    for variable in ("ARGOCD_TLS_DATA_PATH", "ARGOCD_SSH_DATA_PATH", "ARGOCD_GNUPGHOME", "TMPDIR", "HOME"):
        places[variable] = str(own / variable.lower())
        Path(places[variable]).mkdir(parents=True)
    path = f"{BINS['argocd']}:{programs.environ()['PATH']}"
    environ = programs.environ(
        KUBECONFIG=str(kubeconfig),
        ARGOCD_BINARY_NAME=name,
        ARGOCD_FAKE_IN_CLUSTER="true",
        ARGOCD_GPG_ENABLED="false",
        HOSTNAME="argocd-0",
        PATH=path,
        **places,
    )
    with running((str(BINS["argocd"] / "argocd"), *options), environ, own) as process:
        yield process


def _wait_for_answer(port: int, path: str, folder: Path, program: subprocess.Popen[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def answers() -> bool:
        with opener.open(f"http://{LOOPBACK}:{port}/{path}", timeout=5) as answer:
            return bool(answer.status == 200)

    wait_for(answers, folder, program)


if __name__ == "__main__":
    main()
