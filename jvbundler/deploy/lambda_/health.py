"""What a deployed app answers at its URLs. The only module that opens a connection of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.stack import LambdaStack
    from jvbundler.deploy.release import Release

PAUSE_SECONDS = 2.0
# A cold start loads the whole app: 7 to 10 s were measured.
ANSWER_SECONDS = 30.0


class Answer(NamedTuple):
    """`status` is 0 where no answer came; `error` says why then."""

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
    """One request. Raises nothing: whatever goes wrong is an answer, too."""
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
    """Ask until the app is healthy or the time is over; the last answer, with the time of all of them."""
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
    """What each URL of the app answers at the health path, once it does or `seconds` are over."""
    found = []
    for name, url in urls(outputs).items():
        if needs_signature(release, name):
            note(f"{name}: not asked for its health, as it wants requests signed by IAM")
            continue
        found.append(wait_until_healthy(health_url(url, stack.health_path), seconds=seconds))
    return tuple(found)


def urls(outputs: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in outputs.items() if name.endswith("Url")}


def needs_signature(release: Release, output: str) -> bool:
    return output == "FunctionUrl" and (
        release.environment.settings["lambda"]["function_url"]["auth_type"] == "AWS_IAM"
    )
