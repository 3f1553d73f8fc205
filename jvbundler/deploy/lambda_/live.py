"""The state of an environment on AWS: its stack, images and failures, and whether the app answers.

Changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.deploy.aws import (
    NO_STACK,
    Account,
    StackFacts,
    account_id,
    items_of,
    read,
    text_of,
    with_advice,
)
from jvbundler.deploy.lambda_.commands import LambdaStack, stack_of
from jvbundler.values.problem import InputError, ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release

NO_IMAGE = ("ImageNotFoundException", "RepositoryNotFoundException")
# What AWS says of a resource that it gave up because another one had failed.
_CONSEQUENCES = ("cancelled", "The following resource(s) failed")
PAUSE_SECONDS = 2.0
# A cold start loads the whole app: 7 to 10 s were measured.
ANSWER_SECONDS = 30.0


class Failure(NamedTuple):
    """Why a resource could not be created, changed or deleted."""

    resource: str
    type: str
    status: str
    reason: str

    def __str__(self) -> str:
        return f"{self.resource} ({self.type}) {self.status}: {self.reason}"


def account_and_stack(release: Release, environ: Mapping[str, str]) -> tuple[Account, LambdaStack]:
    """Raises InputError if the credentials are for another account than deploy.yaml's."""
    settings = release.environment.settings["lambda"]
    account = Account(settings["region"], environ)
    return account, stack_of(release, account_id(account, settings["account_id"]))


def require_changeable(name: str, facts: StackFacts | None) -> None:
    """Raise InputError for a stack that cannot be changed now."""
    if facts is None or facts.is_empty:
        return
    if facts.status.endswith("_IN_PROGRESS"):
        raise InputError(f"the stack '{name}' is being changed ({facts.status}): wait until it is done")
    if facts.status == "UPDATE_ROLLBACK_FAILED":
        raise InputError(
            f"the stack '{name}' is stuck in UPDATE_ROLLBACK_FAILED: "
            f"'aws cloudformation continue-update-rollback --stack-name {name}' frees it"
        )
    if facts.status == "DELETE_FAILED":
        raise InputError(f"the stack '{name}' could not be deleted: 'jvbundler destroy lambda' tries again")


def image_digest(account: Account, stack: LambdaStack, version: str) -> str:
    """The digest of an image in the repository by its tag or digest; InputError if it does not exist."""
    by = "imageDigest" if version.startswith("sha256:") else "imageTag"
    words = ("--repository-name", stack.repository.name, "--image-ids", f"{by}={version}")
    answer = read(account, "ecr", "describe-images", *words, absent=NO_IMAGE)
    images = items_of(answer, "imageDetails") if answer is not None else []
    if not images:
        raise InputError(
            f"there is no image '{version}' in the repository '{stack.repository.name}' ({stack.region}): "
            "'jvbundler deploy lambda --all' builds it"
        )
    return text_of(images[0], "imageDigest")


def images(account: Account, stack: LambdaStack) -> list[dict[str, Any]]:
    """The images of the repository, the newest first."""
    answer = read(
        account, "ecr", "describe-images", "--repository-name", stack.repository.name, absent=NO_IMAGE
    )
    found = items_of(answer, "imageDetails") if answer is not None else []
    return sorted(found, key=lambda image: str(image.get("imagePushedAt", "")), reverse=True)


def running_image(account: Account, stack: LambdaStack) -> str:
    """The image that the function runs, by digest; an empty text if there is no function."""
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
            # Later ones are older, and therefore closer to the cause.
            name = event["LogicalResourceId"]
            found.pop(name, None)
            found[name] = Failure(name, event.get("ResourceType", ""), status, reason or "no reason given")
    return tuple(reversed(found.values()))


def _last_operation(events: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for event in events:
        yield event
        if event.get("ResourceStatusReason") == "User Initiated":
            return


def explained(failure: ToolFailed, account: Account, stack: str) -> ToolFailed:
    """The failure with the events that explain it, if CloudFormation has any."""
    try:
        reasons = stack_failures(account, stack)
    except ToolFailed:
        reasons = ()
    lines = ["reasons given by CloudFormation:", *(f"  {reason}" for reason in reasons)] if reasons else []
    return ToolFailed("\n".join([with_advice(str(failure)), *lines]))


class Answer(NamedTuple):
    """`status` is 0 if there was no answer; `error` then says why."""

    url: str
    status: int
    seconds: float
    error: str = ""

    @property
    def is_healthy(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        said = f"HTTP {self.status}" if self.status else self.error
        return f"{self.url}: {said} after {self.seconds:.1f} s"


def health_url(url: str, path: str) -> str:
    return f"{url.rstrip('/')}/{path.lstrip('/')}"


def ask(url: str, *, timeout_seconds: float = ANSWER_SECONDS) -> Answer:
    """Make one request. Raises nothing: a failure is an answer too."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    started = time.monotonic()
    status, error = 0, ""
    if not url.startswith(("https://", "http://")):
        return Answer(url, 0, 0.0, "not a URL")
    try:
        request = Request(url, headers={"User-Agent": "jvbundler"})
        with urlopen(request, timeout=timeout_seconds) as answer:
            status = answer.status
    except HTTPError as refused:
        status = refused.code
        refused.close()
    except (OSError, HTTPException, ValueError) as failure:
        error = str(getattr(failure, "reason", failure)) or type(failure).__name__
    return Answer(url, status, time.monotonic() - started, error)


def wait_until_healthy(url: str, *, seconds: float, pause_seconds: float = PAUSE_SECONDS) -> Answer:
    """Ask until the app is healthy or time is up; returns the last answer, with the total time."""
    started = time.monotonic()
    while True:
        left = seconds - (time.monotonic() - started)
        answer = ask(url, timeout_seconds=max(1.0, min(ANSWER_SECONDS, left)))
        passed = time.monotonic() - started
        if answer.is_healthy or passed + pause_seconds > seconds:
            return Answer(url, answer.status, passed, answer.error)
        time.sleep(pause_seconds)


def health_answers(
    release: Release,
    stack: LambdaStack,
    outputs: Mapping[str, str],
    note: Callable[[str], None],
    *,
    seconds: float,
) -> tuple[Answer, ...]:
    """The answer of each URL at the health path, as soon as it is healthy or `seconds` are over."""
    found = []
    for name, url in urls(outputs).items():
        if needs_signature(release, name):
            note(f"{name}: health not checked, as it requires requests signed with IAM")
            continue
        found.append(wait_until_healthy(health_url(url, stack.health_path), seconds=seconds))
    return tuple(found)


def urls(outputs: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in outputs.items() if name.endswith("Url")}


def needs_signature(release: Release, output: str) -> bool:
    return output == "FunctionUrl" and (
        release.environment.settings["lambda"]["function_url"]["auth_type"] == "AWS_IAM"
    )
