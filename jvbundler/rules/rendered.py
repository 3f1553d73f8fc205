"""Rules that only a render can check: the size of its files, and what it must not change.

Reads the old manifest through the function it is given, and only if there is a volume.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jvbundler.project.gitops import fleet_fault, systems
from jvbundler.project.model import Environment, Project
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import Place, Problem, error, warning
from jvbundler.values.quantity import parse_quantity

Read = Callable[[str], "str | None"]
PERSISTENCE = ("kubernetes", "persistence")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_TEMPLATE_BYTES = 1_000_000
MAX_DIRECT_BYTES = 51_200


def check_output(project: Project, read: Read) -> tuple[Problem, ...]:
    """Errors where the API server would refuse the change from the existing manifest, and a wrong path.

    `read` gives the text of a file of the output folder by its relative path, or None.
    """
    found: list[Problem] = []
    for environment in project.environments:
        kubernetes = environment.settings["kubernetes"]
        if kubernetes["enabled"]:
            found += elsewhere(project, environment)
            found += outside_fleet(project, environment)
        if kubernetes["enabled"] and kubernetes["persistence"]["enabled"]:
            text = read(f"kubernetes/rendered/{environment.name}/manifest.yaml")
            found += compared(environment, objects(text or ""))
    return tuple(dict.fromkeys(found))


def elsewhere(project: Project, environment: Environment) -> Iterator[Problem]:
    """The GitOps objects point at another folder of the work tree than the one that is rendered."""
    wanted, found = environment.settings["gitops"]["path"], project.repository_path
    if systems(environment) and wanted and found and posixpath.normpath(wanted) != posixpath.normpath(found):
        message = f"{wanted} is pulled, and the output is in {found} of this git work tree"
        hint = "leave gitops.path out, or waive this if the output is copied into another repository"
        yield warning("JVB446", environment.place("gitops", "path"), message, hint)


def outside_fleet(project: Project, environment: Environment) -> Iterator[Problem]:
    """One pattern has to find the apps of a fleet, and tell their names."""
    gitops = environment.settings["gitops"]
    path = gitops["path"] or project.repository_path
    if not gitops["fleet"]["enabled"] or not systems(environment):
        return
    if fault := fleet_fault(path, project.folder, environment):
        hint = "give each app a folder below one for all, and render them at once: 'apps/*' -o gitops"
        yield error("JVB454", environment.place("gitops", "fleet", "enabled"), fault, hint)


def objects(text: str) -> list[dict[str, Any]]:
    """The objects of a manifest; none if it is not YAML, which the drift check reports."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return [data for data in yaml.load_all(text, loader) if isinstance(data, dict)]
    except yaml.YAMLError:
        return []


def compared(environment: Environment, old: list[dict[str, Any]]) -> Iterator[Problem]:
    renders_claim = not environment.settings["kubernetes"]["persistence"]["existing_claim"]
    for data in old:
        ours = (environment.namespace, environment.instance)
        if (within(data, "metadata", "namespace"), within(data, "metadata", "name")) != ours:
            continue
        if data.get("kind") == "PersistentVolumeClaim" and renders_claim:
            yield from changed_claim(environment, data)
        elif data.get("kind") == "Deployment":
            yield from changed_selector(environment, data)


def within(data: Any, *path: str) -> Any:
    """The value at a path, None where there is none: a manifest may have been edited by hand."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def changed_claim(environment: Environment, claim: dict[str, Any]) -> Iterator[Problem]:
    volume = environment.settings["kubernetes"]["persistence"]
    hint = "keep it, or copy the data to a new claim and name that in existing_claim"
    old_class = within(claim, "spec", "storageClassName") or ""
    # Without one, the cluster's default class was used, which may be the one that is named now.
    if old_class and old_class != volume["storage_class"]:
        message = (
            f"the storage class of a claim cannot change from '{old_class}' to '{volume['storage_class']}'"
        )
        yield error("JVB428", environment.place(*PERSISTENCE, "storage_class"), message, hint)
    old_modes = within(claim, "spec", "accessModes") or []
    if set(map(str, old_modes)) != set(volume["access_modes"]):
        message = f"the access modes of a claim cannot change from {', '.join(map(str, old_modes))}"
        yield error("JVB428", environment.place(*PERSISTENCE, "access_modes"), message, hint)
    old_size = str(within(claim, "spec", "resources", "requests", "storage"))
    before, now = parse_quantity(old_size), parse_quantity(volume["size"])
    if before is not None and now is not None and now < before:
        message = f"a claim cannot shrink from {old_size} to {volume['size']}"
        yield error("JVB428", environment.place(*PERSISTENCE, "size"), message, hint)


def changed_selector(environment: Environment, deployment: dict[str, Any]) -> Iterator[Problem]:
    """The selector follows from the instance: another one was rendered by an older version, or by hand."""
    labels = within(deployment, "spec", "selector", "matchLabels")
    ours = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
    if labels != dict.fromkeys(ours, environment.instance):
        message = "the selector of the Deployment differs from the rendered one, and it cannot change"
        command = f"kubectl -n {environment.namespace} delete deployment {environment.instance}"
        hint = f"delete it once: {command} --cascade=orphan"
        yield error("JVB429", environment.place("app", "name"), message, hint)


def check_artifacts(artifacts: Iterable[Artifact]) -> tuple[Problem, ...]:
    """The problems of rendered files; their place is in the output folder."""
    return tuple(
        problem
        for artifact in artifacts
        if artifact.path.startswith("lambda/") and artifact.path.endswith(".yaml")
        for problem in problems_of_template(artifact)
    )


def problems_of_template(artifact: Artifact) -> Iterator[Problem]:
    size = len(artifact.text.encode())
    if size > MAX_TEMPLATE_BYTES:
        message = f"the template has {size:,} bytes; CloudFormation takes 1,000,000"
        yield error(
            "JVB326", Place(artifact.path), message, "shorten lambda.iam.statements or the environment"
        )
    elif size > MAX_DIRECT_BYTES:
        message = f"the template has {size:,} bytes; above 51,200 it goes through a bucket"
        hint = "samconfig.toml asks for one (resolve_s3); the deployer needs permission to create it"
        yield warning("JVB327", Place(artifact.path), message, hint)
