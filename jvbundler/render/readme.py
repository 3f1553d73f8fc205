"""The output folder's README: what is in it, how to render it again, which secrets it expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jvbundler.project.gitops import SYSTEMS, fleet_path, root_beside, systems
from jvbundler.project.model import Environment, Project, Secret
from jvbundler.render.diagram import diagram
from jvbundler.render.gitops import folder
from jvbundler.render.text.escaping import Verbatim, code
from jvbundler.render.text.templating import render as render_template
from jvbundler.values.artifact import Artifact
from jvbundler.values.safe_text import shell_line, shell_word

NONE = Verbatim("-")
# What commands need not name.
CONFIG, OUTPUT = "deploy.yaml", "deploy"


def render(project: Project, overrides: Path | None = None) -> Artifact:
    return Artifact(
        "README.md", render_template("output/README.md.j2", context(project), overrides).rstrip("\n") + "\n"
    )


def context(project: Project) -> dict[str, Any]:
    environments = [environment_context(project, environment) for environment in project.environments]
    waivers = {(w["rule"], w["reason"]) for e in project.environments for w in e.settings["checks"]["ignore"]}
    return {
        "config": project.config_name,
        "images": project.images,
        "app_name": project.base.app_name,
        "environments": environments,
        "kubernetes": any(e["kubernetes"] for e in environments),
        "lambda": any(e["lambda"] for e in environments),
        "repository": any(e["repository"] for e in environments),
        "gitops": any(e["gitops"] and not e["fleet"] for e in environments),
        "flux_of_fleet": any("Flux" in e["gitops"] and e["fleet"] for e in environments),
        "outside": not project.output,
        "waivers": [{"rule": rule, "reason": " ".join(reason.split())} for rule, reason in sorted(waivers)],
    }


def environment_context(project: Project, environment: Environment) -> dict[str, Any]:
    settings = environment.settings
    on_kubernetes, on_lambda = settings["kubernetes"]["enabled"], settings["lambda"]["enabled"]
    pulling = systems(environment) if on_kubernetes else ()
    context = settings["kubernetes"]["context"]
    return {
        "name": environment.name,
        "kubernetes": on_kubernetes,
        "lambda": on_lambda,
        "repository": on_lambda and settings["lambda"]["ecr"]["create_if_missing"],
        "gitops": " and ".join(SYSTEMS[system] for system in pulling),
        "gitops_files": [applied_once(project, environment, system) for system in pulling],
        "fleet": bool(pulling) and settings["gitops"]["fleet"]["enabled"],
        "namespace": environment.namespace,
        "creates_namespace": settings["kubernetes"]["create_namespace"],
        "image": environment.kubernetes_image,
        "stack_name": environment.stack_name,
        "region": settings["lambda"]["region"],
        "push": command(project, environment, "push"),
        "choose_context": not context,
        "deploy_kubernetes": deployment(project, environment, "k8s", asks_context=not context),
        "deploy_lambda": deployment(project, environment, "lambda", asks_context=False),
        "secrets_command": command(project, environment, "secrets"),
        "secrets": secrets_context(environment) if on_kubernetes or on_lambda else [],
        "diagram": Verbatim(diagram(environment)) if on_kubernetes or on_lambda else "",
    }


def applied_once(project: Project, environment: Environment, system: str) -> str:
    """The object that makes the system pull the environment: the app's own, or that of its fleet."""
    path = fleet_path(folder(project, environment), project.folder)
    if path and environment.settings["gitops"]["fleet"]["enabled"]:
        return root_beside(path, system, environment)
    return f"gitops/{system}/{environment.name}.yaml"


def deployment(project: Project, environment: Environment, platform: str, *, asks_context: bool) -> Verbatim:
    """The command that builds, pushes and deploys; without a context, a variable has to be set to it."""
    line = f"{command(project, environment, 'deploy', platform)} --all"
    return Verbatim(f'{line} --context "${{KUBE_CONTEXT:?}}"' if asks_context else line)


def command(project: Project, environment: Environment, *verb: str) -> Verbatim:
    """A command line of ours for the environment."""
    words = [*verb]
    words += ["-e", environment.name] if len(project.environments) > 1 else []
    words += ["-c", project.config_name] if project.config_name != CONFIG else []
    line = f"jvbundler {shell_line(words)}"
    if verb[0] != "secrets":
        line += "" if project.output else ' -o "${OUTPUT:?}"'
        line += f" -o {shell_word(project.output)}" if project.output not in ("", OUTPUT) else ""
    return Verbatim(line)


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
    words: list[str] = [code(name)]
    if secret is not None and secret.source != name:
        words.append(f"from {code(secret.source)}")
    if secret is not None and secret.optional:
        words.append("optional")
    return Verbatim(", ".join(words))


def kubernetes_cell(secret: Secret | None) -> str:
    if secret is None:
        return NONE
    return Verbatim(f"{code(secret.kubernetes_secret)}, {code(secret.kubernetes_key)}")


def lambda_cell(secret: Secret | None, source: str) -> str:
    if secret is None:
        return NONE
    if source == "parameter":
        return "stack parameter, set from the variable at deployment"
    return Verbatim(f"Secrets Manager {code(secret.lambda_secret_id)}, {code(secret.lambda_json_key)}")
