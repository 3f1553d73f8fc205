"""`proactive_ticks`: the schedule on Lambda and the CronJob on Kubernetes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import yaml

from jvbundler.render.kubernetes import target as kubernetes_target
from jvbundler.render.lambda_ import target as lambda_target
from tests.rules.projects import project

ID = "n.Agent.5f0c7a1e2b3d4c5e6f708192"
TICK = f"secrets: [PROACTIVE_API_KEY]\nproactive_ticks: [{{agent: acme/support, agent_id: {ID}}}]\n"


class Loader(yaml.SafeLoader):
    """CloudFormation's functions as they are written."""


Loader.add_multi_constructor("!", lambda loader, tag, node: node.value)


def function(text: str) -> tuple[dict[str, Any], str]:
    """The function of the SAM template, and samconfig.toml."""
    files = {one.path.rpartition("/")[2]: one.text for one in lambda_target.render(project(text))}
    template: dict[str, Any] = yaml.load(files["template.yaml"], Loader)
    return template["Resources"]["Function"]["Properties"], files["samconfig.toml"]


def objects(text: str) -> dict[str, dict[str, Any]]:
    """The objects of the flat manifest by kind."""
    (manifest,) = (
        one.text for one in kubernetes_target.render(project(text)) if one.path.endswith("manifest.yaml")
    )
    return {item["kind"]: item for item in yaml.safe_load_all(manifest)}


def event(text: str) -> dict[str, Any]:
    schedule = function(text)[0]["Events"]["TickAcmeSupport"]
    request: dict[str, Any] = json.loads(schedule["Properties"]["Input"])
    return request


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("parameter", "${ProactiveApiKeySecret}"),
        ("secretsmanager", "{{resolve:secretsmanager:acme-support:SecretString:PROACTIVE_API_KEY}}"),
        ("arn", "{{resolve:secretsmanager:acme-support:SecretString:PROACTIVE_API_KEY}}"),
    ],
)
def test_the_event_is_a_request_with_the_key(source: str, value: str) -> None:
    request = event(f"{TICK}lambda: {{enabled: true, secrets: {{source: {source}}}}}\n")
    assert request["headers"] == {"host": "scheduler", "x-forwarded-proto": "https", "x-api-key": value}
    assert request["rawPath"] == request["requestContext"]["http"]["path"] == f"/api/proactive/tick/{ID}"


def test_the_event_follows_the_prefix_of_the_api() -> None:
    prefix = "environment: {JVSPATIAL_API_PREFIX: /v2/}\n"
    assert event(f"{TICK}{prefix}lambda: {{enabled: true}}\n")["rawPath"] == f"/v2/proactive/tick/{ID}"


def test_a_function_that_only_a_schedule_calls() -> None:
    role = "{role_arn: 'arn:aws:iam::123456789012:role/a'}"
    alone = f"{{enabled: true, api_gateway: {{enabled: false}}, iam: {role}}}"
    made, config = function(f"{TICK}lambda: {alone}\n")
    assert list(made["Events"]) == ["TickAcmeSupport"]
    assert made["Events"]["TickAcmeSupport"]["Properties"]["ScheduleExpression"] == "rate(2 minutes)"
    assert "CAPABILITY_IAM" in config, "SAM makes a role for the schedule"


def test_the_roles_boundary_holds_for_the_schedule() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    text = f"{TICK}lambda: {{enabled: true, iam: {{permissions_boundary: '{boundary}'}}}}\n"
    assert function(text)[0]["Events"]["TickAcmeSupport"]["Properties"]["PermissionsBoundary"] == boundary


def test_a_minute_is_one() -> None:
    text = TICK.replace("}]", ", every_minutes: 1}]")
    schedule = function(f"{text}lambda: {{enabled: true}}\n")[0]["Events"]["TickAcmeSupport"]
    assert schedule["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    assert objects(f"{text}kubernetes: {{enabled: true}}\n")["CronJob"]["spec"]["schedule"] == "* * * * *"


def test_the_pods_of_the_cron_job_are_not_those_of_the_service() -> None:
    found = objects(f"{TICK}kubernetes: {{enabled: true}}\n")
    labels = found["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"].items()
    assert not found["Service"]["spec"]["selector"].items() <= labels
    assert not found["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert "from" not in found["NetworkPolicy"]["spec"]["ingress"][0]
    variables = found["ConfigMap"]["data"]
    assert variables["JVSPATIAL_SCHEDULER_ENABLED"] == "false", "it would start the same tasks"
    assert variables["JVSPATIAL_DEFERRED_INVOKE_DISABLED"] == "true", "it trusts forwarding headers"


def test_a_cron_job_with_a_long_name() -> None:
    name = "a" * 60
    found = objects(f"app: {{name: {name}}}\n{TICK}kubernetes: {{enabled: true}}\n")
    assert len(found["CronJob"]["metadata"]["name"]) <= 52


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ('{"success":true,"dispatched":0}', 0),
        ('{"status":"error","message":"HTTPS required for webhook endpoints"}', 1),
    ],
)
def test_the_script_fails_where_the_tick_was_refused(answer: str, code: int) -> None:
    asked: list[tuple[str, str | None, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["x-api-key"], self.headers["x-forwarded-proto"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            pass

    found = objects(f"{TICK}kubernetes: {{enabled: true}}\n")["CronJob"]
    (container,) = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    _, flag, script = container["command"]
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        script = script.replace("http://acme-support:80", f"http://127.0.0.1:{server.server_port}")
        done = subprocess.run(
            [sys.executable, flag, script],
            env={"PROACTIVE_API_KEY": "k"},
            capture_output=True,
            text=True,
            check=False,
        )
        server.shutdown()
    assert (done.returncode, done.stdout) == (code, f"{answer}\n")
    assert asked == [(f"/api/proactive/tick/{ID}", "k", "https")]
