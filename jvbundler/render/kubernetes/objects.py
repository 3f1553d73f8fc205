"""All objects of one environment, in the order in which they are applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaml import YAMLError

from jvbundler.project.model import Environment
from jvbundler.render.kubernetes import network, scaling, storage
from jvbundler.render.kubernetes.deployment import deployment, service_account
from jvbundler.render.kubernetes.names import KEEP, SUBSTITUTE, labels, metadata
from jvbundler.render.kubernetes.patches import is_object
from jvbundler.render.kubernetes.resource import Resource, from_template, parsed, with_own_stems
from jvbundler.render.kubernetes.ticks import cron_jobs, pod_labels
from jvbundler.render.text.templating import render
from jvbundler.values.problem import InputError, Place, error

if TYPE_CHECKING:
    from jvbundler.app.model import App

Context = dict[str, Any]

POD_SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


WHY_KEEP = "Whoever deletes it deletes the app's volume too: no sync may."


def namespace(environment: Environment) -> Context | None:
    if not environment.settings["kubernetes"]["create_namespace"]:
        return None
    return {
        **metadata(environment, environment.namespace, KEEP, why=WHY_KEEP),
        "labels": {**labels(environment), **POD_SECURITY},
    }


def contexts(environment: Environment, app: App, database: str) -> Iterator[tuple[str, Context | None]]:
    """The template and the context of each object; None where the environment has no such object."""
    yield "namespace", namespace(environment)
    yield "service-account", service_account(environment)
    yield "config-map", storage.variables_config_map(environment)
    yield "files-config-map", storage.files_config_map(environment)
    for context in storage.external_secrets(environment):
        yield "external-secret", context
    yield "persistent-volume-claim", storage.claim(environment)
    yield "service", network.service(environment)
    yield "deployment", deployment(environment, database)
    for context in cron_jobs(environment, app):
        yield "cron-job", context
    yield "horizontal-pod-autoscaler", scaling.autoscaler(environment)
    yield "pod-disruption-budget", scaling.disruption_budget(environment)
    yield "ingress", network.ingress(environment)
    # The pods of the CronJobs reach the app as well.
    ticking = (
        [{"podSelector": {"matchLabels": pod_labels(environment)}}]
        if environment.settings["proactive_ticks"]
        else []
    )
    yield "network-policy", network.network_policy(environment, ticking)


def own_objects(
    environment: Environment, app: App, target: str, database: str, overrides: Path | None
) -> list[Resource]:
    """Our objects with the namespace `target` in them; empty for the base."""
    made = []
    for template, context in contexts(environment, app, database):
        if context is not None:
            inside = "" if template == "namespace" else target
            made.append(templated(template, {**context, "namespace": inside}, overrides))
    return with_own_stems(made)


def templated(template: str, context: Context, overrides: Path | None) -> Resource:
    file = f"kubernetes/{template}.yaml.j2"
    text = render(file, context, overrides)
    if "${" in text:
        annotations = {SUBSTITUTE: "disabled", **context["annotations"]}
        text = render(file, {**context, "annotations": annotations}, overrides)
    if overrides:
        refuse_no_object(text, f"{overrides}/{file}")
    return from_template(template, text, context["name"], context["namespace"])


def refuse_no_object(text: str, file: str) -> None:
    """Raises InputError if a template of the user makes anything but one object."""
    try:
        data = parsed(text)
        wrong = "" if is_object(data) else "what it makes has no apiVersion, kind or metadata.name"
    except (YAMLError, LookupError, ValueError, TypeError, AttributeError) as failure:
        reason = " ".join(str(failure).replace('in "<unicode string>", ', "in ").split())
        wrong = f"what it makes is not YAML: {reason}"
    if wrong:
        hint = "`jvbundler templates show` prints the original"
        raise InputError(problems=[error("JVB120", Place(file), f"the template failed: {wrong}", hint)])
