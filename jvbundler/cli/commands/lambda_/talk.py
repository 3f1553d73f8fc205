"""The commands `chat lambda` and `invoke lambda`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from jvbundler.cli.commands.lambda_.options import Names, name_options
from jvbundler.cli.release_options import Common, common_options, together
from jvbundler.cli.talk import Reach, Talk, chat_command, invoke_command
from jvbundler.cli.talk import chat as talk_on
from jvbundler.cli.talk import invoke as send

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.release import Release

ABSENT = "'jvbundler status lambda' shows whether the app is healthy"
FAILING = "'jvbundler logs lambda' shows why"
where = together(common_options, name_options)


@chat_command("lambda", where)
def chat(terminal: Terminal, /, *, common: Common, names: Names, talk: Talk) -> int:
    """Talk to an agent of the app on Lambda, through its API."""
    return talk_on(reach(common, names), talk, terminal)


@invoke_command("lambda", where)
def invoke(_: Terminal, /, *, common: Common, names: Names, talk: Talk, message: str, as_json: bool) -> int:
    """Send MESSAGE to an agent of the app on Lambda, and print its answer."""
    return send(reach(common, names), talk, message, as_json=as_json)


def reach(common: Common, names: Names) -> Reach:
    release, environ = names.release(common), common.environ()
    return Reach(release, "lambda", environ, _address(release, environ), ABSENT, FAILING)


@contextlib.contextmanager
def _address(release: Release, environ: Mapping[str, str]) -> Iterator[str]:
    from jvbundler.deploy.lambda_.status import address

    yield address(release, environ, unsigned=True)
