"""Plans are run one command after another: events, secrets, files that are gone afterwards."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jvbundler.deploy.command import Command, script
from jvbundler.deploy.execution import Event, Execution, execute, execute_all, require_variables
from jvbundler.values.problem import InputError, ToolFailed


def python(code: str, *words: str, **fields: object) -> Command:
    return Command((sys.executable, "-c", code, *words), "try it", **fields)  # type: ignore[arg-type]


def execution(events: list[Event] | None = None, *, verbose: bool = False, **environ: str) -> Execution:
    heard = [] if events is None else events
    return Execution({"PATH": os.environ["PATH"], **environ}, heard.append, verbose=verbose)


def test_each_command_is_told_from_start_to_end() -> None:
    events: list[Event] = []
    done = execute_all([python("print('one')"), python("print('two')")], execution(events))
    assert [d.text for d in done] == ["one\n", "two\n"]
    assert [e.kind for e in events] == ["started", "finished"] * 2
    events.clear()
    execute(python("print('one')"), execution(events, verbose=True))
    assert [e.text for e in events if e.kind == "output"] == ["one"]


def test_the_first_failure_ends_the_plan_with_all_of_the_tools_words() -> None:
    events: list[Event] = []
    bad = python("import sys\nfor n in range(500): print('line', n)\nsys.exit('because')")
    with pytest.raises(ToolFailed) as failure:
        execute_all([bad, python("print('never')")], execution(events))
    assert "line 0\n" in str(failure.value)
    assert "because" in str(failure.value)
    assert [e.kind for e in events] == ["started", "failed"]


def test_a_parameter_file_is_private_and_gone_afterwards() -> None:
    code = "import os,sys; p=sys.argv[1]; print(oct(os.stat(p).st_mode & 0o777), p); print(open(p).read())"
    command = python(code, "{parameters}", parameter_file=(("DbUri", "DB_URI"),))
    mode, path, text = execute(command, execution(DB_URI="mongodb://x")).text.split(maxsplit=2)
    assert (mode, json.loads(text)) == ("0o600", {"DbUri": "mongodb://x"})
    assert not Path(path).exists()
    with pytest.raises(ToolFailed) as failure:
        execute(
            python(code + "; sys.exit(3)", "{parameters}", parameter_file=(("A", "DB_URI"),)),
            execution(DB_URI="abc"),
        )
    assert not Path(str(failure.value).split("0o600 ")[1].split("\n")[0]).exists()


def test_a_tool_that_writes_its_answer_to_a_file_is_read_all_the_same() -> None:
    command = python("import sys; open(sys.argv[1], 'w').write('answer'); print('noise')", "{output}")
    assert execute(command, execution()).text == "answer"


def test_secrets_reach_the_tool_and_no_message() -> None:
    events: list[Event] = []
    echo = python("import sys; t = sys.stdin.read(); print(t); sys.exit(t)", stdin_variable="THE_PASSWORD")
    with pytest.raises(ToolFailed) as failure:
        execute(echo, execution(events, verbose=True, THE_PASSWORD="open sesame", PWD="/here"))
    said = str(failure.value) + "".join(e.text for e in events)
    assert "open sesame" not in said
    assert "***" in said


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=3, max_size=20))
def test_any_secret_is_masked_wherever_it_is_said(secret: str) -> None:
    events: list[Event] = []
    command = python("import os; print('<' + os.environ['SOME_TOKEN'] + '>')")
    run = execution(events, verbose=True, SOME_TOKEN=secret, PYTHONIOENCODING="utf-8", PYTHONUTF8="1")
    assert execute(command, run).stdout.decode().strip() == f"<{secret}>"
    assert [e.text for e in events if e.kind == "output"] == ["<***>"]


def test_a_pipe_hands_the_first_ones_output_to_the_second() -> None:
    first = python("print('token')")
    second = python("import sys; print(sys.stdin.read().strip() + '!')", stdin_of=first)
    assert execute(second, execution()).text == "token!\n"


def test_a_secret_that_is_not_set_is_found_before_the_first_command() -> None:
    plan = [python("", parameter_file=(("A", "ONE"), ("B", "TWO"))), python("", stdin_variable="THREE")]
    with pytest.raises(InputError, match="ONE, THREE must be set"):
        require_variables(plan, {"TWO": "x"})


def test_a_tool_that_hangs_is_ended_and_says_what_it_had_said() -> None:
    started = time.monotonic()
    with pytest.raises(ToolFailed, match=r"(?s)ran out of time after 1 s.*so far"):
        execute(
            python("import time; print('so far', flush=True); time.sleep(60)", timeout_seconds=1.0),
            execution(),
        )
    assert time.monotonic() - started < 10


def test_a_child_that_is_killed_is_a_failed_tool() -> None:
    with pytest.raises(ToolFailed, match="failed with exit code -9"):
        execute(python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), execution())


def test_a_folder_for_files_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/proc")
    with pytest.raises(ToolFailed, match="cannot make a file for the tool: cannot make the folder '/proc/"):
        execute(python("", "{parameters}", parameter_file=(("A", "ONE"),)), execution(ONE="x"))


def test_a_plan_is_shown_as_lines_for_a_shell() -> None:
    ask = Command(("aws", "ecr", "get-login-password"), "get a token")
    plan = (
        Command(("docker", "login", "--password-stdin"), "log in", stdin_of=ask),
        Command(
            ("docker", "login", "-u", "$NAME"), "log in", stdin_variable="PASS", argument_variables=("NAME",)
        ),
        Command(("sam", "deploy", "file://{parameters}"), "deploy", parameter_file=(("A", "B"),)),
        Command(("sam", "list"), "list", environment=(("SAM_CLI_TELEMETRY", "0"),)),
    )
    assert script(plan) == (
        "# log in\naws ecr get-login-password | docker login --password-stdin\n"
        '# log in\nprintf %s "$PASS" | docker login -u "$NAME"\n'
        "# deploy\n# {parameters}: a file of mode 0600 with A from $B; removed afterwards\n"
        "sam deploy 'file://{parameters}'\n"
        "# list\nSAM_CLI_TELEMETRY=0 sam list\n"
    )
