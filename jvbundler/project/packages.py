"""What is installed into the image: the same list for the Dockerfile and for requirements.lock."""

from __future__ import annotations

from jvbundler.app.framework import framework_extras
from jvbundler.app.pip.requirements_lock import lock_digest
from jvbundler.project.model import Project


def framework_requirements(project: Project) -> list[str]:
    """The framework, pinned, and the extras of jvspatial that the configuration of any environment needs."""
    pinned = f"jvagent=={project.app.jvagent_version}"
    extras = needed_extras(project)
    return [pinned, f"jvspatial[{','.join(extras)}]"] if extras else [pinned]


def image_requirements(project: Project) -> list[str]:
    """Every requirement of the image, as PEP 508 texts."""
    return [*framework_requirements(project), *(requirement.spec for requirement in project.app.requirements)]


def python_version(project: Project) -> str:
    """The image's Python; the predecessor's build argument counts as well."""
    image = project.base.settings["image"]
    return image["build"]["args"].get("PYTHON_VERSION", image["python_version"])


def image_digest(project: Project) -> str:
    """What a requirements.lock of this image has to have been made from."""
    return lock_digest(
        image_requirements(project),
        python_version=python_version(project),
        jvagent_version=project.app.jvagent_version,
        platforms=project.base.platforms,
    )


def needed_extras(project: Project) -> list[str]:
    configured = dict(project.app.configured)
    extras: set[str] = set()
    for environment in project.environments:
        if environment.settings["lambda"]["enabled"]:
            secrets = {secret.name: "secret" for secret in environment.lambda_secrets}
            variables = {**configured, **environment.lambda_variables, **secrets}
            extras.update(framework_extras(variables, on_lambda=True))
        if environment.settings["kubernetes"]["enabled"]:
            secrets = {secret.name: "secret" for secret in environment.kubernetes_secrets}
            variables = {**configured, **environment.kubernetes_variables, **secrets}
            extras.update(framework_extras(variables, on_lambda=False))
    return sorted(extras)
