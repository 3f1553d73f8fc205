"""Which image runs where, as the files say it, and how `image set` and `image promote` change that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.image.history import commits_between
from jvbundler.deploy.image.registry import looked_up
from jvbundler.files import read_file, reason
from jvbundler.pipeline.images import with_image
from jvbundler.render.lambda_.names import repository_uri
from jvbundler.rules.rule import platforms
from jvbundler.runner import find_tool
from jvbundler.values.problem import InputError
from jvbundler.values.reference import Reference, ecr_region, registry_of

if TYPE_CHECKING:
    from jvbundler.project.model import Environment, Platform


class Running(NamedTuple):
    """The image of an environment on one of its platforms.

    Its repository is empty while Lambda's account is not known.
    """

    environment: str
    platform: Platform
    image: Reference


class Change(NamedTuple):
    """What `images.yaml` says afterwards of an environment on a platform."""

    before: Running
    image: Reference


def running(environment: Environment, only: Platform | None = None) -> Iterator[Running]:
    """The images of the platforms that the environment has."""
    for platform in platforms(environment):
        if only in (None, platform):
            own = (
                environment.kubernetes_repository if platform == "kubernetes" else repository_uri(environment)
            )
            image = Reference(own, environment.tag(platform), environment.digest(platform))
            yield Running(environment.name, platform, image)


def setting(environment: Environment, platform: Platform | None, image: Reference) -> Change:
    """Raises InputError if it is not clear where the image is to run, or it cannot run there."""
    found = list(running(environment, platform))
    if not found:
        where = f"{platform} is not enabled" if platform else "no platform is enabled"
        raise InputError(f"{where} in environment '{environment.name}'")
    if len(found) > 1:
        raise InputError(
            f"environment '{environment.name}' is on both platforms, whose images differ: add --platform"
        )
    if not image.tag:
        raise InputError(f"'{image}' has no tag: write REPOSITORY:TAG, or REPOSITORY:TAG@DIGEST")
    if found[0].platform == "lambda" and not ecr_region(registry_of(image.repository)):
        raise InputError(f"Lambda takes images from Amazon ECR only: '{image.repository}' is none")
    return Change(found[0], image)


def promotion(
    source: Environment, target: Environment, only: Platform | None, *, keep_repository: bool
) -> tuple[Change, ...]:
    """What the target runs afterwards: the source's images, on the platforms that both have.

    Raises InputError if there is none.
    """
    images = {one.platform: one.image for one in running(source, only)}
    changes = []
    for one in running(target, only):
        image = images.get(one.platform)
        if image:
            if not image.repository:
                raise InputError("lambda.account_id is not set: the image's repository is in that account")
            kept = keep_repository and one.image.repository
            changes.append(Change(one, image._replace(repository=kept) if kept else image))
    if not changes:
        named = f"{only} is not enabled in both" if only else "no platform is enabled in both"
        raise InputError(f"nothing to promote from '{source.name}' to '{target.name}': {named}")
    return tuple(changes)


def commits(change: Change, folder: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The commits that the new image has and the old one has not, where their labels and git tell."""
    found = looked_up((change.before.image, change.image), environ)
    old, new = found.get(change.before.image), found.get(change.image)
    if not old or not new or not old.revision or not new.revision or not find_tool("git"):
        return ()
    return commits_between(folder, old.revision, new.revision, environ)


def differing(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change.image != change.before.image)


def changed_text(path: Path, changes: Iterable[Change]) -> str:
    """What the image file says afterwards; it may be new. Raises InputError if it cannot be edited."""
    text = _present(path)
    for change in changes:
        text = with_image(text, change.before.environment, change.before.platform, change.image)
    return text


def _present(path: Path) -> str:
    try:
        return read_file(path, follow_links=False).decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as failure:
        words = reason(failure) if isinstance(failure, OSError) else "it is not UTF-8"
        raise InputError(f"cannot edit '{path}': {words}") from failure
