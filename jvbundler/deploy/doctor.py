"""Checks the tools, the engine and the credentials for a deployment: one line and a fix for each.

Changes nothing; a deployment makes the checks that it needs before its first change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.runner import INSTALL, Completed, find_tool, run
from jvbundler.values.problem import ToolFailed

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

SECONDS = 30.0
ANY_CODE = range(256)

# The oldest versions that support what we need, and why.
KUBECTL = (1, 25)  # `kubectl diff --server-side` and `apply --server-side` in their present form
BUILDX = (0, 10)  # --provenance and --sbom
BUILDX_OF_COPIES = (0, 15)  # imagetools create --prefer-index
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


class Check(NamedTuple):
    """One finding: `found` says what there is, `fix` what to do if it is not `ok`."""

    name: str
    ok: bool
    found: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.found}" + (
            f"\n  to fix it: {self.fix}" if self.fix and not self.ok else ""
        )


def require(checks: Iterable[Check]) -> None:
    """Raise ToolFailed with all that is missing."""
    missing = [str(check) for check in checks if not check.ok]
    if missing:
        raise ToolFailed("\n".join(["not ready, nothing was changed:", *missing]))


def release_checks(environment: Environment, environ: Mapping[str, str]) -> tuple[Check, ...]:
    """What a deployment of this environment needs."""
    checks = [*docker_checks(environ)]
    kubernetes, on_lambda = environment.settings["kubernetes"], environment.settings["lambda"]
    if kubernetes["enabled"]:
        checks += kubectl_checks(kubernetes["context"], environment.namespace, environ)
    if on_lambda["enabled"]:
        checks += [sam(environ), aws(environ)]
        if checks[-1].ok:
            checks.append(aws_account(on_lambda["region"], on_lambda["account_id"], environ))
    return tuple(checks)


def all_checks(environ: Mapping[str, str]) -> tuple[Check, ...]:
    return (*docker_checks(environ), kubectl(environ), sam(environ), aws(environ))


def docker_checks(
    environ: Mapping[str, str], *, builder: str = "", index: bool = False, copies: bool = False
) -> tuple[Check, ...]:
    """`index` means attestations or several platforms, which not every builder supports.

    `copies` means that an image is copied to another registry.
    """
    if not find_tool("docker"):
        return (_missing("docker"),)
    plugin = buildx(environ, BUILDX_OF_COPIES if copies else BUILDX)
    if not plugin.ok:
        return (plugin, engine(environ))
    # The engine of a named builder may be elsewhere: buildx knows.
    return (plugin, *(() if builder else (engine(environ),)), *builder_checks(builder, environ, index=index))


def buildx(environ: Mapping[str, str], oldest: tuple[int, int] = BUILDX) -> Check:
    fix = "install the package docker-buildx-plugin (Debian and Ubuntu: docker-buildx)"
    return at_least("docker buildx", ("docker", "buildx", "version"), oldest, fix, environ)


def engine(environ: Mapping[str, str]) -> Check:
    done = _ask(environ, "docker", "version", "--format", "{{.Server.Version}}")
    words = done.text.strip() if done.code == 0 else _last_words(done)
    fix = "start Docker, or point DOCKER_HOST at an engine that runs"
    return Check("docker engine", done.code == 0 and bool(words), words or "gave no version", fix)


def builder_checks(name: str, environ: Mapping[str, str], *, index: bool) -> tuple[Check, ...]:
    """Whether the builder exists and, for an index, supports it: docker's own store does not."""
    shown = f"builder '{name}'" if name else "the default builder"
    done = _ask(environ, "docker", "buildx", "inspect", *((name,) if name else ()))
    if done.code:
        fix = "choose one of 'docker buildx ls' with --builder"
        return (Check(shown, False, _last_words(done), fix),) if name else ()
    driver = re.search(r"^Driver:\s*(\S+)", done.text, re.MULTILINE)
    driver_name = driver[1] if driver else "unknown"
    plain = driver_name == "docker" and index and "containerd" not in _image_store(environ)
    fix = "'docker buildx create --name NAME' and --builder NAME; or --no-attestations and one platform"
    found = "supports no attestations and only one platform" if plain else f"driver {driver_name}"
    return (Check(shown, not plain, found, fix),)


def _image_store(environ: Mapping[str, str]) -> str:
    return _ask(environ, "docker", "info", "--format", "{{.DriverStatus}}").text


def kubectl_checks(context: str, namespace: str, environ: Mapping[str, str]) -> tuple[Check, ...]:
    """The tool, and whether the cluster answers and lets us deploy."""
    tool = kubectl(environ)
    if not tool.ok or not context:
        return (tool,)
    return (tool, cluster(context, namespace, environ))


def kubectl(environ: Mapping[str, str]) -> Check:
    if not find_tool("kubectl"):
        return _missing("kubectl")
    argv = ("kubectl", "version", "--client", "--output=json")
    return at_least("kubectl", argv, KUBECTL, INSTALL["kubectl"], environ)


def cluster(context: str, namespace: str, environ: Mapping[str, str]) -> Check:
    name = f"cluster '{context}'"
    argv = ("--context", context, "--namespace", namespace, "--request-timeout=20s")
    done = _ask(environ, "kubectl", *argv, "auth", "can-i", "patch", "deployments.apps")
    answer = done.text.strip().splitlines()[-1:] or [""]
    if answer[0].startswith("yes"):
        return Check(name, True, f"may deploy to namespace '{namespace}'")
    if answer[0].startswith("no"):
        fix = f"ask for a role that may change apps, core, networking and policy objects in '{namespace}'"
        return Check(name, False, f"you may not change Deployments in namespace '{namespace}'", fix)
    return Check(name, False, _last_words(done), _cluster_fix(_last_words(done), context))


def _cluster_fix(words: str, context: str) -> str:
    if "context" in words and "does not exist" in words:
        return "choose one of 'kubectl config get-contexts -o name' as kubernetes.context or --context"
    if "must be logged in" in words or "Unauthorized" in words or "getting credentials" in words:
        return f"your credentials for '{context}' are missing or expired: log in to the cluster again"
    return f"check the network, VPN and server address of context '{context}'"


def sam(environ: Mapping[str, str]) -> Check:
    return (
        at_least("sam", ("sam", "--version"), (1, 100), INSTALL["sam"], environ)
        if find_tool("sam")
        else _missing("sam")
    )


def aws(environ: Mapping[str, str]) -> Check:
    if not find_tool("aws"):
        return _missing("aws")
    return at_least("aws", ("aws", "--version"), (1, 29), INSTALL["aws"], environ)


def aws_account(region: str, account: str, environ: Mapping[str, str]) -> Check:
    """Whether there are credentials, and whether they belong to the account that deploy.yaml names."""
    name = "AWS credentials"
    done = _ask(environ, "aws", "sts", "get-caller-identity", "--region", region, "--output", "json")
    if done.code:
        fix = "'aws configure', 'aws sso login', or set AWS_PROFILE"
        return Check(name, False, _last_words(done), fix)
    try:
        identity = json.loads(done.text)
        found, arn = str(identity["Account"]), str(identity["Arn"])
    except (ValueError, KeyError, TypeError):
        return Check(
            name, False, "'aws sts get-caller-identity' gave no identity", "check your aws installation"
        )
    if account and found != account:
        fix = f"use credentials of {account}, or change lambda.account_id"
        return Check(name, False, f"they belong to account {found}, but deploy.yaml names {account}", fix)
    return Check(name, True, f"{arn} in account {found}")


def at_least(
    name: str, argv: Sequence[str], least: tuple[int, int], fix: str, environ: Mapping[str, str]
) -> Check:
    """Whether a tool has at least this version, read from its output."""
    try:
        done = _ask(environ, *argv)
    except ToolFailed as failure:
        return Check(name, False, str(failure).splitlines()[0], fix)
    match = _VERSION.search(_version_text(done.text))
    if done.code or not match:
        return Check(name, False, _first_words(done), fix)
    wanted = ".".join(map(str, least))
    ok = (int(match[1]), int(match[2])) >= least
    return Check(name, ok, match[0] if ok else f"{match[0]} is too old: {wanted} is needed", fix)


def _version_text(text: str) -> str:
    """kubectl prints Kustomize's version as well: its own is under `gitVersion`."""
    match = re.search(r'"gitVersion": *"([^"]*)"', text)
    return match[1] if match else text


def _missing(tool: str) -> Check:
    return Check(tool, False, "is not on PATH", INSTALL.get(tool, ""))


def _ask(environ: Mapping[str, str], *argv: str) -> Completed:
    return run(argv, env=environ, timeout_seconds=SECONDS, expected=ANY_CODE)


def _last_words(done: Completed) -> str:
    """The last line of output: the reason, in most tools."""
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else f"failed with exit code {done.code} and said nothing"


def _first_words(done: Completed) -> str:
    """The first line: a tool that does not know a subcommand says so before it prints its usage."""
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return lines[0].strip() if lines else "gave no version"
