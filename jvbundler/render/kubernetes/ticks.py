"""The CronJob of each of `proactive_ticks`: a request to the app's Service, by the app's own image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import Environment
from jvbundler.project.ticks import HEADER, Tick, ticks
from jvbundler.render.kubernetes.deployment import container, node_selector, service_account_name
from jvbundler.render.kubernetes.names import metadata, name_with, service_name

if TYPE_CHECKING:
    from jvbundler.app.model import App

# Kubernetes adds the minute to a CronJob's name, and a Job's name has 63 characters.
NAME_LIMIT = 52
# Seconds: the agents answer during the request.
PATIENCE = 300


def cron_jobs(environment: Environment, app: App) -> Iterator[dict[str, Any]]:
    for tick in ticks(environment, app, "kubernetes"):
        yield cron_job(environment, tick)


def cron_job(environment: Environment, tick: Tick) -> dict[str, Any]:
    kubernetes = environment.settings["kubernetes"]
    app_container = container(environment)
    name = name_with(f"{environment.instance}-tick-{tick.name}", limit=NAME_LIMIT)
    return {
        **metadata(environment, name),
        "agent": tick.agent,
        "schedule": f"*/{tick.every_minutes} * * * *" if tick.every_minutes > 1 else "* * * * *",
        "patience": PATIENCE,
        "pod_labels": pod_labels(environment),
        "service_account_name": service_account_name(environment),
        "pull_secret": kubernetes["registry"]["secret_name"],
        "security": kubernetes["security"],
        "node_selector": node_selector(environment),
        "image": app_container["image"],
        "image_pull_policy": app_container["image_pull_policy"],
        "command": ["python", "-c", script(environment, tick)],
        "secret": tick.secret,
    }


def pod_labels(environment: Environment) -> dict[str, str]:
    """Not those that the Service and the Deployment select."""
    return {
        "app.kubernetes.io/name": name_with(environment.instance, "-tick"),
        "app.kubernetes.io/instance": environment.instance,
    }


def script(environment: Environment, tick: Tick) -> str:
    """jvagent answers to plain HTTP, and to a wrong key, with 200 and what is wrong in the body."""
    port = environment.settings["kubernetes"]["service"]["port"]
    url = f"http://{service_name(environment)}:{port}{tick.path}"
    return (
        "import json, os, sys, urllib.request as r; "
        f"q = r.Request({url!r}, headers={{'x-forwarded-proto': 'https'}}); "
        f"q.add_header({HEADER!r}, os.environ[{tick.secret.name!r}]); "
        f"a = r.urlopen(q, timeout={PATIENCE - 10}).read().decode(); "
        "print(a); sys.exit(not json.loads(a).get('success'))"
    )
