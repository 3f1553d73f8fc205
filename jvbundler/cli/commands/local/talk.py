"""The commands `chat local` and `invoke local`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from jvbundler.cli.options import PlatformChoice
from jvbundler.cli.release_options import Common, common_options, together
from jvbundler.cli.talk import Reach, Talk, chat_command, invoke_command
from jvbundler.cli.talk import chat as talk_on
from jvbundler.cli.talk import invoke as send

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.project.model import Environment, Platform

FAILING = "the log of 'jvbundler dev' or 'jvbundler run' shows why"
ABSENT = "start the app with 'jvbundler dev' or 'jvbundler run', or say with --url where it is"
where = together(
    common_options,
    click.option(
        "--url", default="http://127.0.0.1:8080", show_default=True, metavar="URL", help="Where the app is."
    ),
    click.option(
        "--platform",
        type=PlatformChoice(),
        help="The platform whose variables it has.  [default: the enabled one]",
    ),
)


@chat_command("local", where)
def chat(terminal: Terminal, /, *, common: Common, url: str, platform: Platform | None, talk: Talk) -> int:
    """Talk to an agent of the app on this machine, which 'jvbundler dev' or 'jvbundler run' started."""
    return talk_on(reach(common, url, platform), talk, terminal)


@invoke_command("local", where)
def invoke(
    _: Terminal,
    /,
    *,
    common: Common,
    url: str,
    platform: Platform | None,
    talk: Talk,
    message: str,
    as_json: bool,
) -> int:
    """Send MESSAGE to an agent of the app on this machine, and print its answer."""
    return send(reach(common, url, platform), talk, message, as_json=as_json)


def reach(common: Common, url: str, platform: Platform | None) -> Reach:
    from jvbundler.deploy.talk.http import require_url

    release = common.release("docker")
    its = platform or enabled_platform(release.environment)
    return Reach(release, its, common.environ(), contextlib.nullcontext(require_url(url)), ABSENT, FAILING)


def enabled_platform(environment: Environment) -> Platform:
    return "kubernetes" if environment.settings["kubernetes"]["enabled"] else "lambda"
