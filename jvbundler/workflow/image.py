"""`build`, `push`, `run`: the image, and its digest written where the next render finds it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jvbundler.command import Command
from jvbundler.plan.image import ImageOptions, attests, build_plan, platforms, push_plan, repositories
from jvbundler.runner import find_tool, run
from jvbundler.source.yaml.file import read_yaml
from jvbundler.values.errors import InputError, ToolFailed
from jvbundler.values.node import find
from jvbundler.workflow.doctor import Check, aws, docker_checks
from jvbundler.workflow.edit import read_for_edit, set_value, write_edit
from jvbundler.workflow.execute import Execution, execute_all, require_variables
from jvbundler.workflow.options import config_path
from jvbundler.workflow.release import Release, load_release, require_current, write_release

DOCKERFILE = "docker/Dockerfile"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


def build_image(release: Release, execution: Execution, options: ImageOptions) -> tuple[str, ...]:
    """Build the image; its references."""
    names = image_repositories(release)
    plan = build_plan(release.environment, release.shown_as, release.path(DOCKERFILE), names, options)
    execute_all(plan, execution)
    return tuple(f"{name}:{release.environment.image_tag}" for name in names)


def push_image(
    release: Release, execution: Execution, options: ImageOptions, *, lambda_repository: str = ""
) -> Release:
    """Build and push the image to every registry; the release with the digest in its files.

    The digest goes into deploy.yaml and the output is rendered again, so that the files name this image.
    """
    names = repositories(release.environment, lambda_repository)
    plan = push_plan(release.environment, release.shown_as, release.path(DOCKERFILE), names, options)
    require_variables(plan, execution.environ)
    # Found out before the push whether its digest can be written down.
    noted(release, f"sha256:{'0' * 64}")
    digest = pushed_digest(execute_all(plan, execution)[-1].text)
    return with_digest(release, digest)


def image_checks(release: Release, options: ImageOptions, *, push: bool) -> tuple[Check, ...]:
    """What has to be there before a build."""
    index = push and (attests(release.environment, options) or len(platforms(release.environment)) > 1)
    # Its repository is looked for, and made where it is missing.
    to_lambda = push and release.environment.settings["lambda"]["enabled"]
    return (*docker_checks(builder=options.builder, index=index), *((aws(),) if to_lambda else ()))


def image_plan(release: Release, options: ImageOptions, *, push: bool) -> tuple[Command, ...]:
    """The commands of either, to be shown."""
    file, app = release.path(DOCKERFILE), release.shown_as
    if push:
        return push_plan(release.environment, app, file, repositories(release.environment), options)
    return build_plan(release.environment, app, file, image_repositories(release), options)


def image_repositories(release: Release) -> tuple[str, ...]:
    """For an image that stays here, an account that is not known yet does not matter."""
    try:
        return repositories(release.environment)
    except InputError:
        return (release.environment.image_name,)


def local_image(release: Release) -> str:
    """What `build` made on this machine."""
    return f"{image_repositories(release)[0]}:{release.environment.image_tag}"


def require_secrets(release: Release, execution: Execution, *, on_lambda: bool) -> None:
    """Raise InputError where the app would start without a secret that it needs."""
    environment = release.environment
    secrets = environment.lambda_secrets if on_lambda else environment.kubernetes_secrets
    missing = [secret.name for secret in secrets if not execution.environ.get(secret.name)]
    if missing:
        raise InputError(
            f"set these variables first, the app reads its secrets from them: {', '.join(missing)}"
        )


def pushed_digest(metadata: str) -> str:
    """https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file"""
    try:
        digest = json.loads(metadata)["containerimage.digest"]
    except (ValueError, KeyError, TypeError):
        digest = ""
    if not isinstance(digest, str) or not _DIGEST.match(digest):
        raise ToolFailed("'docker buildx build' did not tell the digest of the image that it pushed")
    return digest


def digest_keys(release: Release) -> tuple[str, ...]:
    """Where deploy.yaml holds the digest: with its environment, as each may run another image."""
    declared = release.rendered.compiled.source.environments
    return (*(("environments", release.environment.name) if declared else ()), "image", "digest")


def noted(release: Release, digest: str) -> str | None:
    """deploy.yaml with the digest in it; None for a digest by `${NAME}`, which is the user's to set."""
    path = config_path(release.app_root, release.options)
    keys = digest_keys(release)
    return None if _is_interpolated(path, keys) else set_value(read_for_edit(path), keys, digest)


def with_digest(release: Release, digest: str) -> Release:
    """Write the digest to deploy.yaml, render, and load the result."""
    options = release.options
    text = noted(release, digest)
    if text is None:
        options = options._replace(assignments=(*options.assignments, ("image.digest", digest)))
    else:
        write_edit(config_path(release.app_root, options), text)
    pushed = load_release(
        release.app_root,
        release.shown_as,
        options,
        target=release.target,
        environment=release.environment.name,
        output=release.output,
        templates=release.templates,
    )
    write_release(pushed)
    require_current(pushed, render=False)
    return pushed


def _is_interpolated(path: Path, keys: tuple[str, ...]) -> bool:
    root, _ = read_yaml(path, str(path))
    node = find(root, keys) if root else None
    text = str(node.value) if node else ""
    return "${" in text or "{{" in text


def git_revision(folder: Path) -> str:
    """The commit that is built, as a tag; empty where there is none or something is not committed."""
    if not find_tool("git"):
        return ""
    head = run(
        ["git", "-C", str(folder), "rev-parse", "--short=12", "HEAD"], timeout_seconds=30, expected=range(256)
    )
    changes = run(
        ["git", "-C", str(folder), "status", "--porcelain", "--", "."],
        timeout_seconds=60,
        expected=range(256),
    )
    return head.text.strip() if not head.code and not changes.code and not changes.stdout.strip() else ""
