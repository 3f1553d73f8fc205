"""The error boundary: each failure becomes a message and an exit code (docs/exit-codes.md)."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence

import click

from jvbundler.cli.group import root
from jvbundler.cli.printer import echo_line, echo_text, printers
from jvbundler.cli.terminal import ReaderGone, Terminal, failure_of, make_lasting
from jvbundler.files import reason
from jvbundler.values.packaged import PACKAGE
from jvbundler.values.problem import InputError, JvbundlerError, OutputRefused

BUG = 70
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # A run creates few reference cycles: collecting them less often saves a twentieth of its time.
    gc.set_threshold(10_000)
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    make_lasting()
    terminal = Terminal()
    terminal.debug, terminal.no_color = "--debug" in arguments, "--no-color" in arguments
    code = _run(arguments, terminal) or _lost_output()
    # Nothing is freed at the end, as the process ends anyway, which saves a tenth.
    gc.freeze()
    sys.exit(code)


def _lost_output() -> int:
    """The exit code if only standard output failed: a reader that has seen enough is not a failure."""
    sys.stdout.flush()
    failure = failure_of(sys.stdout)
    if failure is None or isinstance(failure, BrokenPipeError):
        return 0
    print(f"jvbundler: cannot write to standard output: {reason(failure)}", file=sys.stderr)
    return OutputRefused.exit_code


@printers()
def _run(arguments: list[str], terminal: Terminal) -> int:
    try:
        return root.main(arguments, prog_name="jvbundler", standalone_mode=False, obj=terminal) or 0
    except click.ClickException as failure:
        shown = io.StringIO()
        failure.show(shown)
        echo_text(_hidden(shown.getvalue()), err=True)
        return failure.exit_code
    except click.exceptions.Exit as left:
        return left.exit_code
    except (click.Abort, KeyboardInterrupt):
        echo_line("interrupted", err=True)
        return INTERRUPTED
    except JvbundlerError as failure:
        from jvbundler.cli.report.failure import tell_failure

        return tell_failure(failure, terminal)
    except SystemExit as left:
        # Shell completion ends this way.
        return int(left.code or 0)
    except ReaderGone:
        return 0
    except OSError as failure:
        return _tell_refusal(failure, terminal) if _is_users(failure) else _tell_bug(failure, terminal)
    except Exception as bug:
        return _tell_bug(bug, terminal)


def _hidden(text: str) -> str:
    from jvbundler.cli.report.failure import without_known_secrets

    return without_known_secrets(text)


def _is_users(failure: OSError) -> bool:
    """Whether the failure is about one of the user's files, or their working folder is gone."""
    return (
        not str(failure.filename).startswith(str(PACKAGE)) if failure.filename else not _has_working_folder()
    )


def _has_working_folder() -> bool:
    try:
        return bool(os.getcwd())  # noqa: PTH109
    except OSError:
        return False


def _tell_refusal(failure: OSError, terminal: Terminal) -> int:
    """The fallback for refusals that no other code reports better, with a place and a hint."""
    if terminal.debug:
        _tell_traceback(failure)
    what = (
        f"cannot use '{os.fsdecode(failure.filename)}'" if failure.filename else "the working folder is gone"
    )
    echo_line(f"jvbundler: {_hidden(what)}: {reason(failure)}", err=True)
    return InputError.exit_code


def _tell_traceback(failure: Exception) -> None:
    import traceback

    echo_text(_hidden("".join(traceback.format_exception(failure))), err=True)


def _tell_bug(bug: Exception, terminal: Terminal) -> int:
    if terminal.debug:
        _tell_traceback(bug)
    shown = _hidden(" ".join(str(bug).split()))[:200]
    echo_line(f"jvbundler: internal error: {type(bug).__name__}: {shown}", err=True)
    advice = "report it" if terminal.debug else "report it with what --debug shows"
    echo_line(f"  {advice}, and with the files that cause it, but without secrets", err=True)
    return BUG
