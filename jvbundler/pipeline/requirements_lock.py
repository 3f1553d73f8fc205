"""`lock`: resolves with uv what the image installs, to pinned requirements with hashes: requirements.lock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jvbundler.app.pip.requirements_lock import NAME, lock_command, lock_input, lock_text
from jvbundler.output.single import write_file
from jvbundler.pipeline.compile import compile_project
from jvbundler.pipeline.request import Options, below
from jvbundler.project.build import image_digest, image_requirements, python_version
from jvbundler.project.model import Project
from jvbundler.runner import run

STALE_LOCK = "JVB210"
TIMEOUT_SECONDS = 900


def lock_requirements(app_root: Path, shown_as: str, options: Options) -> tuple[str, int, bool]:
    """The lock's path as the user would type it, how many packages it pins, and whether it changed.

    Raises InputError, and ToolFailed with uv's own message if there is no resolution.
    """
    project = compile_project(app_root, shown_as, options, tolerated=(STALE_LOCK,)).project
    image = project.base.settings["image"]
    command = lock_command(python_version=python_version(project), platforms=project.base.platforms, uv=uv())
    if image["index_url"]:
        command += ["--index-url", image["index_url"]]
    requirements = image_requirements(project)
    said = run(
        command,
        input=lock_input(requirements).encode(),
        timeout_seconds=TIMEOUT_SECONDS,
        mask=secret_values(project, options.environ),
    )
    text = lock_text(said.text, image_digest(project))
    # A generated file, like a Dockerfile: its old content does not matter.
    changed = write_file(app_root / NAME, text, force=True)
    return below(shown_as, NAME), text.count("=="), changed


def secret_values(project: Project, environ: Mapping[str, str]) -> list[str]:
    """The values of secrets: uv runs with our environment and must not repeat them in an error."""
    secrets = {s.source for e in project.environments for s in (*e.lambda_secrets, *e.kubernetes_secrets)}
    return [value for name in sorted(secrets) if len(value := environ.get(name, "")) > 5]


def uv() -> str:
    """The uv that came with `jvbundler[lock]`, else the one on PATH."""
    try:
        from uv import find_uv_bin
    except ImportError:
        return "uv"
    return str(find_uv_bin())
