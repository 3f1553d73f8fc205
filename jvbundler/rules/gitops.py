"""Rules about what Argo CD and Flux pull."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.project.gitops import KINDS, fitting_timeout, flux_url, revision_of, seconds_of, systems
from jvbundler.project.model import Environment, Project
from jvbundler.rules.rule import Finding, project_rule, rule

if TYPE_CHECKING:
    from jvbundler.app.model import App


@rule(
    "JVB508",
    "error",
    title="GitOps without a repository",
    source="Argo CD Application: spec.source.repoURL; Flux source: spec.url",
)
def no_repository(environment: Environment, app: App) -> Iterator[Finding]:
    """Argo CD and Flux pull the output from a repository, which has to be named: both refuse an object
    without its URL."""
    gitops = environment.settings["gitops"]
    if not environment.settings["kubernetes"]["enabled"] or gitops["repo_url"]:
        return
    for system in systems(environment):
        hint = "set gitops.repo_url, as in https://git.example.com/acme/gitops.git"
        yield Finding(("gitops", system, "enabled"), "there is no repository to pull from", hint)


def uses_flux(environment: Environment) -> bool:
    return environment.settings["kubernetes"]["enabled"] and "flux" in systems(environment)


@rule(
    "JVB445",
    "error",
    title="Source that Flux refuses",
    source="source.toolkit.fluxcd.io/v1: spec.url and spec.ref of GitRepository and OCIRepository",
)
def refused_source(environment: Environment, app: App) -> Iterator[Finding]:
    """A GitRepository has an http, https or ssh URL and pulls a branch, tag, range of versions or commit; an
    OCIRepository has an oci URL and pulls a tag, range of versions or digest. `git@host:path` is rendered as
    `ssh://git@host/path`."""
    gitops = environment.settings["gitops"]
    if not uses_flux(environment) or not gitops["repo_url"]:
        return
    source = gitops["flux"]["source"]
    is_git = source == "GitRepository"
    schemes = ("http://", "https://", "ssh://") if is_git else ("oci://",)
    if not flux_url(gitops["repo_url"]).startswith(schemes):
        other = "set gitops.flux.source: OCIRepository" if is_git else "set gitops.flux.source: GitRepository"
        hint = f"write a URL that begins with {' or '.join(schemes)}, or {other}"
        yield Finding(("gitops", "repo_url"), f"Flux does not take this URL with {source}", hint)
    kind, _ = revision_of(environment)
    if kind not in KINDS[source]:
        hint = f"name one of {', '.join(KINDS[source])}; gitops.revision_kind says which it is"
        yield Finding(("gitops", "revision"), f"Flux cannot pull a {kind} with {source}", hint)


@rule(
    "JVB451",
    "error",
    title="Setting of an OCIRepository for a GitRepository",
    source="source.toolkit.fluxcd.io/v1: spec.provider and spec.verify of OCIRepository",
)
def setting_of_another_source(environment: Environment, app: App) -> Iterator[Finding]:
    """`gitops.flux.provider` and `gitops.flux.verify` are about an artifact in a registry. With a
    GitRepository they would be left out without a word, and nothing would be verified."""
    flux = environment.settings["gitops"]["flux"]
    if not uses_flux(environment) or flux["source"] != "GitRepository":
        return
    given = [("verify", key) for key, value in flux["verify"].items() if value]
    for path in [*([("provider",)] if flux["provider"] != "generic" else []), *given]:
        hint = "set gitops.flux.source: OCIRepository, or leave it out"
        yield Finding(("gitops", "flux", *path), "a GitRepository has no such setting", hint)


@rule(
    "JVB452",
    "error",
    title="Settings of Flux of which one is ignored",
    source="fluxcd/source-controller v1.9.6: internal/controller/ocirepository_controller.go",
)
def ignored_setting(environment: Environment, app: App) -> Iterator[Finding]:
    """Flux asks a cloud (`provider`) only without a Secret for the login, and looks at identities only
    without a Secret with public keys. What `publish` signs with a key carries no identity, so only a public
    key verifies it."""
    flux = environment.settings["gitops"]["flux"]
    if not uses_flux(environment) or flux["source"] != "OCIRepository":
        return
    verify, section = flux["verify"], ("gitops", "flux")
    if flux["provider"] != "generic" and flux["secret_name"]:
        message = "Flux logs in with the Secret, and never asks the provider"
        yield Finding((*section, "provider"), message, "leave out this, or gitops.flux.secret_name")
    if verify["identities"] and verify["secret_name"]:
        message = "Flux verifies with the public keys of the Secret, and ignores identities"
        yield Finding((*section, "verify", "identities"), message, "leave out this, or secret_name beside it")
    if verify["key"] and not verify["secret_name"]:
        message = "no public key verifies what is signed with this key"
        hint = "name the Secret with the public key, as in secret_name: cosign-public-keys"
        yield Finding((*section, "verify", "key"), message, hint)


@rule(
    "JVB447",
    "warning",
    title="Flux gives up before Kubernetes does",
    source="Flux Kustomization: spec.timeout; Kubernetes Deployment: spec.progressDeadlineSeconds",
)
def impatient_flux(environment: Environment, app: App) -> Iterator[Finding]:
    """Flux reports that the objects were not ready in time, before Kubernetes has said why. Without
    `gitops.flux.timeout` it waits a minute longer than Kubernetes. A bad release is given up earlier by a
    shorter `kubernetes.deployment.progress_deadline_seconds`: it delays its own correction for as long."""
    timeout = environment.settings["gitops"]["flux"]["timeout"]
    deadline = environment.settings["kubernetes"]["deployment"]["progress_deadline_seconds"]
    if uses_flux(environment) and timeout and seconds_of(timeout) <= deadline:
        message = f"Flux gives up after {timeout}, Kubernetes after {deadline} s"
        hint = f"leave it out ({fitting_timeout(environment)}), or shorten progress_deadline_seconds"
        yield Finding(("gitops", "flux", "timeout"), message, hint)


@project_rule(
    "JVB509",
    "warning",
    title="GitOps without Kubernetes",
    source="jvbundler: Argo CD and Flux apply the manifests of Kubernetes",
)
def gitops_without_kubernetes(project: Project) -> Iterator[Finding]:
    """`gitops.argocd` or `gitops.flux` is enabled, but Kubernetes is enabled in no environment, so nothing is
    rendered for them."""
    if any(environment.settings["kubernetes"]["enabled"] for environment in project.environments):
        return
    for environment in project.environments:
        for system in systems(environment):
            place = environment.place("gitops", system, "enabled")
            yield Finding(place, "there are no manifests for it to apply", "set kubernetes.enabled: true")


@rule(
    "JVB453",
    "warning",
    title="Fleet that nobody pulls",
    source="jvbundler: the root of a fleet is an object of Argo CD or Flux",
)
def fleet_without_system(environment: Environment, app: App) -> Iterator[Finding]:
    """`gitops.fleet` is enabled, and neither `gitops.argocd` nor `gitops.flux` is, so the fleet has no root
    in this environment."""
    settings = environment.settings
    if (
        settings["kubernetes"]["enabled"]
        and settings["gitops"]["fleet"]["enabled"]
        and not systems(environment)
    ):
        hint = "set gitops.argocd.enabled or gitops.flux.enabled to true"
        yield Finding(("gitops", "fleet", "enabled"), "nothing pulls the fleet", hint)
