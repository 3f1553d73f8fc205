from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.runner import find_tool, masked, run, run_together
from jvbundler.values.problem import ToolFailed


def program(path: Path, script: str) -> str:
    """A real executable, of shell lines."""
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie has ended; only its parent has not asked yet.
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def has_ended(pid: int) -> bool:
    """Whether a process is gone; one that got its signal needs a moment to go."""
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(pid)


def test_what_a_program_says_comes_back_as_bytes(tmp_path: Path) -> None:
    greet = program(tmp_path / "greet", 'echo "hello $1"; echo careful >&2')
    done = run([greet, "wörld"], timeout_seconds=10)
    assert (done.code, done.stdout, done.stderr) == (0, "hello wörld\n".encode(), b"careful\n")
    assert done.argv == (greet, "wörld")
    assert done.text == "hello wörld\n"


def test_input_working_folder_and_environment_are_handed_on(tmp_path: Path) -> None:
    show = program(tmp_path / "show", 'cat; pwd; echo "$NAME"')
    env = {"PATH": os.environ["PATH"], "NAME": "jvbundler"}
    done = run([show], input=b"in\n", cwd=tmp_path, env=env, timeout_seconds=10)
    assert done.text == f"in\n{tmp_path}\njvbundler\n"


def test_without_input_the_program_reads_nothing_and_does_not_wait(tmp_path: Path) -> None:
    assert run([program(tmp_path / "read", "cat")], timeout_seconds=10).stdout == b""


def test_an_argument_is_never_read_by_a_shell(tmp_path: Path) -> None:
    show = program(tmp_path / "show", 'printf "%s" "$1"')
    assert run([show, "$(id); `id` > x"], timeout_seconds=10).text == "$(id); `id` > x"


def test_an_expected_exit_code_is_no_failure(tmp_path: Path) -> None:
    differs = program(tmp_path / "differs", "exit 1")
    assert run([differs], timeout_seconds=10, expected=(0, 1)).code == 1


def test_an_unexpected_exit_code_shows_argv_code_and_the_programs_own_words(tmp_path: Path) -> None:
    breaks = program(tmp_path / "breaks", "echo half done; echo no such stack >&2; exit 7")
    with pytest.raises(ToolFailed) as failure:
        run([breaks, "--name", "two words"], timeout_seconds=10)
    assert str(failure.value) == (
        f"'breaks' failed with exit code 7\n  {breaks} --name 'two words'\nhalf done\nno such stack"
    )
    assert failure.value.exit_code == 4


def test_of_a_long_output_the_end_is_shown(tmp_path: Path) -> None:
    chatters = program(tmp_path / "chatters", "seq 1 1000; exit 1")
    with pytest.raises(ToolFailed, match=r"\(940 lines before these\)\n941\n") as failure:
        run([chatters], timeout_seconds=10)
    assert str(failure.value).endswith("\n1000")


def test_a_missing_tool_says_how_to_install_it() -> None:
    with pytest.raises(ToolFailed, match=r"^'sam' is not on PATH\nto install it: pip install aws-sam-cli$"):
        run(["sam"], env={"PATH": "/nowhere"}, timeout_seconds=10)


def test_an_unknown_missing_tool_is_named() -> None:
    with pytest.raises(ToolFailed, match=r"^'no-such-tool' is not on PATH$"):
        run(["no-such-tool"], timeout_seconds=10)


def test_a_file_that_is_no_program_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\x00\x01")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(ToolFailed, match="'text' cannot be started: Exec format error"):
        run([str(tmp_path / "text")], timeout_seconds=10)


def test_a_program_that_runs_too_long_is_stopped_with_its_children(tmp_path: Path) -> None:
    hangs = program(tmp_path / "hangs", f"echo started; sleep 60 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(ToolFailed, match=r"'hangs' ran out of time after 0.5 s\n.*\nstarted"):
        run([hangs], timeout_seconds=0.5)
    assert has_ended(int((tmp_path / "child").read_text()))


def test_a_program_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    stays = program(
        tmp_path / "stays", f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done"
    )
    with pytest.raises(ToolFailed, match="ran out of time"):
        run([stays], timeout_seconds=0.5)
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_a_child_of_a_program_that_left_its_group_is_not_waited_for(tmp_path: Path) -> None:
    leaves = program(tmp_path / "leaves", f"echo started; setsid sleep 20 & echo $! > {tmp_path}/child; wait")
    before = time.monotonic()
    with pytest.raises(ToolFailed, match="ran out of time"):
        run([leaves], timeout_seconds=0.5)
    assert time.monotonic() - before < 15
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


@pytest.mark.parametrize("number", ENDING)
def test_an_interrupt_stops_the_program_too(tmp_path: Path, number: signal.Signals) -> None:
    hangs = program(
        tmp_path / "hangs", f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; sleep 60"
    )
    code = f"from jvbundler.runner import run; run([{hangs!r}], timeout_seconds=60)"
    checkout = Path(__file__).resolve().parent.parent
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=checkout, stderr=subprocess.PIPE)
    wait_for(tmp_path / "pid")
    caller.send_signal(number)
    _, words = caller.communicate(timeout=10)
    assert words.strip().endswith(b"KeyboardInterrupt")
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_a_second_interrupt_waits_for_no_program(tmp_path: Path) -> None:
    stays = program(
        tmp_path / "stays",
        f"trap 'echo > {tmp_path}/asked' TERM; echo $$ > {tmp_path}/pid; while :; do :; done",
    )
    code = f"import jvbundler.runner as r; r.GRACE_SECONDS = 60; r.run([{stays!r}], timeout_seconds=60)"
    checkout = Path(__file__).resolve().parent.parent
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=checkout, stderr=subprocess.PIPE)
    wait_for(tmp_path / "pid")
    caller.send_signal(signal.SIGTERM)
    wait_for(tmp_path / "asked")
    caller.send_signal(signal.SIGTERM)
    caller.communicate(timeout=20)
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_a_hangup_that_is_ignored_stops_nothing(tmp_path: Path) -> None:
    """As under `nohup`."""
    slow = program(tmp_path / "slow", f"echo > {tmp_path}/started; sleep 0.5; echo done")
    code = f"from jvbundler.runner import run; print(run([{slow!r}], timeout_seconds=60).text)"
    checkout = Path(__file__).resolve().parent.parent
    caller = subprocess.Popen(["nohup", sys.executable, "-c", code], cwd=checkout, stdout=subprocess.PIPE)
    wait_for(tmp_path / "started")
    caller.send_signal(signal.SIGHUP)
    assert caller.communicate(timeout=20)[0].strip() == b"done"


def interrupted_while_starting(program: str, pid: Path, ignored: bool) -> subprocess.CompletedProcess[bytes]:
    """`subprocess` waits with its one `os.read` until the program runs: there the interrupt comes."""
    code = (
        "import os, signal, sys\n"
        "from jvbundler.runner import run\n"
        "def profile(frame, event, function):\n"
        "    if event == 'c_return' and function is os.read:\n"
        "        sys.setprofile(None)\n"
        f"        while not os.path.exists({str(pid)!r}): pass\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        f"{'signal.signal(signal.SIGINT, signal.SIG_IGN)' if ignored else ''}\n"
        "sys.setprofile(profile)\n"
        f"print(run([{program!r}], timeout_seconds=60).text)"
    )
    checkout = Path(__file__).resolve().parent.parent
    return subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, timeout=30, check=False
    )


def test_an_interrupt_while_the_program_starts_stops_it_too(tmp_path: Path) -> None:
    hangs = program(
        tmp_path / "hangs", f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; sleep 60"
    )
    done = interrupted_while_starting(hangs, tmp_path / "pid", ignored=False)
    assert done.stderr.strip().endswith(b"KeyboardInterrupt")
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_an_interrupt_that_is_ignored_stops_nothing(tmp_path: Path) -> None:
    slow = program(tmp_path / "slow", f"echo $$ > {tmp_path}/pid; sleep 0.5; echo done")
    done = interrupted_while_starting(slow, tmp_path / "pid", ignored=True)
    assert (done.stdout.strip(), done.stderr) == (b"done", b"")


def test_programs_run_at_a_time_and_answer_in_their_order(tmp_path: Path) -> None:
    # Each waits for the other.
    meet = 'touch "$1"; until [ -e "$2" ]; do sleep 0.01; done; echo "$1"'
    argv = program(tmp_path / "meet", meet)
    found = run_together([(argv, "a", "b"), (argv, "b", "a")], cwd=tmp_path, timeout_seconds=30)
    assert [done.text for done in found] == ["a\n", "b\n"]


@pytest.mark.parametrize(
    ("first", "said", "seconds"),
    [("exit 3", "failed with exit code 3", 30.0), ("exec sleep 60", "ran out of time after 3 s", 3.0)],
)
def test_a_failure_ends_the_programs_beside_it(tmp_path: Path, first: str, said: str, seconds: float) -> None:
    beside = program(
        tmp_path / "beside", f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; exec sleep 60"
    )
    wait = f"until [ -e {tmp_path}/pid ]; do sleep 0.01; done; "
    failing = program(tmp_path / "failing", f"{wait}{first}")
    with pytest.raises(ToolFailed, match=said):
        run_together([(failing,), (beside,)], timeout_seconds=seconds)
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_secrets_are_masked_in_the_message_and_in_the_argv(tmp_path: Path) -> None:
    leaks = program(tmp_path / "leaks", 'echo "bad password $1" >&2; exit 3')
    with pytest.raises(ToolFailed) as failure:
        run([leaks, "hunter2 long"], timeout_seconds=10, mask=["hunter2", "hunter2 long"])
    assert str(failure.value) == (f"'leaks' failed with exit code 3\n  {leaks} '***'\nbad password ***")
    assert run([leaks, "hunter2"], timeout_seconds=10, expected=(3,), mask=["hunter2"]).argv == (leaks, "***")


@given(st.text(), st.lists(st.text(min_size=1, alphabet="abcdef"), max_size=4), st.text())
def test_no_secret_survives_masking(before: str, secrets: list[str], after: str) -> None:
    text = masked(before + "".join(secrets) + after, secrets)
    assert not any(secret in text for secret in secrets)


def test_an_empty_secret_masks_nothing() -> None:
    assert masked("abc", [""]) == "abc"


def test_a_tool_is_found_on_path_or_is_none() -> None:
    assert find_tool("sh")
    assert find_tool("no-such-tool") is None
