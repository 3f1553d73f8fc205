"""Shows a plan while it runs: a live line on a terminal, plain lines elsewhere, a list of steps for machines.

Progress goes to standard error; standard output is for the result.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import click

from jvbundler.cli.printer import ERASE_LINE, echo_line, past_printer, styled
from jvbundler.cli.terminal import ReaderGone, Terminal, failure_of, width_of
from jvbundler.deploy.execution import Event
from jvbundler.values.safe_text import printable

TICK_SECONDS = 1.0


class Progress:
    """Receives the events of a run (`tell`), and remembers its steps."""

    def __init__(self, terminal: Terminal, *, json: bool = False) -> None:
        self.steps: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.json = json
        self.verbose = terminal.verbose
        self.quiet = terminal.quiet
        self.color = terminal.colors(sys.stderr)
        self.is_live = not json and sys.stderr.isatty() and not terminal.is_quiet()
        self._stop = threading.Event()
        self._ticking: threading.Thread | None = None

    def tell(self, event: Event) -> None:
        if event.kind == "output":
            self._clear()
            self._show_output(event)
        elif event.kind == "started":
            self._start(event)
        else:
            self._end(event)

    def note(self, text: str) -> None:
        """A line beside the steps; machines get them with the result."""
        self.notes.append(text)
        if not self.json:
            echo_line(text, err=True)

    def _start(self, event: Event) -> None:
        if self.json or self.quiet or event.command.live:
            return
        if not self.is_live:
            echo_line(f"{event.command.reason} ...", err=True)
            return
        self._stop = threading.Event()
        self._ticking = threading.Thread(target=_tick, args=(event.command.reason, self._stop), daemon=True)
        self._ticking.start()

    def _end(self, event: Event) -> None:
        self._stop.set()
        if self._ticking:
            # It could write once more, over the line with the result of the step.
            self._ticking.join()
        self._clear()
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

    def _clear(self) -> None:
        if self.is_live:
            _write(ERASE_LINE)


def _tick(reason: str, stop: threading.Event) -> None:
    started = time.monotonic()
    while not stop.is_set():
        line = live_line(reason, time.monotonic() - started, width_of(sys.stderr))
        _write(ERASE_LINE + line)
        stop.wait(TICK_SECONDS)


def _write(text: str) -> None:
    """Bypasses the printer, as it moves the cursor."""
    click.echo(text, file=past_printer(sys.stderr), nl=False)


def live_line(reason: str, seconds: float, width: int) -> str:
    """Within one row of the terminal: `\\r` goes back over no more than that."""
    end = f" ... {seconds:.0f} s"
    return printable(reason)[: max(0, width - len(end) - 1)] + end
