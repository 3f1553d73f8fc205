"""What Argo CD and Flux pull, and how long they wait: as Flux's objects take it."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

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


# The folder of the roots, beside those of the apps.
ROOTS = "fleet"
# What Argo CD's pattern and Flux's ignore file take as it is.
_PLAIN = r"[A-Za-z0-9._-]+"
# RFC 1123, with room for the name of an environment: Flux repeats the name in a label.
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LONGEST_LABEL = 63


class FleetPath(NamedTuple):
    """Where the outputs of a fleet's apps are in the repository: `above` and `below` the folders of the apps.

    Both are empty or end with a slash: `gitops/` and an empty text, `apps/` and `deploy/`.
    """

    above: str
    below: str

    def of(self, app: str) -> str:
        """The output of the app with this folder, or of every app with `*`."""
        return f"{self.above}{app}/{self.below}"


def fleet_path(path: str, app: str) -> FleetPath | None:
    """The outputs' place, told from that of one app with this folder; None if it is in none such."""
    parts = posixpath.normpath(path).split("/")
    if app not in parts:
        return None
    at = len(parts) - 1 - parts[::-1].index(app)
    above, below = ("".join(f"{part}/" for part in some) for some in (parts[:at], parts[at + 1 :]))
    return FleetPath(above, below)


def root_beside(path: FleetPath, system: str, environment: Environment) -> str:
    """The root of a fleet, relative to the output of one of its apps."""
    return f"{'../' * (path.below.count('/') + 1)}{ROOTS}/{system}/{environment.name}.yaml"


def suffix_of(environment: Environment) -> str:
    """What follows a name in this environment: `-prod`, or nothing if there is only one."""
    return environment.qualified_name.removeprefix(environment.instance)


def fleet_fault(path: str, app: str, environment: Environment) -> str:
    """Why one pattern does not find this app and no other, as a sentence; empty if it does."""
    if not path:
        return "its output is in no git work tree, and gitops.path does not tell where it will be"
    found = fleet_path(path, app)
    if found is None:
        return f"its output, '{path}' in the repository, is in no folder of its name, '{app}'"
    if app == ROOTS:
        return f"its folder has the name of the one for the roots of the fleet, '{app}'"
    if not re.fullmatch(_LABEL, app):
        return f"the name of its folder, '{app}', is no name for an object"
    if len(f"{app}{suffix_of(environment)}") > _LONGEST_LABEL:
        return (
            f"the name of its folder and of the environment together, '{app}{suffix_of(environment)}', "
            f"have more than {_LONGEST_LABEL} characters"
        )
    others = f"{found.above}{found.below}".split("/")
    odd = next((part for part in others if part and not re.fullmatch(_PLAIN, part)), None)
    return f"a pattern cannot have '{odd}', a folder on the way to its output" if odd else ""
