"""Prints what is still to do, for each environment and platform."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from jvbundler.cli.printer import echo_line, echo_lines
from jvbundler.values.problem import InputError
from jvbundler.values.safe_text import printable

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.pipeline.next_steps import Step
    from jvbundler.pipeline.request import Options

# The environment, and the platform's title, empty where none is enabled.
Steps = Mapping[tuple[str, str], Sequence["Step"]]


def lines(found: Steps) -> Iterator[str]:
    """`prod on Kubernetes:` and the steps, numbered, each with how it is done on a line of its own."""
    for (environment, platform), steps in found.items():
        where = f"{environment} on {platform}" if platform else environment
        yield f"{where}: {'still to do:' if steps else 'nothing left to do: deployed and healthy'}"
        for number, step in enumerate(steps, 1):
            yield f"  {number}. {printable(step.what)}"
            if step.how:
                yield f"     {printable(step.how)}"


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
        echo_lines(lines(steps_of(project, chosen[0], place)), err=True)
    else:
        names = listed([one.name for one in chosen])
        echo_line(f"'{place.command('next')} -e ENV' lists what is still to do for {names}", err=True)
