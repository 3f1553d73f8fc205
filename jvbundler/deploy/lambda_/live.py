"""What AWS says of a deployed environment: account, stack, images and failures. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from jvbundler.deploy.aws import Account, read
from jvbundler.deploy.lambda_.commands import LambdaStack
from jvbundler.errors import InputError, ToolFailed

NO_STACK = ("does not exist",)
NO_IMAGE = ("ImageNotFoundException", "RepositoryNotFoundException")
# Failed on the first try: nothing is in it, and CloudFormation updates it no more.
EMPTY = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
# AWS's words for what it gave up because something else had failed.
_CONSEQUENCES = ("cancelled", "The following resource(s) failed")


class StackFacts(NamedTuple):
    """A stack as CloudFormation shows it; secret parameters are `****`."""

    status: str
    reason: str
    updated: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def has_failed(self) -> bool:
        """Whether its last change failed; it may run well all the same, as before."""
        return "ROLLBACK" in self.status or "FAILED" in self.status

    @property
    def is_empty(self) -> bool:
        return self.status in EMPTY


class Failure(NamedTuple):
    """Why a resource could not be made, changed or deleted."""

    resource: str
    type: str
    status: str
    reason: str

    def __str__(self) -> str:
        return f"{self.resource} ({self.type}) {self.status}: {self.reason}"


def account_id(account: Account, expected: str) -> str:
    """The account of the credentials; InputError where deploy.yaml names another one."""
    found = text_of(read(account, "sts", "get-caller-identity"), "Account")
    if expected and found != expected:
        raise InputError(
            f"the credentials are those of account {found}, and 'lambda.account_id' is {expected}: "
            "choose others, as with AWS_PROFILE"
        )
    return found


def text_of(answer: Any, name: str) -> str:
    """A member of an answer; ToolFailed where it is not what AWS answers."""
    if not isinstance(answer, dict) or not isinstance(answer.get(name), str):
        raise ToolFailed(f"'aws' answered without '{name}': {str(answer)[:200]}")
    return str(answer[name])


def items_of(answer: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(answer, dict) or not isinstance(answer.get(name), list):
        raise ToolFailed(f"'aws' answered without '{name}': {str(answer)[:200]}")
    return [item for item in answer[name] if isinstance(item, dict)]


def stack_facts(account: Account, name: str) -> StackFacts | None:
    """None where there is no such stack, or only the shell of one that a change set waits for."""
    answer = read(account, "cloudformation", "describe-stacks", "--stack-name", name, absent=NO_STACK)
    found = items_of(answer, "Stacks")[0] if answer is not None else {}
    if not found or found["StackStatus"] == "REVIEW_IN_PROGRESS":
        return None
    return StackFacts(
        status=text_of(found, "StackStatus"),
        reason=found.get("StackStatusReason", ""),
        updated=found.get("LastUpdatedTime", found.get("CreationTime", "")),
        parameters={p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", [])},
        outputs={o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])},
    )


def require_changeable(name: str, facts: StackFacts | None) -> None:
    """Raise InputError for a stack that takes no change now."""
    if facts is None or facts.is_empty:
        return
    if facts.status.endswith("_IN_PROGRESS"):
        raise InputError(f"the stack '{name}' is being changed ({facts.status}): wait until that is done")
    if facts.status == "UPDATE_ROLLBACK_FAILED":
        raise InputError(
            f"the stack '{name}' is stuck in UPDATE_ROLLBACK_FAILED: "
            f"'aws cloudformation continue-update-rollback --stack-name {name}' frees it"
        )
    if facts.status == "DELETE_FAILED":
        raise InputError(f"the stack '{name}' could not be deleted: 'jvbundler destroy lambda' tries again")


def image_digest(account: Account, stack: LambdaStack, version: str) -> str:
    """The digest of an image in the repository by its tag or digest; InputError where it is not there."""
    by = "imageDigest" if version.startswith("sha256:") else "imageTag"
    words = ("--repository-name", stack.repository, "--image-ids", f"{by}={version}")
    answer = read(account, "ecr", "describe-images", *words, absent=NO_IMAGE)
    images = items_of(answer, "imageDetails") if answer is not None else []
    if not images:
        raise InputError(
            f"there is no image '{version}' in the repository '{stack.repository}' ({stack.region}): "
            "'jvbundler deploy lambda --all' makes it"
        )
    return text_of(images[0], "imageDigest")


def images(account: Account, stack: LambdaStack) -> list[dict[str, Any]]:
    """The images of the repository, the newest first."""
    answer = read(account, "ecr", "describe-images", "--repository-name", stack.repository, absent=NO_IMAGE)
    found = items_of(answer, "imageDetails") if answer is not None else []
    return sorted(found, key=lambda image: str(image.get("imagePushedAt", "")), reverse=True)


def running_image(account: Account, stack: LambdaStack) -> str:
    """The image that the function runs, by digest; an empty text where there is no function."""
    answer = read(
        account, "lambda", "get-function", "--function-name", stack.function, absent=("ResourceNotFound",)
    )
    code = (answer or {}).get("Code", {})
    return str(code.get("ResolvedImageUri") or code.get("ImageUri", ""))


def stack_failures(account: Account, name: str) -> tuple[Failure, ...]:
    """Why the last change of a stack failed."""
    answer = read(account, "cloudformation", "describe-stack-events", "--stack-name", name, absent=NO_STACK)
    return failures(items_of(answer, "StackEvents")) if answer is not None else ()


def failures(events: Sequence[Mapping[str, Any]]) -> tuple[Failure, ...]:
    """The first failure of each resource in the last operation, without what only follows from others.

    `events` are the newest first, as CloudFormation gives them.
    """
    found: dict[str, Failure] = {}
    for event in _last_operation(events):
        status, reason = event.get("ResourceStatus", ""), event.get("ResourceStatusReason", "")
        if status.endswith("_FAILED") and not any(words in reason for words in _CONSEQUENCES):
            # Later ones are older, and so nearer to the cause.
            name = event["LogicalResourceId"]
            found.pop(name, None)
            found[name] = Failure(name, event.get("ResourceType", ""), status, reason or "no reason given")
    return tuple(reversed(found.values()))


def _last_operation(events: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for event in events:
        yield event
        if event.get("ResourceStatusReason") == "User Initiated":
            return
