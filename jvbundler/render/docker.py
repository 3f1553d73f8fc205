"""The docker target: one Dockerfile for both platforms, and the ignore file of its build context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jvbundler.app.packages import DEBIAN, NODE
from jvbundler.project.build import framework_requirements, python_version
from jvbundler.project.model import Environment, Project
from jvbundler.project.programs import added_packages
from jvbundler.render.text.escaping import Verbatim
from jvbundler.render.text.templating import render as render_template
from jvbundler.values.artifact import Artifact

# Pinned, so that the same deploy.yaml builds the same image; raised with a release of jvbundler.
ADAPTER_IMAGE = "public.ecr.aws/awsguru/aws-lambda-adapter:1.1.0"
UV_VERSION = "0.13.9"
APP_FOLDER = "/var/task"
# Part of the file's structure, not a value.
CACHE_MOUNT = Verbatim("--mount=type=cache,target=/root/.cache/uv \\\n    ")
NO_CACHE = Verbatim("--no-cache ")
CONTINUATION = Verbatim(" \\")
NOTHING = Verbatim("")


def render(project: Project, overrides: Path | None = None) -> Iterator[Artifact]:
    values = context(project)
    yield Artifact("docker/Dockerfile", render_template("docker/Dockerfile.j2", values, overrides))
    yield Artifact(
        "docker/Dockerfile.dockerignore",
        render_template("docker/Dockerfile.dockerignore.j2", ignored(project), overrides),
    )


def ignored(project: Project) -> dict[str, str]:
    return {"config": project.config_name, "images": project.images, "output": project.output}


def context(project: Project) -> dict[str, Any]:
    """What the Dockerfile says: the top level's values, because one image serves every environment."""
    environment = project.base
    image = environment.settings["image"]
    arguments = {name: value for name, value in image["build"]["args"].items() if name != "PYTHON_VERSION"}
    requirements = project.app.requirements
    system_packages = [*image["system_packages"], *added_packages(project)]
    port = environment.server_port
    health_path = environment.settings["server"]["health_path"]
    return {
        "config": project.config_name,
        "python_version": python_version(project),
        "adapter_image": mirrored(ADAPTER_IMAGE, image["registry_mirror"]),
        "base_image": base_image(environment),
        "build_arguments": [{"name": k, "value": v} for k, v in sorted(arguments.items())],
        "index_url": image["index_url"],
        "build_packages": sorted(image["build_packages"]),
        "build_packages_pinned": pinned(image["build_packages"]),
        "system_packages": sorted(system_packages),
        "system_packages_pinned": pinned(system_packages),
        "why_node": why_node(project),
        "uv_version": UV_VERSION,
        "cache_mount": CACHE_MOUNT if image["build"]["cache"] else NOTHING,
        "no_cache": NOTHING if image["build"]["cache"] else NO_CACHE,
        "locked": project.app.lock is not None,
        "requirements_comment": requirements_comment(project),
        "installs": installs(project),
        "labels": labels(environment),
        "litellm": any(requirement.name == "litellm" for requirement in requirements),
        "port": port,
        "health_path": health_path,
        "health_check": health_check(port, health_path),
        "command": start_command(environment),
    }


def start_command(environment: Environment) -> list[str]:
    return environment.settings["server"]["command"] or ["jvagent", APP_FOLDER, "run"]


def why_node(project: Project) -> list[str]:
    """Who starts which program of Node, where Node is installed for it."""
    if not added_packages(project):
        return []
    programs = [program for program in project.app.programs if DEBIAN.get(program.name) == NODE]
    return [f"{program.name}: {program.by}" for program in programs]


def base_image(environment: Environment) -> str:
    image = environment.settings["image"]
    digest = f"@{image['base_digest']}" if image["base_digest"] else ""
    return mirrored(image["base"], image["registry_mirror"]) + ":${PYTHON_VERSION}-slim" + digest


def mirrored(image: str, mirror: str) -> str:
    """The same repository on the mirror: its own registry, the part before the first slash, is replaced."""
    if not mirror:
        return image
    registry, slash, path = image.partition("/")
    has_registry = slash and ("." in registry or ":" in registry or registry == "localhost")
    return f"{mirror}/{path if has_registry else image}"


def pinned(packages: Sequence[str]) -> bool:
    return all("=" in package for package in packages)


def labels(environment: Environment) -> list[dict[str, str]]:
    """The OCI annotations that deploy.yaml knows, and the user's, which win."""
    ours = {
        "org.opencontainers.image.title": environment.app_name,
        "org.opencontainers.image.description": environment.description,
        "org.opencontainers.image.version": environment.app_version,
    }
    merged = {k: v for k, v in ours.items() if v} | environment.settings["image"]["labels"]
    return [
        {"name": k, "value": v, "continuation": continuation(i, tuple(merged))}
        for i, (k, v) in enumerate(merged.items())
    ]


def requirements_comment(project: Project) -> str:
    count = len(project.app.actions)
    actions = f"what the app's {count} actions need" if count != 1 else "what the app's one action needs"
    return f"The framework, and {actions}: one resolution, or pip's answers contradict each other."


def installs(project: Project) -> list[dict[str, str]]:
    """The framework first, then the requirements of each group of actions below a comment that names them."""
    groups: dict[str, list[str]] = {}
    for requirement in project.app.requirements:
        groups.setdefault(" ".join(", ".join(requirement.wanted_by).split()), []).append(requirement.spec)
    lines = [("", spec) for spec in framework_requirements(project)]
    for wanters, specs in groups.items():
        lines += [(wanters if spec == specs[0] else "", spec) for spec in specs]
    return [
        {"comment": c, "spec": s, "continuation": continuation(i, lines)} for i, (c, s) in enumerate(lines)
    ]


def continuation(index: int, lines: Sequence[object]) -> Verbatim:
    return CONTINUATION if index < len(lines) - 1 else NOTHING


def health_check(port: int, path: str) -> list[str]:
    """A request that fails unless the answer is a success, made with the image's Python."""
    url = f"http://127.0.0.1:{port}{path}"
    return ["python", "-c", f"import urllib.request as r; r.urlopen({url!r}, timeout=2)"]
