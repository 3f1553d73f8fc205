"""Asks the AWS CLI about the account and its stacks. Changes nothing: every change is a Command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from jvbundler.runner import run
from jvbundler.values.problem import InputError, ToolFailed

SECONDS = 60.0
_SHOWN = 200
NO_STACK = ("does not exist",)
# Failed on the first try: the stack is empty, and CloudFormation does not update it.
EMPTY = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")

# What AWS says, and what to do about it; the first match counts.
ADVICE = (
    ("ExpiredToken", "the credentials have expired: get new ones, as with 'aws sso login'"),
    ("security token included in the request is expired", "the credentials have expired: get new ones"),
    ("Unable to locate credentials", "there are no credentials: 'aws configure', or set AWS_PROFILE"),
    ("Token has expired", "the SSO session has ended: 'aws sso login'"),
    ("could not be found", "AWS_PROFILE names a profile that ~/.aws/config does not have"),
    ("InvalidClientTokenId", "AWS does not know these credentials"),
    ("UnrecognizedClientException", "AWS does not know these credentials"),
    ("SignatureDoesNotMatch", "the secret key does not belong to this access key"),
    ("AccessDenied", "the credentials are valid, but lack this permission: ask for it"),
    (
        "Could not connect to the endpoint URL",
        "AWS cannot be reached: check the network, or set a proxy",
    ),
    ("Connect timeout on endpoint", "AWS cannot be reached: check the network, or set a proxy"),
)


class Account(NamedTuple):
    """Where to ask, and with which credentials: those of `environ`."""

    region: str
    environ: Mapping[str, str]


class StackFacts(NamedTuple):
    """A stack as CloudFormation shows it; secret parameters are `****`."""

    status: str
    reason: str
    updated: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def has_failed(self) -> bool:
        """Whether its last change failed; the old version may still run well."""
        return "ROLLBACK" in self.status or "FAILED" in self.status

    @property
    def is_empty(self) -> bool:
        return self.status in EMPTY


def read(account: Account, *words: str, absent: tuple[str, ...] = ()) -> Any:
    """What `aws WORDS` answers, or None where its error has one of the words of `absent`.

    Raises ToolFailed with AWS's own message and a hint, and for an answer that is not JSON.
    """
    argv = ["aws", *words, "--region", account.region, "--output", "json"]
    # A pager would wait for a key.
    environ = {**account.environ, "AWS_PAGER": ""}
    done = run(argv, env=environ, timeout_seconds=SECONDS, expected=range(256))
    if done.code == 0:
        return _decoded(argv, done.text)
    said = done.stderr.decode("utf-8", "replace").strip()
    if any(word in said for word in absent):
        return None
    raise ToolFailed(f"'aws' failed with exit code {done.code}\n  {' '.join(argv)}\n{with_advice(said)}")


def with_advice(said: str) -> str:
    """AWS's message, and below it what to do, if that is known."""
    found = next((advice for words, advice in ADVICE if words in said), "")
    return f"{said}\n{found}" if found else said


def _decoded(argv: list[str], text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        shown = text[:_SHOWN] or "nothing"
        raise ToolFailed(f"'aws' gave an answer that is not JSON\n  {' '.join(argv)}\n{shown}") from None


def text_of(answer: Any, name: str) -> str:
    """A member of an answer; ToolFailed if AWS's answer lacks it."""
    if not isinstance(answer, dict) or not isinstance(answer.get(name), str):
        raise ToolFailed(f"'aws' answered without '{name}': {str(answer)[:_SHOWN]}")
    return str(answer[name])


def items_of(answer: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects in an answer; ToolFailed if AWS's answer lacks it."""
    if not isinstance(answer, dict) or not isinstance(answer.get(name), list):
        raise ToolFailed(f"'aws' answered without '{name}': {str(answer)[:_SHOWN]}")
    return [item for item in answer[name] if isinstance(item, dict)]


def account_id(account: Account, expected: str) -> str:
    """The account of the credentials; InputError if deploy.yaml names another one."""
    found = text_of(read(account, "sts", "get-caller-identity"), "Account")
    if expected and found != expected:
        raise InputError(
            f"the credentials are those of account {found}, but 'lambda.account_id' is {expected}: "
            "choose others, as with AWS_PROFILE"
        )
    return found


def stack_facts(account: Account, name: str) -> StackFacts | None:
    """None if there is no such stack, or only the empty one that CloudFormation makes for a change set."""
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
