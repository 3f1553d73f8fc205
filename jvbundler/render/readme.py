"""The output folder's README: what is in it, how to render it again, which secrets it expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jvbundler.project.model import Environment, Project, Secret
from jvbundler.render.diagram import diagram
from jvbundler.render.lambda_.names import repository_stack_name
from jvbundler.render.text.escaping import Verbatim, code
from jvbundler.render.text.templating import render as render_template
from jvbundler.values.artifact import Artifact

NONE = Verbatim("-")


def render(project: Project, overrides: Path | None = None) -> Artifact:
    return Artifact(
        "README.md", render_template("output/README.md.j2", context(project), overrides).rstrip("\n") + "\n"
    )


def context(project: Project) -> dict[str, Any]:
    environments = [environment_context(environment) for environment in project.environments]
    waivers = {(w["rule"], w["reason"]) for e in project.environments for w in e.settings["checks"]["ignore"]}
    return {
        "config": project.config_name,
        "app_name": project.base.app_name,
        "environments": environments,
        "kubernetes": any(e["kubernetes"] for e in environments),
        "lambda": any(e["lambda"] for e in environments),
        "repository": any(e["repository"] for e in environments),
        "gitops": any(e["gitops"] for e in environments),
        "waivers": [{"rule": rule, "reason": " ".join(reason.split())} for rule, reason in sorted(waivers)],
    }


def environment_context(environment: Environment) -> dict[str, Any]:
    settings = environment.settings
    gitops = settings["gitops"]
    on_kubernetes, on_lambda = settings["kubernetes"]["enabled"], settings["lambda"]["enabled"]
    return {
        "name": environment.name,
        "kubernetes": on_kubernetes,
        "lambda": on_lambda,
        "repository": on_lambda and settings["lambda"]["ecr"]["create_if_missing"],
        "gitops": on_kubernetes and (gitops["argocd"]["enabled"] or gitops["flux"]["enabled"]),
        "namespace": environment.namespace,
        "image": environment.kubernetes_image,
        "stack_name": environment.stack_name,
        "repository_stack_name": repository_stack_name(environment),
        "region": settings["lambda"]["region"],
        "secrets": secrets_context(environment) if on_kubernetes or on_lambda else [],
        "diagram": Verbatim(diagram(environment)) if on_kubernetes or on_lambda else "",
    }


def secrets_context(environment: Environment) -> list[dict[str, str]]:
    """A row per secret of either platform, sorted by name; a platform that does not have it shows a dash."""
    on_kubernetes = {secret.name: secret for secret in environment.kubernetes_secrets}
    on_lambda = {secret.name: secret for secret in environment.lambda_secrets}
    return [
        {
            "name": named(name, on_kubernetes.get(name) or on_lambda.get(name)),
            "kubernetes": kubernetes_cell(on_kubernetes.get(name)),
            "lambda": lambda_cell(on_lambda.get(name), environment.settings["lambda"]["secrets"]["source"]),
        }
        for name in sorted(on_kubernetes.keys() | on_lambda.keys())
    ]


def named(name: str, secret: Secret | None) -> str:
    """The variable, and the one that its value is handed over from if that differs."""
    if secret is None or secret.source == name:
        return code(name)
    return Verbatim(f"{code(name)}, from {code(secret.source)}")


def kubernetes_cell(secret: Secret | None) -> str:
    if secret is None:
        return NONE
    return Verbatim(f"{code(secret.kubernetes_secret)}, {code(secret.kubernetes_key)}")


def lambda_cell(secret: Secret | None, source: str) -> str:
    if secret is None:
        return NONE
    if source == "parameter":
        return "template parameter, asked for at deployment"
    return Verbatim(f"Secrets Manager {code(secret.lambda_secret_id)}, {code(secret.lambda_json_key)}")
