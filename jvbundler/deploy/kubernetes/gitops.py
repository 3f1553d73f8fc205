"""Whether Argo CD or Flux manages an object, and what to do there instead of changing it in the cluster."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from jvbundler.project.gitops import SYSTEMS, systems

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

Verb = Literal["deploy", "rollback", "destroy"]

_ARGOCD = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
_FLUX = {"kustomize.toolkit.fluxcd.io": "Kustomization", "helm.toolkit.fluxcd.io": "HelmRelease"}
_FLUX_MANAGERS = {"kustomize-controller": "Kustomization", "helm-controller": "HelmRelease"}


class Owner(NamedTuple):
    """`system` applied the object because its own object `name`, of this kind, told it to."""

    system: str
    kind: str
    name: str = ""
    namespace: str = ""


def owner_of(metadata: Mapping[str, Any], managers: set[str]) -> Owner | None:
    """Argo CD marks objects with an annotation or a label; an old installation uses the common label
    app.kubernetes.io/instance, and then its name is among the field managers.
    """
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    for mark in _ARGOCD:
        if mark in marks:
            # A tracking id is APPLICATION:GROUP/KIND:NAMESPACE/NAME.
            return Owner("Argo CD", "Application", str(marks[mark]).partition(":")[0])
    for group, kind in _FLUX.items():
        if f"{group}/name" in marks:
            return Owner("Flux", kind, str(marks[f"{group}/name"]), str(marks.get(f"{group}/namespace", "")))
    if any(manager.startswith("argocd") for manager in managers):
        return Owner("Argo CD", "Application")
    return next(
        (Owner("Flux", kind) for manager, kind in _FLUX_MANAGERS.items() if manager in managers), None
    )


def refusal(owner: Owner, verb: Verb, deployment: str, manifest: str) -> str:
    """Why nothing was changed, and what to do instead."""
    where = f"the repository that {owner.system} pulls"
    instead = {
        "deploy": f"commit '{manifest}' to {where}; '--force' deploys anyway",
        "rollback": f"revert the commit of '{manifest}' in {where}; '--force' goes back anyway",
        "destroy": f"delete the {owner.kind}{_named(owner)}: '{delete_command(owner)}'; "
        "'--force' deletes the objects anyway",
    }
    return (
        f"{owner.system} manages the Deployment '{deployment}': it would undo this, nothing was changed\n"
        f"  {instead[verb]}"
    )


def pulled_by(environment: Environment) -> str:
    """The systems that deploy.yaml has the environment pulled by, or nothing."""
    return " and ".join(SYSTEMS[system] for system in systems(environment))


def pulled(systems: str, environment: str) -> str:
    """What somebody should know who deploys such an environment."""
    return f"environment '{environment}' is pulled by {systems}: what differs from the repository is undone"


def delete_command(owner: Owner) -> str:
    """What its name is comes from the cluster, so it is quoted; without one it is in capitals."""
    name = shlex.quote(owner.name) if owner.name else "NAME"
    if owner.system == "Argo CD":
        return f"argocd app delete {name}"
    place = f" --namespace {shlex.quote(owner.namespace)}" if owner.namespace else ""
    return f"flux delete {owner.kind.lower()} {name}{place}"


def _named(owner: Owner) -> str:
    return f" '{owner.name}'" if owner.name else ""
