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
from jvbundler.cli.terminal import ReaderGone, Terminal, failure_of, make_lasting
from jvbundler.files import reason
from jvbundler.values.packaged import PACKAGE
from jvbundler.values.problem import InputError, JvbundlerError, OutputRefused

BUG = 70
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # A run leaves few cycles of objects behind: looking for them less often saves a twentieth of its time.
    gc.set_threshold(10_000)
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    make_lasting()
    terminal = Terminal()
    terminal.debug, terminal.no_color = "--debug" in arguments, "--no-color" in arguments
    code = _run(arguments, terminal) or _lost_output()
    # And at its end nothing is freed that ends with the process anyway, which saves a tenth.
    gc.freeze()
    sys.exit(code)


def _lost_output() -> int:
    """The code where all went well but for standard output: a reader that has seen enough is no failure."""
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
        return 0
    except OSError as failure:
        return _tell_refusal(failure, terminal) if _is_users(failure) else _tell_bug(failure, terminal)
    except Exception as bug:
        return _tell_bug(bug, terminal)


def _tell_failure(failure: JvbundlerError, terminal: Terminal) -> int:
    """The problems behind it, and its words; who asked for JSON and the like gets a report in any case."""
    problems = failure.problems if isinstance(failure, InputError) else ()
    if problems or terminal.format != "text":
        from jvbundler.cli.report.problems import report

        report(problems, terminal)
    if str(failure):
        echo_message(f"jvbundler: {blotted(str(failure))}")
    return failure.exit_code


def blotted(text: str) -> str:
    """`text` without tokens and the values of variables whose name looks secret: tools repeat them."""
    from jvbundler.runner import masked
    from jvbundler.values.secret_names import looks_secret
    from jvbundler.values.secret_values import without_secrets

    # PWD is the working folder; a short value would blot out half of all words.
    secrets = [v for name, v in os.environ.items() if len(v) > 5 and name != "PWD" and looks_secret(name)]
    return without_secrets(masked(text, secrets))


def _is_users(failure: OSError) -> bool:
    """Whether the system refused what has to do with one of the user's files, or their folder is gone."""
    return not str(failure.filename).startswith(str(PACKAGE)) if failure.filename else not _is_somewhere()


def _is_somewhere() -> bool:
    try:
        return bool(os.getcwd())  # noqa: PTH109
    except OSError:
        return False


def _tell_refusal(failure: OSError, terminal: Terminal) -> int:
    """The net below all that words such failures better, with a place and an advice."""
    if terminal.debug:
        _tell_traceback(failure)
    what = (
        f"cannot use '{os.fsdecode(failure.filename)}'" if failure.filename else "the working folder is gone"
    )
    echo_line(f"jvbundler: {blotted(what)}: {reason(failure)}", err=True)
    return InputError.exit_code


def _tell_traceback(failure: Exception) -> None:
    import traceback

    echo_text(blotted("".join(traceback.format_exception(failure))), err=True)


def _tell_bug(bug: Exception, terminal: Terminal) -> int:
    if terminal.debug:
        _tell_traceback(bug)
    shown = blotted(" ".join(str(bug).split()))[:200]
    echo_line(f"jvbundler: a bug of ours: {type(bug).__name__}: {shown}", err=True)
    advice = "report it" if terminal.debug else "report it with what --debug shows"
    echo_line(f"  {advice}, and with the files that bring it about, but no secrets", err=True)
    return BUG
