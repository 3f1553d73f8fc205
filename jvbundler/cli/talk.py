"""Talking to an agent on the command line: `chat`, and `invoke` for one message.

Both log in with the password that a variable of the shell holds, or ask for it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from jvbundler.cli.options import talking
from jvbundler.cli.printer import colored, echo_line, echo_lines, echo_text
from jvbundler.cli.release_options import gathered, json_option, together
from jvbundler.cli.session import print_json
from jvbundler.values.problem import InputError, JvbundlerError

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.release import Release
    from jvbundler.deploy.talk.agent import Access, Agent, Login, Piece
    from jvbundler.project.model import Platform

ENDS = ("/quit", "/exit")
PROMPT = "> "


class Talk(NamedTuple):
    """Whom to talk to, and how long to wait."""

    agent: str
    session: str
    timeout: float


class Reach(NamedTuple):
    """How the app is reached: `url` is open as long as it is used. `platform` says which variables the app
    has; `absent` what to do where nothing answers, and `failing` where it answers with a failure.
    """

    release: Release
    platform: Platform
    environ: Mapping[str, str]
    url: AbstractContextManager[str]
    absent: str
    failing: str


talk_options = gathered(
    "talk",
    Talk,
    click.option("--agent", default="", metavar="NAME", help="Agent; not needed if there is only one."),
    click.option("--session", default="", metavar="ID", help="Continue this session."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=120.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for the next part of an answer.",
    ),
)
message_argument = click.argument("message", metavar="MESSAGE")
Make = Callable[[Callable[..., int]], click.Command]


def chat_command(name: str, where: Callable[[Any], Any]) -> Make:
    """The decorators of `chat NAME`, whose own options are `where`."""
    return _command(name, f"jvbundler chat {name}", where, talk_options, talking)


def invoke_command(name: str, where: Callable[[Any], Any]) -> Make:
    example = f'jvbundler invoke {name} "What can you do?" --json'
    return _command(name, example, message_argument, where, talk_options, json_option, talking)


def _command(name: str, example: str, *decorators: Callable[[Any], Any]) -> Make:
    def make(function: Callable[..., int]) -> click.Command:
        given = together(*decorators)(click.pass_obj(function))
        return click.command(name, epilog=f"Example: {example}")(given)

    return make


def chat(reach: Reach, talk: Talk, terminal: Terminal) -> int:
    """Until /quit or the end of what is typed; Ctrl-C ends it as well."""
    with reach.url as url:
        access, agent = _enter(reach, talk, url)
        if sys.stdin.isatty():
            echo_line(f"{agent.name} at {url}; /quit or Ctrl-D ends", err=True)
        session = talk.session
        for message in _messages():
            try:
                session = _print(_say(access, agent, message, session)) or session
            except JvbundlerError as failure:
                if not sys.stdin.isatty():
                    raise
                # The next message may get an answer.
                echo_lines(colored(str(failure), terminal, "red", err=True).split("\n"), err=True)
    return 0


def invoke(reach: Reach, talk: Talk, message: str, *, as_json: bool) -> int:
    if not message.strip():
        raise InputError("MESSAGE is empty")
    if not as_json:
        with reach.url as url:
            access, agent = _enter(reach, talk, url)
            _print(_say(access, agent, message, talk.session))
        return 0
    try:
        print_json({"ok": True, **_answer(reach, talk, message)})
    except JvbundlerError as failure:
        print_json({"ok": False, "error": str(failure)})
        raise
    return 0


def _answer(reach: Reach, talk: Talk, message: str) -> dict[str, Any]:
    """For machines, as a whole."""
    started = time.monotonic()
    with reach.url as url:
        access, agent = _enter(reach, talk, url)
        found = list(_say(access, agent, message, talk.session))
    return {
        "agent": agent.name,
        "session": found[-1].session,
        "answer": "".join(piece.text for piece in found),
        "seconds": round(time.monotonic() - started, 2),
    }


def _say(access: Access, agent: Agent, message: str, session: str) -> Iterator[Piece]:
    from jvbundler.deploy.talk.agent import say

    return say(access, agent, message, session)


def _enter(reach: Reach, talk: Talk, url: str) -> tuple[Access, Agent]:
    from jvbundler.deploy.talk.agent import find_agent, log_in, login_of, prefix_of
    from jvbundler.deploy.talk.http import Place

    environment = reach.release.environment
    login = login_of(environment, reach.platform, reach.environ)
    password = _password(login, reach.environ)
    place = Place(url, prefix_of(environment, reach.platform), talk.timeout, reach.absent, reach.failing)
    access = log_in(place, login, password)
    return access, find_agent(access, talk.agent)


def _password(login: Login, environ: Mapping[str, str]) -> str:
    password = environ.get(login.password_variable, "")
    if password:
        return password
    if not sys.stdin.isatty():
        raise InputError(f"set {login.password_variable} first: the password of '{login.email}'")
    return str(click.prompt(f"{login.password_variable}, for '{login.email}'", hide_input=True, err=True))


def _messages() -> Iterator[str]:
    """What is typed, line by line, or what comes through a pipe."""
    for line in _typed() if sys.stdin.isatty() else sys.stdin:
        message = line.strip()
        if message in ENDS:
            return
        if message:
            yield message


def _typed() -> Iterator[str]:
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (arrow keys, and the lines before)
    while True:
        try:
            line = input(PROMPT)
        except (EOFError, KeyboardInterrupt):
            echo_line("", err=True)
            return
        yield line


def _print(pieces: Iterable[Piece]) -> str:
    """Shows the answer as it comes; returns its session.

    Elsewhere than on a terminal by whole lines: a CI runner could obey one that was printed in two parts.
    """
    waiting, ends_line = "", True
    session = ""
    for piece in pieces:
        session = piece.session or session
        waiting += piece.text
        line = waiting if sys.stdout.isatty() else waiting[: waiting.rfind("\n") + 1]
        if line:
            echo_text(line)
            sys.stdout.flush()
            waiting, ends_line = waiting[len(line) :], line.endswith("\n")
    if waiting or not ends_line:
        echo_line(waiting)
    return session
