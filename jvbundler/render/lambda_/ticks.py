"""The schedule of each of `proactive_ticks`: an event in the words of an HTTP API, straight to the function.

The Lambda Web Adapter takes any other event to one path only (AWS_LWA_PASS_THROUGH_PATH), and an event of API
Gateway to the path that it names. So EventBridge Scheduler needs no URL of the app.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import Environment
from jvbundler.project.ticks import HEADER, Tick, ticks
from jvbundler.render.lambda_.function import composed
from jvbundler.source.interpolate import SecretName

if TYPE_CHECKING:
    from jvbundler.app.model import App


def schedules(environment: Environment, app: App) -> Iterator[dict[str, Any]]:
    for tick in ticks(environment, app, "lambda"):
        rate = f"rate({tick.every_minutes} minutes)" if tick.every_minutes > 1 else "rate(1 minute)"
        yield {
            "id": "Tick" + "".join(word.capitalize() for word in tick.name.split("-")),
            "description": f"Starts the due tasks of {tick.agent}",
            "rate": rate,
            "input": event(environment, tick),
            "permissions_boundary": environment.settings["lambda"]["iam"]["permissions_boundary"],
        }


def event(environment: Environment, tick: Tick) -> str:
    """A request as version 2.0 of API Gateway's payload has it."""
    key = "\0"
    request = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": tick.path,
        "rawQueryString": "",
        # jvspatial refuses plain HTTP here, and believes the adapter, which is on loopback.
        "headers": {"host": "scheduler", "x-forwarded-proto": "https", HEADER: key},
        "requestContext": {
            "http": {
                "method": "GET",
                "path": tick.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "scheduler",
            },
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "isBase64Encoded": False,
    }
    before, after = json.dumps(request, separators=(",", ":")).split(json.dumps(key)[1:-1])
    return composed(environment, (before, SecretName(tick.secret.name), after))
