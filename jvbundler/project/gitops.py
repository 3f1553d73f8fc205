"""What Argo CD and Flux pull, and how long they wait: as Flux's objects take it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

# What pulls the output: its section under `gitops`, which is its folder too, and its name.
SYSTEMS = {"argocd": "Argo CD", "flux": "Flux"}
# The fields of `ref` that each source has (source.toolkit.fluxcd.io/v1).
KINDS = {
    "GitRepository": ("branch", "tag", "semver", "commit"),
    "OCIRepository": ("tag", "semver", "digest"),
}


def systems(environment: Environment) -> tuple[str, ...]:
    """The sections of what pulls the environment's manifest; empty if it is applied by a deployment."""
    gitops = environment.settings["gitops"]
    enabled = {"argocd": gitops["argocd"]["enabled"], "flux": gitops["flux"]["enabled"]}
    return tuple(system for system in SYSTEMS if enabled[system])


def revision_of(environment: Environment) -> tuple[str, str]:
    """What Flux pulls, as a field of a source's `ref` and its value."""
    gitops = environment.settings["gitops"]
    text, kind = gitops["revision"], gitops["revision_kind"]
    for prefix, named in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if text.startswith(prefix):
            return kind or named, text.removeprefix(prefix)
    return kind or kind_of_revision(text, is_git=gitops["flux"]["source"] == "GitRepository"), text


def kind_of_revision(text: str, *, is_git: bool) -> str:
    """What a revision is, told from its form."""
    if re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        return "digest"
    if is_git and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text):
        return "commit"
    if re.fullmatch(r"v?[0-9]+\.[0-9]+(\.[0-9]+)?([-+][0-9A-Za-z.+-]+)?", text):
        return "tag"
    if re.search(r"[<>=~^*|, ]|\.x(\.|$)", text):
        return "semver"
    return "branch" if is_git else "tag"


def flux_url(url: str) -> str:
    """The URL as Flux takes it: the short form of ssh, git@host:path, is none for it."""
    user, at, rest = url.partition("@")
    if at and "://" not in url:
        host, _, path = rest.partition(":")
        return f"ssh://{user}@{host}/{path.lstrip('/')}"
    return url


def fitting_timeout(environment: Environment) -> str:
    """A minute longer than Kubernetes waits for a rollout: it then says itself why there is no progress."""
    seconds = environment.settings["kubernetes"]["deployment"]["progress_deadline_seconds"] + 60
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def seconds_of(duration: str) -> int:
    """A duration such as `5m` in seconds."""
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]
