"""The app behind the real Lambda Web Adapter answers the events of each endpoint, and lets no one else in."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from jvbundler.deploy.lambda_.local import events
from jvbundler.deploy.lambda_.local.events import Event, Request
from jvbundler.render.docker import ADAPTER_IMAGE
from tests.e2e.lambda_.function import (
    SECRETS,
    Function,
    make_venv,
    rendered_requirements,
    running,
)

ROOT = Path(__file__).resolve().parents[3]
DEFERRED = "/api/_internal/deferred"
JSON = (("content-type", "application/json"),)
# What the tests themselves ask for in vain.
EXPECTED = "Unknown task_type: 'no-such-task'"
EVENTS = (events.http_api, events.rest_api, events.function_url)


def claimed(address: str) -> tuple[tuple[str, str], ...]:
    """What a client itself writes into its request."""
    return (("x-forwarded-for", address),) if address else ()


def test_the_adapter_is_named_where_it_is_not_the_pinned_one(adapter: None) -> None:
    pins = (ROOT / "scripts/bring_tools.py").read_text()
    built = re.search(r"lambda_web_adapter@([\w.-]+)", pins)
    assert built
    pinned = ADAPTER_IMAGE.rpartition(":")[2]
    if built[1] != pinned:
        pytest.skip(f"not proven: adapter {pinned}, which the image has; crates.io serves {built[1]}")


@pytest.mark.parametrize("event", EVENTS)
def test_the_health_path_answers_every_endpoint(function: Function, event: Event) -> None:
    answer = function.invoke(event(Request("GET", "/health")))
    assert (answer.status, answer.body["status"]) == (200, "healthy")
    assert not answer.value["isBase64Encoded"]


@pytest.mark.parametrize("event", EVENTS)
def test_a_login_and_a_call_with_its_token(function: Function, event: Event) -> None:
    login = json.dumps({"email": "admin@jvagent.example", "password": SECRETS["JVAGENT_ADMIN_PASSWORD"]})
    assert function.invoke(event(Request("GET", "/api/agents"))).status == 401
    answer = function.invoke(event(Request("POST", "/api/auth/login", login.encode(), JSON)))
    assert answer.status == 200
    with_token = (("authorization", f"Bearer {answer.body['access_token']}"),)
    assert function.invoke(event(Request("GET", "/api/agents", headers=with_token))).status == 200


@pytest.mark.parametrize("forwarded", ["", "127.0.0.1", "::1, 127.0.0.1"])
@pytest.mark.parametrize("event", EVENTS)
def test_deferred_tasks_are_refused_from_outside(function: Function, event: Event, forwarded: str) -> None:
    headers = claimed(forwarded)
    answer = function.invoke(event(Request("POST", DEFERRED, b'{"task_type": "x"}', headers)))
    assert answer.status == 401
    assert answer.body["message"] == "Deferred invoke unauthorized"


def test_the_function_s_own_event_reaches_the_route_of_deferred_tasks(function: Function) -> None:
    answer = function.invoke({"task_type": "no-such-task"})
    assert answer.value["message"] == EXPECTED


def test_a_large_body_arrives(function: Function) -> None:
    """Six megabytes are Lambda's limit, with base64."""
    body = json.dumps({"email": "a" * 4_000_000, "password": "x"}).encode()
    assert len(base64.b64encode(body)) < 6 * 1024 * 1024
    answer = function.invoke(events.http_api(Request("POST", "/api/auth/login", body, JSON)))
    # The app has read all of it.
    assert answer.status == 422


def test_the_log_has_no_error(function: Function) -> None:
    function.invoke(events.http_api(Request("GET", "/health")))
    text = re.sub(r"\x1b\[[0-9;]*m", "", function.log.read_text(errors="replace"))
    assert "Startup Summary: No warnings or errors" in text
    wrong = re.compile(r"Traceback|panicked|\| (?:ERROR|CRITICAL) \|")
    assert [line for line in text.splitlines() if wrong.search(line) and EXPECTED not in line] == []


@pytest.mark.parametrize(("allowed", "forwarded"), [("*", "127.0.0.1"), ("10.244.0.0/16", "")])
def test_what_jvb337_warns_of_opens_the_route(
    venv: Path, app: Path, tmp_path: Path, allowed: str, forwarded: str
) -> None:
    request = Request("POST", DEFERRED, b'{"task_type": "no-such-task"}', claimed(forwarded))
    with running(venv, app, tmp_path / "tmp", {"FORWARDED_ALLOW_IPS": allowed}) as function:
        answer = function.invoke(events.http_api(request))
    assert (answer.status, answer.body["message"]) == (404, EXPECTED)


def test_a_start_of_more_than_ten_seconds_ends_in_an_answer(app: Path, venv: Path, tmp_path: Path) -> None:
    """Lambda's limit for the init; the adapter reports ready at 9.8 s, and the first event waits."""
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text("import sys, time\nif 'run' in sys.argv: time.sleep(12)\n")
    with running(venv, app, tmp_path / "tmp", {"PYTHONPATH": str(slow)}) as function:
        assert function.invoke(events.http_api(Request("GET", "/health"))).status == 200


@pytest.mark.parametrize(
    ("jvspatial", "message"),
    [
        # jvagent 0.1.1: it wants a header that the adapter cannot send, which is JVB319.
        ("0.0.12", "Deferred invoke unauthorized"),
        # The newest, with the variable that jvbundler then sets.
        ("0.2.2", EXPECTED),
    ],
)
def test_deferred_tasks_with_other_versions_of_jvspatial(
    app: Path, tmp_path: Path, jvspatial: str, message: str
) -> None:
    packages = rendered_requirements(app / "deploy/docker/Dockerfile")
    venv = make_venv(tmp_path / "venv", packages, overrides=f"jvspatial[lambda]=={jvspatial}")
    more = {"JVSPATIAL_DEFERRED_INVOKE_ALLOW_LOOPBACK": "true"} if jvspatial == "0.2.2" else {}
    with running(venv, app, tmp_path / "tmp", more) as function:
        refused = function.invoke(events.http_api(Request("POST", DEFERRED, b'{"task_type": "x"}')))
        assert refused.status == 401
        assert function.invoke({"task_type": "no-such-task"}).value["message"] == message
