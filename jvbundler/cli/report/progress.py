"""Shows a plan while it runs: a live line on a terminal, plain lines elsewhere, a list of steps for machines.

Progress goes to standard error; standard output is for the result.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli.printer import echo_line, styled
from jvbundler.cli.terminal import ReaderGone, Terminal, failure_of
from jvbundler.deploy.execution import Event
from jvbundler.values.safe_text import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Line


class Progress:
    """Receives the events of a run (`tell`), and remembers its steps."""

    def __init__(self, terminal: Terminal, *, json: bool = False) -> None:
        self.steps: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.json = json
        self.verbose = terminal.verbose
        self.quiet = terminal.quiet
        self.color = terminal.colors(sys.stderr)
        self.is_live = not (json or terminal.verbose or terminal.is_quiet())
        self._terminal = terminal
        self._line: Line | None = None

    def tell(self, event: Event) -> None:
        if event.kind == "output":
            self._show_output(event)
        elif event.kind == "started":
            self._start(event)
        else:
            self._end(event)

    def note(self, text: str) -> None:
        """A line beside the steps; machines get them with the result."""
        self.notes.append(text)
        if self.json:
            return
        if not sys.stderr.isatty():
            echo_line(text, err=True)
            return
        from jvbundler.cli.report.paper import Hanging, show, words

        show([Hanging(words(text))], self._terminal, err=True)

    def _start(self, event: Event) -> None:
        if self.json or self.quiet or event.command.live:
            return
        if not self.is_live:
            echo_line(f"{event.command.reason} ...", err=True)
            return
        from jvbundler.cli.report.live import step

        self._line = step(event.command.reason, self._terminal)
        self._line.start()

    def stop(self) -> None:
        """Take the live line away."""
        if self._line:
            self._line.stop()
            self._line = None

    def _end(self, event: Event) -> None:
        self.stop()
        self.steps.append(
            {
                "step": event.command.reason,
                "command": str(event.command),
                "result": event.kind,
                "seconds": round(event.seconds, 2),
            }
        )
        if self.json or (event.kind == "finished" and (self.quiet or event.command.live)):
            return
        mark, color = {"finished": ("ok", "green"), "failed": ("failed", "red")}.get(
            event.kind, ("interrupted", "yellow")
        )
        line = f"{styled(mark, color=color) if self.color else mark} after {event.seconds:.1f} s"
        echo_line(f"{event.command.reason}: {line}" if self.is_live else f"  {line}", err=True)

    def _show_output(self, event: Event) -> None:
        if event.command.live and not self.json:
            # The colours of a log are dropped, with all its other terminal controls.
            echo_line(click.unstyle(event.text))
            if failure_of(sys.stdout):
                raise ReaderGone  # `logs --follow | head` would run forever
        else:
            echo_line(f"  | {printable(event.text)}", err=True)
