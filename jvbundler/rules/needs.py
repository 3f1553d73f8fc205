"""Rules about what actions of jvagent need of the platform: a scheduler, a writable app, a quick start.

Which action needs what stands in schemas/needs.json. Must not know an action by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.app.needs import needing
from jvbundler.project.model import Environment
from jvbundler.rules.rule import (
    Finding,
    app_variables,
    is_true,
    platforms,
    pods,
    pods_path,
    rule,
    secret_names,
    variable_path,
)
from jvbundler.rules.shared import TRUSTED
from jvbundler.values.node import find

if TYPE_CHECKING:
    from jvbundler.app.model import App

# What uvicorn believes without being told.
LOOPBACK = ("", "127.0.0.1")
EVENTBRIDGE = "JVSPATIAL_EVENTBRIDGE_SCHEDULER_ENABLED"
ROLE = "JVSPATIAL_EVENTBRIDGE_ROLE_ARN"


@rule(
    "JVB229",
    "warning",
    title="Action that writes into the app folder",
    source="jvagent 0.1.7, action/skill_hub/_installer.py: _write_yaml",
)
def writes_app(environment: Environment, app: App) -> Iterator[Finding]:
    """`jvagent/skill_hub` installs a skill by writing its files and agent.yaml. In the image the app folder
    belongs to root, and is read-only on Lambda, so that this fails; and what was written would be gone with
    the container. Install skills where you develop, commit them, and disable the action."""
    if any(platforms(environment)):
        for one in needing(app.actions, "writable app"):
            message = f"{one.action.id} writes {one.need.value}, and the app folder of the image is read-only"
            yield Finding(
                one.place, message, "install skills before the build, and disable it", (one.need.place,)
            )


@rule(
    "JVB333",
    "warning",
    title="Registration during the start on Lambda",
    source="AWS Lambda: 10 s for the init; jvagent 0.1.7, action/whatsapp/whatsapp_action.py: on_startup",
)
def slow_start(environment: Environment, app: App) -> Iterator[Finding]:
    """`jvagent/whatsapp_action` registers its session while the app starts, and waits for the provider up to
    120 seconds (`WHATSAPP_SESSION_REGISTER_TIMEOUT_SECONDS`), at every cold start. Lambda gives an init ten
    seconds, and the first request waits for the rest. Skip it, and register once by
    `POST /api/actions/<id>/session/register`. The provider `meta` skips it on Lambda by itself."""
    if "lambda" not in platforms(environment):
        return
    variables = app_variables(environment, app, "lambda")
    for one in needing(app.actions, "slow start"):
        provider = find(one.entry, ["context", "provider"]) if one.entry else None
        is_skipped = variables.get(one.need.value, "").strip().lower() == "true"
        if not is_skipped and (provider is None or provider.value != "meta"):
            message = f"{one.action.id} registers itself while the function starts, for which Lambda has 10 s"
            hint = f'set {one.need.value}: "true" under lambda.environment'
            yield Finding(one.place, message, hint, (one.need.place,))


@rule(
    "JVB334",
    "warning",
    title="Proactive tasks without a scheduler on Lambda",
    source="jvagent 0.1.7, action/task_monitor/task_monitor.py: no scheduler in serverless mode",
)
def no_scheduler(environment: Environment, app: App) -> Iterator[Finding]:
    """`jvagent/task_monitor` starts tasks that are due, every two minutes, by a scheduler inside the app.
    jvagent turns it off on Lambda, where nothing runs between two requests, so no task is ever started. With
    `proactive_ticks` EventBridge Scheduler asks for it (docs/deploying.md)."""
    if "lambda" in platforms(environment) and not environment.settings["proactive_ticks"]:
        for one in needing(app.actions, "scheduler"):
            message = f"{one.action.id} has no scheduler on Lambda: no task that is due is started"
            yield Finding(one.place, message, "set proactive_ticks", (one.need.place,))


@rule(
    "JVB335",
    "error",
    title="EventBridge Scheduler without role or target",
    source="jvspatial 0.0.17, env_adapter.py: the app does not start without them",
)
def eventbridge(environment: Environment, app: App) -> Iterator[Finding]:
    """With `JVSPATIAL_EVENTBRIDGE_SCHEDULER_ENABLED` jvspatial makes a schedule for each task with a
    `run_at`. It needs the role that the schedule takes (`JVSPATIAL_EVENTBRIDGE_ROLE_ARN`), and the function
    (`JVSPATIAL_EVENTBRIDGE_LAMBDA_ARN`, or `AWS_ACCOUNT_ID`), and does not start without them. The
    function's own role needs `scheduler:CreateSchedule`, and `iam:PassRole` on that role, by
    `lambda.iam.statements`."""
    if "lambda" not in platforms(environment):
        return
    variables = app_variables(environment, app, "lambda")
    known = {
        *(name for name, value in variables.items() if value.strip()),
        *secret_names(environment, "lambda"),
    }
    if not is_true(variables.get(EVENTBRIDGE, "")):
        return
    path = variable_path(environment, "lambda", EVENTBRIDGE, ("lambda", "environment"))
    if ROLE not in known:
        yield Finding(path, f"{EVENTBRIDGE} needs a role, and {ROLE} is not set", f"set {ROLE}")
    if not known & {"JVSPATIAL_EVENTBRIDGE_LAMBDA_ARN", "AWS_ACCOUNT_ID"}:
        hint = "set JVSPATIAL_EVENTBRIDGE_LAMBDA_ARN, or AWS_ACCOUNT_ID"
        yield Finding(path, f"{EVENTBRIDGE} does not know the function's ARN", hint)


@rule(
    "JVB436",
    "warning",
    title="Proactive messages with several pods",
    source="jvagent 0.1.7, action/response/response_bus.py: a session's messages are in memory",
)
def one_process(environment: Environment, app: App) -> Iterator[Finding]:
    """With `jvagent/task_monitor` every pod has a scheduler, and each starts the tasks that are due. Its
    messages to a browser (jvmessenger) wait in the memory of the pod that made them, and a browser that is
    connected to another pod never sees them. Run one pod; or, where messages leave by another channel such as
    WhatsApp, set `proactive_ticks`, and one CronJob starts the tasks."""
    most = pods(environment)[1]
    if "kubernetes" in platforms(environment) and most > 1 and not environment.settings["proactive_ticks"]:
        for one in needing(app.actions, "one process"):
            message = (
                f"each of {most} pods starts the tasks of {one.action.id}, and keeps its messages to itself"
            )
            yield Finding(
                pods_path(environment), message, "run one pod, or set proactive_ticks", (one.place,)
            )


@rule(
    "JVB442",
    "warning",
    title="Ticks that the app takes for plain HTTP",
    source="Run for real: jvspatial 0.0.17 refuses a webhook by plain HTTP; uvicorn: forwarded_allow_ips",
)
def untrusted_ticks(environment: Environment, app: App) -> Iterator[Finding]:
    """The CronJob of `proactive_ticks` says that its request is as good as HTTPS, which uvicorn believes only
    of the addresses in `FORWARDED_ALLOW_IPS`; without it, each tick is refused: "HTTPS required for webhook
    endpoints". Set it to the network of the pods, and not to `*`, which would believe any client's header
    (JVB337). The same holds for webhooks that come through an Ingress (JVB338)."""
    if "kubernetes" not in platforms(environment) or not environment.settings["proactive_ticks"]:
        return
    variables = app_variables(environment, app, "kubernetes")
    inherited = environment.settings["kubernetes"]["extra_env_from"]
    if not inherited and variables.get(TRUSTED, "").strip() in LOOPBACK:
        path = variable_path(environment, "kubernetes", TRUSTED, ("proactive_ticks",))
        hint = f"set {TRUSTED} to the pods' network, such as 10.244.0.0/16"
        message = "the app takes the requests of the CronJob for plain HTTP, and refuses them"
        yield Finding(path, message, hint)


@rule(
    "JVB338",
    "warning",
    title="Webhooks that the app takes for plain HTTP",
    source="jvspatial 0.0.17, api/integrations/webhooks/middleware.py; uvicorn: forwarded_allow_ips",
)
def untrusted_webhooks(environment: Environment, app: App) -> Iterator[Finding]:
    """TLS ends at the Ingress, and its controller says so by `x-forwarded-proto`, which uvicorn believes only
    of the addresses in `FORWARDED_ALLOW_IPS`. Without it, jvspatial refuses each webhook, and answers with
    status 200 and `"message": "HTTPS required for webhook endpoints"` in the body, so that the sender sees
    no error. Set it to the network of the controller's pods. JVB442 tells the same of `proactive_ticks`."""
    settings = environment.settings["kubernetes"]
    receivers = {one.action.id: one.place for one in needing(app.actions, "webhook")}
    is_reached = settings["enabled"] and settings["ingress"]["enabled"]
    if not is_reached or settings["extra_env_from"] or environment.settings["proactive_ticks"]:
        return
    variables = app_variables(environment, app, "kubernetes")
    if receivers and variables.get(TRUSTED, "").strip() in LOOPBACK:
        path = variable_path(environment, "kubernetes", TRUSTED, ("kubernetes", "ingress", "enabled"))
        names = ", ".join(receivers)
        hint = f"set {TRUSTED} to the network of the Ingress controller's pods, such as 10.244.0.0/16"
        message = f"the app takes webhooks through the Ingress for plain HTTP, and refuses them: {names}"
        yield Finding(path, message, hint, tuple(receivers.values()))


@rule(
    "JVB511",
    "error",
    title="Tick that cannot be sent",
    source="jvbundler: proactive_ticks",
)
def impossible_tick(environment: Environment, app: App) -> Iterator[Finding]:
    """An entry of `proactive_ticks` names an agent that app.yaml does not list, or one that another entry
    has; or its `api_key` is not a secret of the environment, so that nothing could hand over the key."""
    agents: set[str] = set()
    for index, tick in enumerate(environment.settings["proactive_ticks"]):
        path = ("proactive_ticks", index)
        if tick["agent"] not in app.agents:
            hint = f"the app has {', '.join(app.agents) or 'no agent'}"
            yield Finding((*path, "agent"), f"there is no agent '{tick['agent']}'", hint)
        if tick["agent"] in agents:
            yield Finding((*path, "agent"), f"'{tick['agent']}' has two ticks", "remove one of them")
        agents.add(tick["agent"])
        for platform in platforms(environment):
            # A text that is composed of secrets is not one that can be handed over.
            if tick["api_key"] not in {secret.name for secret in environment.secrets(platform)}:
                message = f"'{tick['api_key']}', the API key of the tick, is not a secret of the environment"
                yield Finding((*path, "api_key"), message, f"list {tick['api_key']} under 'secrets'")
                break
