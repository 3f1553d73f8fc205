"""What a deployed app answers at its URLs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from jvbundler.deploy.lambda_.commands import LambdaStack

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.http import Answer
    from jvbundler.deploy.release import Release


def health_answers(
    release: Release,
    stack: LambdaStack,
    outputs: Mapping[str, str],
    note: Callable[[str], None],
    *,
    seconds: float,
) -> tuple[Answer, ...]:
    """What each URL of the app answers at the health path, once it does or `seconds` are over."""
    from jvbundler.deploy.lambda_.http import health_url, wait_until_healthy

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
