"""What AWS answers, as the commands read it; and the app's health, asked of a server that starts slowly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from jvbundler.cli.commands.lambda_.operate import start_time
from jvbundler.deploy.image.ecr import Repository
from jvbundler.deploy.lambda_.commands import LambdaStack
from jvbundler.deploy.lambda_.deploy import change_set_table
from jvbundler.deploy.lambda_.live import ask, failures, health_url, wait_until_healthy
from jvbundler.deploy.lambda_.rollback import previous_digest
from jvbundler.deploy.lambda_.status import comparable
from jvbundler.values.problem import InputError


def event(name: str, status: str, reason: str = "") -> dict[str, str]:
    return {
        "LogicalResourceId": name,
        "ResourceType": "AWS::Lambda::Function",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_the_cause_of_a_failure_without_what_follows_from_it() -> None:
    events = [
        event("acme", "UPDATE_ROLLBACK_COMPLETE"),
        event("Function", "UPDATE_FAILED", "rollback: no such image"),
        event(
            "acme", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Function]."
        ),
        event("Api", "UPDATE_FAILED", "Resource update cancelled"),
        event("Function", "UPDATE_FAILED", "the image is of another architecture"),
        event("Role", "CREATE_FAILED", ""),
        event("acme", "UPDATE_IN_PROGRESS", "User Initiated"),
        event("Function", "CREATE_FAILED", "from an earlier operation"),
    ]
    assert [(f.resource, f.reason) for f in failures(events)] == [
        ("Role", "no reason given"),
        ("Function", "the image is of another architecture"),
    ]


def test_the_change_set_as_sam_shows_it() -> None:
    said = (
        "Waiting..\n\nCloudFormation stack changeset\n----\n+ Add  Function\n----\n\n\n"
        "Changeset created successfully. arn:aws:…\n"
    )
    assert change_set_table(said) == "CloudFormation stack changeset\n----\n+ Add  Function\n----"


REPOSITORY = Repository("acme", "uri", "eu-central-1", "", "")
STACK = LambdaStack("prod", "acme", "eu-central-1", "acme", "", "", REPOSITORY, "/health")
IMAGES = [{"imageDigest": "sha256:new"}, {"imageDigest": "sha256:running"}, {"imageDigest": "sha256:old"}]


def test_the_image_before_the_running_one() -> None:
    assert previous_digest(IMAGES, "sha256:running", STACK) == "sha256:old"
    with pytest.raises(InputError, match="has no image older than"):
        previous_digest(IMAGES, "sha256:old", STACK)
    with pytest.raises(InputError, match="choose another with --to"):
        previous_digest(IMAGES, "sha256:gone", STACK)


def test_templates_are_compared_without_what_sam_changes() -> None:
    rendered = "# ours\nResources:\n  F: {Type: T, Properties: {A: !GetAtt Role.Arn, B: !Ref X}}\n"
    deployed = (
        "Resources:\n  F:\n    Type: T\n    Properties:\n      A:\n        Fn::GetAtt: [Role, Arn]\n"
        "      B: {Ref: X}\n    Metadata: {SamResourceId: F}\n"
    )
    assert comparable(rendered) == comparable(deployed)
    assert comparable(rendered) != comparable(deployed.replace("Ref: X", "Ref: Y"))


@pytest.mark.parametrize(("since", "sam"), [("30s", "30sec ago"), ("10m", "10min ago"), ("7d", "7day ago")])
def test_spans_of_time(since: str, sam: str) -> None:
    assert start_time(since) == sam


@contextmanager
def server(*statuses: int) -> Iterator[str]:
    """Answers with each status once, and with the last one from then on."""
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    running = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()


def test_an_app_that_needs_a_moment() -> None:
    with server(503, 503, 200) as url:
        answer = wait_until_healthy(health_url(url, "/health"), seconds=10, pause_seconds=0.01)
    assert answer.is_healthy
    assert answer.url == f"{url}/health"


def test_an_app_that_never_gets_well() -> None:
    with server(503) as url:
        answer = wait_until_healthy(url, seconds=0.1, pause_seconds=0.02)
    assert (answer.is_healthy, answer.status) == (False, 503)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "https://no.such.host.invalid/", "file:///etc/passwd"]
)
def test_what_cannot_be_asked_is_an_answer_too(url: str) -> None:
    answer = ask(url, timeout_seconds=5)
    assert answer.status == 0
    assert answer.error
