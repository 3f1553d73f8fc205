"""Project → the AWS SAM files of each environment that has Lambda enabled.

What a file says is decided here, for the bootstrap template of the image's repository, and in the modules
beside this one; how it looks, in `templates/lambda/`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jvbundler.project.build import DEFAULT_ENVIRONMENT
from jvbundler.project.model import Environment, Project
from jvbundler.render.lambda_.api import api, function_url, outputs
from jvbundler.render.lambda_.function import alarms, app_variables, file_system, function
from jvbundler.render.lambda_.intrinsics import arn, own_name
from jvbundler.render.lambda_.names import (
    FUNCTION_LOGS,
    has_value,
    repository_name,
    repository_stack_name,
)
from jvbundler.render.lambda_.parameters import parameters, samconfig
from jvbundler.render.lambda_.role import role
from jvbundler.render.lambda_.ticks import schedules
from jvbundler.render.text.templating import render as render_template
from jvbundler.values.artifact import Artifact

DAYS_OF_UNTAGGED = 7


def render(project: Project, overrides: Path | None = None) -> Iterable[Artifact]:
    for environment in project.environments:
        if environment.settings["lambda"]["enabled"]:
            yield from render_environment(project, environment, overrides)


def render_environment(
    project: Project, environment: Environment, overrides: Path | None
) -> Iterable[Artifact]:
    folder = f"lambda/{environment.name}"
    template = render_template("lambda/template.yaml.j2", template_context(project, environment), overrides)
    yield Artifact(f"{folder}/template.yaml", template)
    config = {**notice(project, environment), **samconfig(environment, len(template.encode()))}
    yield Artifact(f"{folder}/samconfig.toml", render_template("lambda/samconfig.toml.j2", config, overrides))
    if environment.settings["lambda"]["ecr"]["create_if_missing"]:
        context = {**notice(project, environment), **repository(environment)}
        yield Artifact(
            f"{folder}/repository.yaml", render_template("lambda/repository.yaml.j2", context, overrides)
        )


def notice(project: Project, environment: Environment) -> dict[str, str]:
    return {"config": project.config_name, "of_environment": of_environment(environment)}


def of_environment(environment: Environment) -> str:
    return "" if environment.name == DEFAULT_ENVIRONMENT else f", environment {environment.name}"


def template_context(project: Project, environment: Environment) -> dict[str, Any]:
    settings = environment.settings["lambda"]
    variables = app_variables(project.app, environment)
    asked = parameters(environment, variables)
    optional = [parameter.name for parameter in asked if parameter.optional]
    return {
        **notice(project, environment),
        "title": f"{environment.app_name} on AWS Lambda{of_environment(environment)}",
        "parameters": asked,
        "conditions": [{"name": has_value(name), "parameter": name} for name in optional],
        "function": function(environment, variables),
        "role": role(environment, variables),
        "logs": {
            "name": own_name(FUNCTION_LOGS),
            "retention_days": settings["logs"]["retention_days"],
            "kms_key_arn": settings["logs"]["kms_key_arn"],
        },
        "file_system": file_system(environment),
        "function_url": function_url(environment),
        "api": api(environment),
        "schedules": tuple(schedules(environment, project.app)),
        "alarms": alarms(environment),
        "tags": settings["tags"],
        "outputs": outputs(environment),
    }


def repository(environment: Environment) -> dict[str, Any]:
    settings = environment.settings["lambda"]
    return {
        "name": repository_name(environment),
        "stack_name": repository_stack_name(environment),
        "region": settings["region"],
        "scan_on_push": settings["ecr"]["scan_on_push"],
        "mutability": "IMMUTABLE" if settings["ecr"]["immutable_tags"] else "MUTABLE",
        "kms_key_arn": settings["ecr"]["kms_key_arn"],
        "days_of_untagged": DAYS_OF_UNTAGGED,
        "keep_images": settings["ecr"]["keep_images"],
        "functions": arn(environment, "lambda", "function:*"),
        "tags": settings["tags"],
    }
