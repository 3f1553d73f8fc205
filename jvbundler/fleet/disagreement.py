"""What an app wants of the root of its fleet that the others do not, in the words of deploy.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterator

from jvbundler.pipeline.request import AppFolder, Request
from jvbundler.values.problem import Problem, error


def disagreement(path: str, app: AppFolder, other: AppFolder, request: Request) -> Iterator[Problem]:
    """A problem for each setting that decides the root at `path` and differs between the two apps."""
    from jvbundler.pipeline.render import roots_of
    from jvbundler.render.fleet import shared_settings

    [here] = [root for root in roots_of(app, request) if root.artifact.path == path]
    [there] = [root for root in roots_of(other, request) if root.artifact.path == path]
    theirs = shared_settings(there)
    for key, value in shared_settings(here).items():
        if value == theirs[key]:
            continue
        here_and_there = f"{_shown(value)} here and {_shown(theirs[key])} in {other.shown_as}"
        message = f"gitops.{'.'.join(key)} is {here_and_there}, and the fleet has one root"
        yield error(
            "JVB455",
            here.environment.place("gitops", *key),
            message,
            "set it alike in all apps of the fleet, or gitops.fleet.enabled to false in this one",
            there.environment.place("gitops", *key),
        )


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
