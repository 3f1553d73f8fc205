"""Asks the AWS CLI what there is. Changes nothing: what changes something is a Command of a plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from jvbundler.errors import ToolFailed
from jvbundler.runner import run

SECONDS = 60.0
_SHOWN = 200

# What AWS says, and what to do about it; the first that fits counts.
ADVICE = (
    ("ExpiredToken", "the credentials have expired: get new ones, as with 'aws sso login'"),
    ("security token included in the request is expired", "the credentials have expired: get new ones"),
    ("Unable to locate credentials", "there are no credentials: 'aws configure', or set AWS_PROFILE"),
    ("Token has expired", "the SSO session has ended: 'aws sso login'"),
    ("could not be found", "AWS_PROFILE names a profile that ~/.aws/config does not have"),
    ("InvalidClientTokenId", "AWS does not know these credentials"),
    ("UnrecognizedClientException", "AWS does not know these credentials"),
    ("SignatureDoesNotMatch", "the secret key does not belong to this access key"),
    ("AccessDenied", "the credentials are valid, but may not do this: ask for that permission"),
    (
        "Could not connect to the endpoint URL",
        "AWS cannot be reached: is there a network, or a proxy to set?",
    ),
    ("Connect timeout on endpoint", "AWS cannot be reached: is there a network, or a proxy to set?"),
)


class Account(NamedTuple):
    """Where to ask, and with which credentials: those of `environ`."""

    region: str
    environ: Mapping[str, str]


def read(account: Account, *words: str, absent: tuple[str, ...] = ()) -> Any:
    """What `aws WORDS` answers, or None where its error has one of the words of `absent`.

    Raises ToolFailed with AWS's own words and an advice, and for an answer that is no JSON.
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
    """AWS's words, and below them what to do, where we know."""
    found = next((advice for words, advice in ADVICE if words in said), "")
    return f"{said}\n{found}" if found else said


def _decoded(argv: list[str], text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        shown = text[:_SHOWN] or "nothing"
        raise ToolFailed(f"'aws' answered what is no JSON\n  {' '.join(argv)}\n{shown}") from None
