"""`rollback lambda`: the deployed stack with an earlier image. Its template and other parameters stay.

CloudFormation remembers no earlier parameters, so the earlier image is found in ECR: the one that was pushed
just before the running one, or that of a published version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.deploy.aws import Account, StackFacts, read, stack_facts
from jvbundler.deploy.lambda_.commands import STACK_SECONDS, LambdaStack, image_of, set_image, stack_of
from jvbundler.deploy.lambda_.live import (
    account_and_stack,
    explained,
    image_digest,
    images,
    require_changeable,
    running_image,
)
from jvbundler.deploy.lambda_.parameters import template_parameters
from jvbundler.deploy.operation import Operation, Session, carry_out, run_confirmed
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release

# Placeholder in a dry run for the image that only ECR knows.
UNKNOWN_IMAGE = "PREVIOUS"


class RollbackOptions(NamedTuple):
    """`image` is a tag, digest or reference, `version` a published one; the default is the previous image."""

    image: str = ""
    version: str = ""
    timeout_seconds: float = STACK_SECONDS


class Facts(NamedTuple):
    """From one image to another, both by digest; `pushed` and `tags` belong to the latter, if known."""

    account: Account
    stack: LambdaStack
    deployed: StackFacts
    running: str
    image: str
    tags: tuple[str, ...] = ()
    pushed: str = ""

    def __str__(self) -> str:
        known = [*self.tags, *([f"pushed {self.pushed}"] if self.pushed else [])]
        to = self.image.rpartition("@")[2]
        return f"from {self.running.rpartition('@')[2]}\n  to {to}" + (
            f" ({', '.join(known)})" if known else ""
        )


def rollback(release: Release, options: RollbackOptions, session: Session) -> Facts:
    """What was rolled back. Raises ToolFailed with the reasons if the stack refuses the image."""

    def work() -> Facts:
        facts = look(release, options, session.execution.environ)
        name = facts.stack.name
        run_confirmed(
            plan(release, options, facts),
            release,
            session,
            explain=lambda _, failure: explained(failure, facts.account, name),
        )
        return facts

    return carry_out(stack_of(release).place, session, tuple, work)


def plan(release: Release, options: RollbackOptions, facts: Facts | None) -> Operation:
    """Without facts, the parameters are the rendered template's."""
    if facts is None:
        stack = stack_of(release)
        names = [parameter.name for parameter in template_parameters(release)]
        image = image_of(stack.repository.uri, options.image or UNKNOWN_IMAGE)
        return Operation(set_image(stack, image, names, timeout_seconds=options.timeout_seconds))
    parameters = facts.deployed.parameters
    return Operation(
        set_image(facts.stack, facts.image, parameters, timeout_seconds=options.timeout_seconds),
        notes=(f"rolling back {facts.stack.name}\n  {facts}",),
        question="go on",
    )


def look(release: Release, options: RollbackOptions, environ: Mapping[str, str]) -> Facts:
    """Raises InputError if there is nothing to go back to."""
    account, stack = account_and_stack(release, environ)
    deployed = stack_facts(account, stack.name)
    if deployed is None or deployed.is_empty:
        raise InputError(f"the stack '{stack.name}' is not deployed: there is nothing to roll back")
    require_changeable(stack.name, deployed)
    running = running_image(account, stack)
    found = images(account, stack)
    digest = _chosen_digest(account, stack, options, running, found)
    if running.endswith(f"@{digest}"):
        raise InputError(f"the function runs the image {digest} already")
    known = next((i for i in found if i.get("imageDigest") == digest), {})
    return Facts(
        account,
        stack,
        deployed,
        running,
        f"{stack.repository.uri}@{digest}",
        tuple(known.get("imageTags", ())),
        str(known.get("imagePushedAt", "")),
    )


def _chosen_digest(
    account: Account, stack: LambdaStack, options: RollbackOptions, running: str, found: list[dict[str, Any]]
) -> str:
    if options.image:
        wanted = image_of(stack.repository.uri, options.image)
        name = wanted.rpartition("@")[2] if "@" in wanted else wanted.rpartition(":")[2]
        return image_digest(account, stack, name)
    if options.version:
        return version_digest(account, stack, options.version)
    return previous_digest(found, running.rpartition("@")[2], stack)


def previous_digest(newest_first: list[dict[str, Any]], running: str, stack: LambdaStack) -> str:
    """The image that was pushed just before the running one."""
    digests = [str(image["imageDigest"]) for image in newest_first]
    name = stack.repository.name
    if running not in digests:
        raise InputError(f"the running image is not in the repository '{name}': choose another with --to")
    older = digests[digests.index(running) + 1 :]
    if not older:
        raise InputError(f"the repository '{name}' has no image older than the running one")
    return older[0]


def version_digest(account: Account, stack: LambdaStack, version: str) -> str:
    """The image of a published version; they exist if the function has an alias."""
    words = ("lambda", "get-function", "--function-name", stack.function, "--qualifier", version)
    answer = read(account, *words, absent=("ResourceNotFound",))
    image = str((answer or {}).get("Code", {}).get("ResolvedImageUri", ""))
    if "@" not in image:
        raise InputError(f"the function '{stack.function}' has no version {version}")
    return image.rpartition("@")[2]
