"""Prints what is still to do, for each environment and platform."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jvbundler.cli.printer import echo_line
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.pipeline.next_steps import Steps
    from jvbundler.pipeline.request import Options


def show_steps(found: Steps, terminal: Terminal, *, err: bool = False) -> None:
    """`prod on Kubernetes:` and the steps, numbered, each with how it is done on a line of its own.

    What is to be pasted is not broken into lines.
    """
    from jvbundler.cli.report.paper import Hanging, indented, show, unbroken, words
    from jvbundler.rules.rule import PLATFORM_TITLES

    shown: list[Any] = []
    for (environment, platform, _), steps in found.items():
        where = f"{environment} on {PLATFORM_TITLES[platform]}" if platform else environment
        state = "still to do:" if steps else "nothing left to do: deployed and healthy"
        shown.append(words(f"{where}: {state}", "" if steps else "green"))
        for number, step in enumerate(steps, 1):
            shown.append(indented(Hanging(words(f"{number}. {step.what}"))))
            if step.how:
                shown.append(indented(unbroken(step.how, "bold"), 5))
    show(shown, terminal, err=err)


def tell_next(
    terminal: Terminal,
    read: Options,
    apps: Sequence[str],
    given: tuple[str | None, str | None],
    environments: Sequence[str] = (),
) -> None:
    """On a terminal, what is still to do for the app, as far as the files tell.

    `given` are the options for deploy.yaml and the output folder. One environment is listed in full; of
    several, the command that lists them. Files with errors have been told already.
    """
    if terminal.is_quiet() or terminal.format != "text" or not sys.stderr.isatty():
        return
    from jvbundler.cli.options import app_root
    from jvbundler.pipeline.compile import compile_project
    from jvbundler.pipeline.next_steps import Place, listed, steps_of

    root, shown_as = app_root(*apps[:1])
    config, output = given
    place = Place(shown_as, config or "", output or "")
    try:
        project = compile_project(root, shown_as, read, environments).project
    except InputError:
        return
    chosen = [one for one in project.environments if not environments or one.name in environments]
    if len(chosen) == 1:
        show_steps(steps_of(project, chosen[0], place), terminal, err=True)
    else:
        names = listed([one.name for one in chosen])
        echo_line(f"'{place.command('next')} -e ENV' lists what is still to do for {names}", err=True)
