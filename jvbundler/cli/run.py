"""The one error boundary: each failure becomes a message and an exit code (docs/exit-codes.md)."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence

import click

from jvbundler.cli.group import root
from jvbundler.cli.printer import echo_line, echo_message, echo_text, printers
from jvbundler.cli.terminal import ReaderGone, Terminal
from jvbundler.values.errors import InputError, JvbundlerError, OutputRefused

BUG = 70
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # A run leaves few cycles of objects behind: looking for them less often saves a twentieth of its time.
    gc.set_threshold(10_000)
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _speak_utf8()
    terminal = Terminal()
    terminal.debug, terminal.no_color = "--debug" in arguments, "--no-color" in arguments
    try:
        code = _run(arguments, terminal)
        sys.stdout.flush()
    except OSError as failure:
        code = _tell_closed_output(failure)
    # And at its end nothing is freed that ends with the process anyway, which saves a tenth.
    gc.freeze()
    sys.exit(code)


def _speak_utf8() -> None:
    """What goes into a file or a pipe is UTF-8 in every locale, and no character makes a message fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                encoding=stream.encoding if stream.isatty() else "utf-8", errors="backslashreplace"
            )


def _tell_closed_output(failure: OSError) -> int:
    """Standard output that takes no more: its reader has seen enough, as `head` does, or the disk is full."""
    # Python would complain a second time when it flushes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(failure, BrokenPipeError):
        return 0
    print(f"jvbundler: cannot write to standard output: {(failure.strerror or '').lower()}", file=sys.stderr)
    return OutputRefused.exit_code


@printers()
def _run(arguments: list[str], terminal: Terminal) -> int:
    try:
        return root.main(arguments, prog_name="jvbundler", standalone_mode=False, obj=terminal) or 0
    except click.ClickException as failure:
        shown = io.StringIO()
        failure.show(shown)
        echo_text(blotted(shown.getvalue()), err=True)
        return failure.exit_code
    except click.exceptions.Exit as left:
        return left.exit_code
    except (click.Abort, KeyboardInterrupt):
        echo_line("interrupted", err=True)
        return INTERRUPTED
    except JvbundlerError as failure:
        return _tell_failure(failure, terminal)
    except SystemExit as left:
        # Shell completion ends like this.
        return int(left.code or 0)
    except ReaderGone:
        raise BrokenPipeError from None
    except Exception as bug:
        if isinstance(bug, OSError) and bug.filename is None:
            raise
        return _tell_bug(bug, terminal)


def _tell_failure(failure: JvbundlerError, terminal: Terminal) -> int:
    if isinstance(failure, InputError) and failure.problems:
        from jvbundler.cli.report import report

        report(failure.problems, terminal)
    if str(failure):
        echo_message(f"jvbundler: {blotted(str(failure))}")
    return failure.exit_code


def blotted(text: str) -> str:
    """`text` without tokens and the values of variables whose name looks secret: tools repeat them."""
    from jvbundler.runner import masked
    from jvbundler.values.secret_names import looks_secret, without_secrets

    # PWD is the working folder; a short value would blot out half of all words.
    secrets = [v for name, v in os.environ.items() if len(v) > 5 and name != "PWD" and looks_secret(name)]
    return without_secrets(masked(text, secrets))


def _tell_bug(bug: Exception, terminal: Terminal) -> int:
    if terminal.debug:
        import traceback

        echo_text(blotted("".join(traceback.format_exception(bug))), err=True)
    words = blotted(" ".join(str(bug).split()))[:200]
    echo_line(f"jvbundler: a bug of ours: {type(bug).__name__}: {words}", err=True)
    advice = "report it" if terminal.debug else "report it with what --debug shows"
    echo_line(f"  {advice}, and with the files that bring it about, but no secrets", err=True)
    return BUG
