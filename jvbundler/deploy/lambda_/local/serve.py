"""`run lambda`: the image's container with the emulator, the server before it, and the end of both."""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.doctor import Check, engine, require
from jvbundler.deploy.execution import reported, secret_values
from jvbundler.deploy.image.commands import ImageOptions
from jvbundler.deploy.image.push import image_names, require_secrets
from jvbundler.deploy.lambda_.local.emulator import (
    emulator_check,
    emulator_command,
    emulator_name,
    endpoint_of,
    find_emulator,
    port_argv,
)
from jvbundler.deploy.lambda_.local.front import LOOPBACK, Front
from jvbundler.deploy.operation import Operation, Session
from jvbundler.runner import background, run
from jvbundler.values.problem import InputError, ToolFailed
from jvbundler.values.safe_text import shell_line

if TYPE_CHECKING:
    from jvbundler.deploy.command import Command
    from jvbundler.deploy.release import Release

# How long the container may take until the emulator answers; the app itself starts with the first request.
START_SECONDS = 60.0
TOOL_SECONDS = 30.0
POLL_SECONDS = 0.2
CODES = range(256)


class Local(NamedTuple):
    """`image` is empty for the one that `build` made, `emulator` is None for the one that sam has."""

    image: str
    port: int
    emulator: Path | None


def plan(release: Release, local: Local) -> Operation:
    """docker's command. Raises InputError where no request reaches the function."""
    environment = release.environment
    endpoint_of(environment)
    found = local.emulator or find_emulator(environment)
    path = os.path.abspath(found) if found else emulator_name(environment)  # noqa: PTH100
    url = f"http://{LOOPBACK}:{local.port}{environment.settings['server']['health_path']}"
    reason = f"serve the function at {url}; Ctrl-C stops it"
    return Operation((emulator_command(release, _image(release, local), path, reason),))


def serve(operation: Operation, release: Release, local: Local, session: Session) -> None:
    """Until Ctrl-C. Raises ToolFailed if something is missing, or when the container ends."""
    environ = session.execution.environ
    require_secrets(release, "lambda", environ)
    require(_checks(release, local, environ))
    (command,) = operation.commands
    reported(command, session.execution, lambda tell: _serve(command, release, local, session, tell))


def _serve(
    command: Command, release: Release, local: Local, session: Session, tell: Callable[[str], None]
) -> None:
    given = session.execution.environ
    environ = {**given, **command.composed_values(given)}
    # Lines come in threads of their own, and are told in this one.
    lines: queue.Queue[str] = queue.Queue()
    with contextlib.ExitStack() as ends:
        ends.callback(_tell_all, lines, tell)
        code = ends.enter_context(
            background(
                command.argv,
                on_line=lines.put,
                env=environ,
                grace_seconds=command.grace_seconds,
                mask=secret_values(session.execution, command),
            )
        )

        def meanwhile() -> None:
            _tell_all(lines, tell)
            if code() is not None:
                raise ToolFailed(f"the container ended, with exit code {code()}\n  {command}")

        emulator = _port(release, environ, meanwhile)
        front = ends.enter_context(_front(release, local, emulator, meanwhile))
        session.note(command.reason)
        front.serve_forever(POLL_SECONDS)


def _tell_all(lines: queue.Queue[str], tell: Callable[[str], None]) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            tell(lines.get_nowait())


def _image(release: Release, local: Local) -> str:
    return local.image or image_names(release, ImageOptions())[0]


def _checks(release: Release, local: Local, environ: Mapping[str, str]) -> tuple[Check, ...]:
    """The image is asked for only where an engine can know."""
    docker = engine(environ)
    image = (_image_check(release, local, environ),) if docker.ok else ()
    return (docker, *image, emulator_check(release.environment, local.emulator))


def _image_check(release: Release, local: Local, environ: Mapping[str, str]) -> Check:
    image = _image(release, local)
    argv = ("docker", "image", "inspect", "--format", "{{.Id}}", image)
    done = run(argv, env=environ, timeout_seconds=TOOL_SECONDS, expected=CODES)
    build = shell_line(["jvbundler", "build", release.shown_as, "-e", release.environment.name])
    fix = f"{build}, or {shell_line(['docker', 'pull', image])}"
    return Check(f"image '{image}'", not done.code, "is here" if not done.code else "is not here", fix)


def _front(release: Release, local: Local, emulator: int, meanwhile: Callable[[], None]) -> Front:
    try:
        return Front(local.port, emulator, endpoint_of(release.environment), meanwhile)
    except OSError as failure:
        raise InputError(
            f"--port: cannot listen on {LOOPBACK}:{local.port}: {failure.strerror}; choose another one"
        ) from None


def _port(release: Release, environ: Mapping[str, str], meanwhile: Callable[[], None]) -> int:
    """The emulator's port on this machine, once it answers there."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        meanwhile()
        argv = port_argv(release.environment)
        done = run(argv, env=environ, timeout_seconds=TOOL_SECONDS, expected=CODES)
        port = done.text.strip().rpartition(":")[2]
        if not done.code and port.isascii() and port.isdigit() and _answers(int(port)):
            return int(port)
        time.sleep(POLL_SECONDS)
    raise ToolFailed(f"the emulator in the container did not answer within {START_SECONDS:g} s")


def _answers(port: int) -> bool:
    """docker itself accepts connections before the container does, but it does not speak HTTP."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=TOOL_SECONDS)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
