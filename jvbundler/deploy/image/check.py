"""`image verify`: whether a registry has what the files name, and the platform can run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.image.registry import inspect
from jvbundler.values.problem import ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.image.promotion import Running
    from jvbundler.project.model import Environment


class Verified(NamedTuple):
    """`wrong` is empty where everything is as it has to be."""

    running: Running
    wrong: tuple[str, ...]


def verify(environment: Environment, running: Running, environ: Mapping[str, str]) -> Verified:
    """Asks the registry for the image by its digest, and compares it with what the platform needs."""
    if not running.image.repository:
        return Verified(running, ("its repository is not known: set lambda.account_id",))
    try:
        return Verified(running, tuple(_wrong(environment, running, environ)))
    except ToolFailed as failure:
        return Verified(running, (str(failure).splitlines()[-1],))


def _wrong(environment: Environment, running: Running, environ: Mapping[str, str]) -> Iterator[str]:
    image = running.image
    if not image.digest:
        yield "it has no digest: the tag may be moved to another image"
    found = inspect(str(image._replace(tag="") if image.digest else image), environ)
    if running.platform == "lambda" and found.is_index:
        yield "it is an index, which Lambda refuses: name the image in it"
    wanted = (
        environment.architectures
        if running.platform == "kubernetes"
        else (environment.function_architecture,)
    )
    missing = [f"linux/{one}" for one in wanted if f"linux/{one}" not in found.platforms]
    if missing:
        yield f"it is for {' and '.join(found.platforms) or 'no platform'}, not for {' and '.join(missing)}"
    if image.digest and image.tag:
        tagged = inspect(str(image._replace(digest="")), environ)
        if tagged.digest != image.digest:
            yield f"the tag {image.tag} is another image by now: {tagged.digest}"
