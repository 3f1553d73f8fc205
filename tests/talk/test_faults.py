"""What answers otherwise than jvagent does when all is well: a stub, as the real one cannot show it."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.talk.conftest import PASSWORD, call
from tests.talk.provider import serving

DEPLOY = "kubernetes: {enabled: true}\n"
LOGIN, AGENTS, INTERACT = "/api/auth/login", "/api/agents", "/api/agents/n.Agent.1/interact"
TOKEN = {"access_token": "token-of-the-stub"}
BOT = {"id": "n.Agent.1", "context": {"namespace": "acme", "name": "bot"}}


def event(**fields: Any) -> str:
    return f"data: {json.dumps(fields)}\n\n"


def message(text: str, how: str = "adhoc", **more: Any) -> str:
    return event(type="message", message={"message_type": how, "content": text, **more})


FINAL = event(type="final", session_id="s", response="all of it")


class App(BaseHTTPRequestHandler):
    """Answers a path with (status, body, seconds before it)."""

    answers: ClassVar[dict[str, tuple[int, str, float]]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body, seconds = self.answers[self.path.partition("?")[0]]
        time.sleep(seconds)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/api/elsewhere")
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def invoke(tmp_path: Path, *more: str, **changes: tuple[int, str, float]) -> tuple[int, str, str]:
    """The exit code and what is printed; `changes` are the answers that differ, by the names above."""
    answers = {
        LOGIN: (200, json.dumps(TOKEN), 0.0),
        AGENTS: (200, json.dumps({"agents": [BOT]}), 0.0),
        INTERACT: (200, FINAL, 0.0),
    }
    answers |= {globals()[name]: answer for name, answer in changes.items()}
    app = tmp_path / "support"
    (app / "agents/acme/bot").mkdir(parents=True)
    (app / "agents/acme/bot/agent.yaml").write_text("agent: acme/bot\nactions: []\n")
    (app / "app.yaml").write_text("app: support\nversion: 1.2.0\nagents: [acme/bot]\n")
    (app / "deploy.yaml").write_text(DEPLOY)
    with serving(type("Its", (App,), {"answers": answers})) as url:
        words = ("invoke", "local", "Hello", "support", "--url", url, *more)
        done = call(*words, cwd=tmp_path, env={"JVAGENT_ADMIN_PASSWORD": PASSWORD})
        return done.returncode, done.stdout, done.stderr.replace(url, "URL")


def test_parts_are_put_together_and_thoughts_left_out(tmp_path: Path) -> None:
    parts = (
        message("Thinking", "adhoc", category="thought"),
        message("One ", "stream_chunk", segment_id="1"),
        message("text", "stream_chunk", segment_id="1"),
        message("and another"),
        message("all of it", "final"),
    )
    assert invoke(tmp_path, INTERACT=(200, "".join([*parts, FINAL]), 0)) == (0, "One text\nand another\n", "")


def test_an_answer_that_was_not_streamed_is_the_final_one(tmp_path: Path) -> None:
    assert invoke(tmp_path, INTERACT=(200, f": keepalive\n\n{FINAL}", 0)) == (0, "all of it\n", "")


def test_an_answer_controls_neither_terminal_nor_ci_runner(tmp_path: Path) -> None:
    parts = (message("\x1b[2J::er", "stream_chunk"), message("ror::x", "stream_chunk"), FINAL)
    code, said, _ = invoke(tmp_path, INTERACT=(200, "".join(parts), 0))
    assert (code, "\x1b" in said, "::error::" in said) == (0, False, False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"LOGIN": (503, "down\nfor now", 0)},
            "URL/api/auth/login: HTTP 503: down\n  the log of 'jvbundler dev'",
        ),
        ({"LOGIN": (200, "<html>", 0)}, "URL: what answers is not a jvagent app\n  start the app with"),
        ({"AGENTS": (200, "[" * 99999, 0)}, "URL: what answers is not a jvagent app\n"),
        ({"LOGIN": (302, "", 0)}, "URL/api/auth/login: HTTP 302\n"),
        ({"LOGIN": (500, PASSWORD, 0)}, "URL/api/auth/login: HTTP 500: ***\n"),
        ({"AGENTS": (200, '{"agents": []}', 0)}, "URL: the app has no agent: app.yaml lists them"),
        ({"INTERACT": (429, "slow down", 0)}, "URL/api/agents/n.Agent.1/interact: HTTP 429: slow down\n"),
        ({"INTERACT": (200, message("Half"), 0)}, "URL: the answer broke off\n  the log of"),
        ({"INTERACT": (200, event(type="error", message="No model."), 0)}, "the agent failed: No model.\n"),
    ],
)
def test_a_failure_says_what_answered_and_what_to_do(
    tmp_path: Path, changes: dict[str, tuple[int, str, float]], words: str
) -> None:
    code, _, said = invoke(tmp_path, **changes)
    assert code == 4
    assert said.startswith(f"jvbundler: {words}")


def test_a_failure_as_json(tmp_path: Path) -> None:
    code, said, _ = invoke(tmp_path, "--json", LOGIN=(503, "down", 0))
    document = json.loads(said)
    assert (code, document["ok"], "HTTP 503: down" in document["error"]) == (4, False, True)


def test_without_a_platform_the_enabled_one_is_meant(tmp_path: Path) -> None:
    invoke(tmp_path)
    done = call("invoke", "Hello", "support", cwd=tmp_path)
    assert (done.returncode, "which cluster? set 'kubernetes.context'" in done.stderr) == (2, True)


def test_an_app_without_login_is_talked_to_without(tmp_path: Path) -> None:
    assert invoke(tmp_path, LOGIN=(404, "", 0)) == (0, "all of it\n", "")


def test_an_answer_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    code, _, said = invoke(tmp_path, "--timeout", "0.5", INTERACT=(200, FINAL, 5))
    assert (code, said.splitlines()[0]) == (4, "jvbundler: URL: no answer: timed out")


@pytest.mark.parametrize("url", ["localhost:8080", "file:///etc/passwd", "http://"])
def test_what_is_no_address_is_refused(tmp_path: Path, url: str) -> None:
    code, _, said = invoke(tmp_path, "--url", url)
    assert (code, said) == (
        2,
        f"jvbundler: --url: '{url}' is not an address, as in http://127.0.0.1:8080\n",
    )
