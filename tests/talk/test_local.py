"""`chat local` and `invoke local`, with the real jvagent: log in, and an answer as it streams."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pexpect
import pytest

from tests.talk.conftest import PASSWORD, ROOT, Run, Running
from tests.talk.provider import ANSWER


def test_invoke_prints_the_answer_alone(running: Running, jvbundler: Run) -> None:
    done = jvbundler("invoke", "local", "Hello", "acme", "--url", running.url, "--agent", "acme/bot")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{ANSWER}\n", "")


def test_a_session_goes_on_where_it_is_named(running: Running, jvbundler: Run) -> None:
    words = ("invoke", "local", "Hello", "acme", "--url", running.url, "--agent", "bot", "--json")
    first = json.loads(jvbundler(*words).stdout)
    assert {**first, "seconds": 0, "session": ""} == {
        "ok": True,
        "agent": "acme/bot",
        "session": "",
        "answer": ANSWER,
        "seconds": 0,
    }
    again = json.loads(jvbundler(*words, "--session", first["session"]).stdout)
    assert again["session"] == first["session"]
    assert json.loads(jvbundler(*words).stdout)["session"] != first["session"]


def test_several_agents_have_to_be_chosen_from(running: Running, jvbundler: Run) -> None:
    words = ("invoke", "local", "Hello", "acme", "--url", running.url)
    which = jvbundler(*words)
    assert which.returncode == 2
    assert which.stderr == "jvbundler: which agent? choose one with --agent: acme/bot, acme/clerk\n"
    misspelt = jvbundler(*words, "--agent", "acme/clark")
    assert misspelt.returncode == 2
    assert "--agent: the app has no agent 'acme/clark' (did you mean 'acme/clerk'?)" in misspelt.stderr


def test_another_password_is_told_with_what_answered(running: Running, jvbundler: Run) -> None:
    words = ("invoke", "local", "Hello", "acme", "--url", running.url)
    done = jvbundler(*words, JVAGENT_ADMIN_PASSWORD="another-one")
    assert done.returncode == 4
    assert f"{running.url}/api/auth/login: HTTP 401: " in done.stderr
    assert "the app has no user 'me@acme.example' with this password" in done.stderr
    assert "another-one" not in done.stderr


def test_without_a_terminal_the_password_is_a_variable(running: Running, jvbundler: Run) -> None:
    done = jvbundler("invoke", "local", "Hello", "acme", "--url", running.url, JVAGENT_ADMIN_PASSWORD="")
    assert done.returncode == 2
    assert done.stderr == ("jvbundler: set JVAGENT_ADMIN_PASSWORD first: the password of 'me@acme.example'\n")


def test_what_comes_through_a_pipe_is_a_chat_line_by_line(running: Running, jvbundler: Run) -> None:
    words = ("chat", "local", "acme", "--url", running.url, "--agent", "bot")
    done = jvbundler(*words, typed="Hello\n\nAgain\n/quit\nNever\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{ANSWER}\n" * 2, "")


@pytest.mark.parametrize("end", ["/quit\r", "\x04", "\x03"])
def test_a_chat_on_a_terminal(running: Running, end: str, tmp_path: Path) -> None:
    """The password is asked for, and not shown; /quit, Ctrl-D and Ctrl-C end it."""
    kept = {name: value for name, value in os.environ.items() if name != "JVAGENT_ADMIN_PASSWORD"}
    shown = tmp_path / "shown"
    with shown.open("w") as log:
        chat = pexpect.spawn(
            sys.executable,
            ["-m", "jvbundler", "chat", "local", "acme", "--url", running.url, "--agent", "bot"],
            cwd=str(running.folder.parent),
            env={**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
            encoding="utf-8",
            dimensions=(24, 80),
            timeout=60,
        )
        chat.logfile_read = log
        chat.expect_exact("JVAGENT_ADMIN_PASSWORD, for 'me@acme.example': ")
        chat.sendline(PASSWORD)
        chat.expect_exact(f"acme/bot at {running.url}; /quit or Ctrl-D ends\r\n")
        chat.expect_exact("> ")
        chat.sendline("Hello")
        chat.expect_exact(f"{ANSWER}\r\n")
        chat.expect_exact("> ")
        chat.send(end)
        chat.expect(pexpect.EOF)
        chat.close()
    assert chat.exitstatus == 0
    assert PASSWORD not in shown.read_text()
    assert "Traceback" not in shown.read_text()
