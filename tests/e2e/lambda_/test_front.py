"""The server of `run lambda` before the emulator, the adapter and the app."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jvbundler.deploy.lambda_.local.answers import Kind
from jvbundler.deploy.lambda_.local.front import Endpoint, Front
from tests.deploy.lambda_.test_local_front import served
from tests.e2e.lambda_.function import SECONDS, SECRETS, Function, running

KINDS: tuple[Kind, ...] = ("http_api", "rest_api", "function_url")
DEFERRED = "/api/_internal/deferred"
JSON = {"Content-Type": "application/json"}


@contextlib.contextmanager
def front(function: Function, endpoint: Endpoint) -> Iterator[http.client.HTTPConnection]:
    with (
        served(Front(0, function.port, endpoint)) as port,
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection,
    ):
        yield connection


def asked(connection: http.client.HTTPConnection, *request: Any) -> tuple[int, Any]:
    connection.request(*request)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_and_a_call_with_its_token(function: Function, kind: Kind) -> None:
    login = json.dumps({"email": "admin@jvagent.example", "password": SECRETS["JVAGENT_ADMIN_PASSWORD"]})
    with front(function, Endpoint(kind, SECONDS)) as connection:
        status, said = asked(connection, "GET", "/health")
        assert (status, said["status"]) == (200, "healthy")
        assert asked(connection, "GET", "/api/agents?page=1")[0] == 401
        status, said = asked(connection, "POST", "/api/auth/login", login, JSON)
        assert status == 200
        token = {"Authorization": f"Bearer {said['access_token']}"}
        assert asked(connection, "GET", "/api/agents?page=1&page_size=5", None, token)[0] == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("claimed", [{}, {"X-Forwarded-For": "127.0.0.1"}])
def test_this_machine_is_the_internet_for_the_function(
    function: Function, kind: Kind, claimed: dict[str, str]
) -> None:
    with front(function, Endpoint(kind, SECONDS)) as connection:
        status, said = asked(connection, "POST", DEFERRED, b'{"task_type": "x"}', claimed)
    assert (status, said["message"]) == (401, "Deferred invoke unauthorized")


def test_large_bodies_arrive_up_to_the_limit(function: Function) -> None:
    body = json.dumps({"email": "a" * 4_000_000, "password": "x"}).encode()
    with front(function, Endpoint("http_api", SECONDS)) as connection:
        # The app has read all of it.
        assert asked(connection, "POST", "/api/auth/login", body, JSON)[0] == 422
        assert asked(connection, "POST", "/api/auth/login", body + body, JSON)[0] == 413


def test_who_does_not_get_an_answer_in_time_is_told_so_and_the_function_goes_on(function: Function) -> None:
    with front(function, Endpoint("http_api", 0.0001)) as connection:
        assert asked(connection, "GET", "/health") == (503, {"message": "Service Unavailable"})
    with front(function, Endpoint("http_api", SECONDS)) as connection:
        assert asked(connection, "GET", "/health")[0] == 200


def test_the_timeout_of_the_function_ends_its_request(app: Path, venv: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text("import sys, time\nif 'run' in sys.argv: time.sleep(15)\n")
    more = {"PYTHONPATH": str(slow), "AWS_LAMBDA_FUNCTION_TIMEOUT": "1"}
    with (
        running(venv, app, tmp_path / "tmp", more) as function,
        front(function, Endpoint("rest_api", SECONDS)) as connection,
    ):
        assert asked(connection, "GET", "/health") == (504, {"message": "Endpoint request timed out"})
