"""The ticks of `proactive_ticks`: requests that have jvagent's TaskMonitor start the tasks that are due.

Follows jvagent 0.1.7, action/task_monitor/endpoints.py: a GET with an API key in a header.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.project.model import Environment, Secret, slug

if TYPE_CHECKING:
    from jvbundler.app.model import App
    from jvbundler.project.model import Platform

HEADER = "x-api-key"


class Tick(NamedTuple):
    """`name` is the agent's as a DNS label; `path` is that of the request."""

    agent: str
    name: str
    path: str
    secret: Secret
    every_minutes: int


def ticks(environment: Environment, app: App, platform: Platform) -> Iterator[Tick]:
    """Those whose API key is a secret of the platform; a rule tells of the others."""
    by_name = {secret.name: secret for secret in environment.secrets(platform)}
    prefix = (
        {**dict(app.configured), **environment.variables(platform)}.get("JVSPATIAL_API_PREFIX", "/api")
        .strip()
        .rstrip("/")
    )
    for tick in environment.settings["proactive_ticks"]:
        secret = by_name.get(tick["api_key"])
        if secret is not None:
            path = f"{prefix}/proactive/tick/{tick['agent_id']}"
            yield Tick(tick["agent"], slug(tick["agent"]), path, secret, tick["every_minutes"])
