"""`rollback lambda`: the deployed stack with an earlier image. Its template and other parameters stay.

CloudFormation remembers no earlier parameters, so the earlier image is found in ECR: the one that was pushed
just before the running one; or that of a published version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.deploy.aws import Account, read
from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Execution, execute_all
from jvbundler.deploy.lambda_.commands import STACK_SECONDS, LambdaStack, image_of, rollback_plan
from jvbundler.deploy.lambda_.deploy import explained
from jvbundler.deploy.lambda_.live import (
    StackFacts,
    account_id,
    image_digest,
    images,
    require_changeable,
    running_image,
    stack_facts,
)
from jvbundler.deploy.lambda_.parameters import template_parameters
from jvbundler.deploy.lambda_.stack import stack_of
from jvbundler.errors import InputError, ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release


class Rollback(NamedTuple):
    """From one image to another, both by digest; `pushed` and `tags` are those of the latter, if known."""

    account: Account
    stack: LambdaStack
    facts: StackFacts
    running: str
    image: str
    tags: tuple[str, ...] = ()
    pushed: str = ""

    def __str__(self) -> str:
        known = [*self.tags, *([f"pushed {self.pushed}"] if self.pushed else [])]
        target = self.image.rpartition("@")[2]
        return f"from {self.running.rpartition('@')[2]}\n  to {target}" + (
            f" ({', '.join(known)})" if known else ""
        )


def offline_plan(release: Release, *, image: str, timeout_seconds: float) -> tuple[Command, ...]:
    """What a rollback runs; without an image, that of the repository is called `PREVIOUS`."""
    stack = stack_of(release)
    names = [parameter.name for parameter in template_parameters(release)]
    target = image_of(stack.repository_uri, image or "PREVIOUS")
    return rollback_plan(stack, target, names, timeout_seconds=timeout_seconds)


def find_rollback(release: Release, environ: Mapping[str, str], *, image: str, version: str) -> Rollback:
    """Raises InputError where there is nothing to go back to. `image` is a tag, a digest or a reference."""
    settings = release.environment.settings["lambda"]
    account = Account(settings["region"], environ)
    stack = stack_of(release, account_id(account, settings["account_id"]))
    facts = stack_facts(account, stack.name)
    if facts is None or facts.is_empty:
        raise InputError(f"the stack '{stack.name}' is not deployed: there is nothing to roll back")
    require_changeable(stack.name, facts)
    running = running_image(account, stack)
    found = images(account, stack)
    if image:
        wanted = image_of(stack.repository_uri, image)
        name = wanted.rpartition("@")[2] if "@" in wanted else wanted.rpartition(":")[2]
        digest = image_digest(account, stack, name)
    elif version:
        digest = version_digest(account, stack, version)
    else:
        digest = previous_digest(found, running.rpartition("@")[2], stack)
    if running.endswith(f"@{digest}"):
        raise InputError(f"the function runs the image {digest} already")
    shown = next((i for i in found if i.get("imageDigest") == digest), {})
    return Rollback(
        account,
        stack,
        facts,
        running,
        f"{stack.repository_uri}@{digest}",
        tuple(shown.get("imageTags", ())),
        str(shown.get("imagePushedAt", "")),
    )


def previous_digest(newest_first: list[dict[str, Any]], running: str, stack: LambdaStack) -> str:
    """The image that was pushed just before the running one."""
    digests = [str(image["imageDigest"]) for image in newest_first]
    if running not in digests:
        raise InputError(
            f"the running image is not in the repository '{stack.repository}': choose another with --to"
        )
    older = digests[digests.index(running) + 1 :]
    if not older:
        raise InputError(f"the repository '{stack.repository}' has no image from before the running one")
    return older[0]


def version_digest(account: Account, stack: LambdaStack, version: str) -> str:
    """The image of a published version; there are some where the function has an alias."""
    words = ("lambda", "get-function", "--function-name", stack.function, "--qualifier", version)
    answer = read(account, *words, absent=("ResourceNotFound",))
    image = str((answer or {}).get("Code", {}).get("ResolvedImageUri", ""))
    if "@" not in image:
        raise InputError(f"the function '{stack.function}' has no version {version}")
    return image.rpartition("@")[2]


def roll_back(found: Rollback, execution: Execution, *, timeout_seconds: float = STACK_SECONDS) -> None:
    """Raises ToolFailed with the reasons where the stack refuses the image."""
    plan = rollback_plan(found.stack, found.image, found.facts.parameters, timeout_seconds=timeout_seconds)
    try:
        execute_all(plan, execution)
    except ToolFailed as failure:
        raise explained(failure, found.account, found.stack.name) from None
