"""A run of an operation in the terminal: its commands shown or run, its questions, its outcome."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli.printer import echo_line, echo_lines, echo_text
from jvbundler.values.problem import InputError, JvbundlerError, ToolFailed

if TYPE_CHECKING:
    from jvbundler.cli.release_options import Common
    from jvbundler.cli.report.progress import Progress
    from jvbundler.deploy.execution import Execution
    from jvbundler.deploy.operation import Operation, Session
    from jvbundler.deploy.release import Release

Confirm = Callable[["Operation"], None]


def print_script(*operations: Operation, as_json: bool = False) -> int:
    """What `--dry-run` does."""
    from jvbundler.deploy.operation import shown

    if as_json:
        print_json({"ok": True, "dry_run": True, **_planned(operations)})
    else:
        echo_text(shown(*operations))
    return 0


def _planned(operations: Sequence[Operation]) -> dict[str, Any]:
    commands = [command for each in operations for command in (*each.looks, *each.commands)]
    return {
        "steps": [{"step": command.reason, "command": str(command)} for command in commands],
        "notes": [note for each in operations for note in each.notes],
    }


def open_address(address: str, *, only_print: bool) -> int:
    """Print the address, and show it in the browser if somebody sits here."""
    if not re.fullmatch(r"https?://[^\s\x00-\x1f]+", address):
        raise ToolFailed(f"'{address}' is no address for a browser")
    echo_line(address)
    if not only_print and sys.stdout.isatty():
        import webbrowser

        webbrowser.open(address)
    return 0


def print_json(document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    echo_text(f"{text}\n")


def execution(release: Release, common: Common, progress: Progress) -> Execution:
    """How this run's commands are run."""
    from jvbundler.deploy.execution import Execution

    return Execution(common.environ(), progress.tell, secrets=release.secrets(), verbose=progress.verbose)


def session(release: Release, common: Common, progress: Progress, confirm: Confirm) -> Session:
    from jvbundler.deploy.operation import Session

    return Session(execution(release, common, progress), progress.note, confirm)


def ask_nothing(operation: Operation) -> None:
    """For operations that change nothing deployed."""


def ask_first(release: Release, verb: str, *, yes: bool) -> Confirm:
    """Asks for the name of a protected environment; elsewhere, asks the operation's own question."""

    def confirm(operation: Operation) -> None:
        if release.is_protected:
            confirm_protected(release, verb, yes=yes)
        elif operation.question:
            confirm_question(operation.question, yes=yes)

    return confirm


def confirm_protected(release: Release, verb: str, *, yes: bool) -> None:
    """Raises InputError if there is no terminal to ask on, or another name was typed."""
    confirm_name(release.environment.name, verb, yes=yes)


def confirm_name(environment: str, verb: str, *, yes: bool) -> None:
    """Have the name of a protected environment typed. Raises InputError like `confirm_protected`."""
    if not yes:
        question = f"environment '{environment}' is protected: type its name to {verb}"
        require_terminal(question)
        if click.prompt(question, err=True) != environment:
            raise InputError(f"that is not '{environment}': nothing was done")


def confirm_question(question: str, *, yes: bool) -> None:
    """Ask, unless `yes` answers. Raises Declined at a "no"."""
    from jvbundler.deploy.operation import Declined

    if not yes:
        require_terminal(question)
        if not click.confirm(question, err=True):
            raise Declined


def require_terminal(question: str) -> None:
    if not sys.stdin.isatty():
        raise InputError(f"{question}? there is no terminal to ask on; use '--yes'")


def require_terminal_if_protected(release: Release, verb: str, *, yes: bool) -> None:
    """Refuse at once what could not be confirmed later."""
    if release.is_protected and not yes:
        require_terminal(f"environment '{release.environment.name}' is protected: type its name to {verb}")


def show_lists(operation: Operation) -> None:
    """Shows what is deleted and what stays, before the question."""
    for title, lines in (("goes:", operation.goes), ("stays:", operation.stays)):
        echo_lines([title, *(f"  {line}" for line in lines or ("nothing",))], err=True)


@contextlib.contextmanager
def reported(
    progress: Progress, verb: str, advice: str, tell: Callable[[dict[str, Any]], None] = print_json
) -> Iterator[None]:
    """Say what was done before a failure or Ctrl-C, for people or as JSON, which `tell` gets; a "no" ends
    like Ctrl-C.
    """
    from jvbundler.deploy.operation import Declined

    try:
        yield
    except Declined:
        raise click.Abort from None
    except KeyboardInterrupt:
        _note_interruption(progress, verb, advice)
        if progress.json:
            tell(failed("interrupted", progress))
        raise
    except JvbundlerError as failure:
        if progress.json:
            tell(failed(str(failure), progress))
        raise
    finally:
        progress.stop()


def failed(why: str, progress: Progress) -> dict[str, Any]:
    """The JSON document of a run that did not get to its end."""
    return {"ok": False, "error": why, "notes": progress.notes, "steps": progress.steps}


def _note_interruption(progress: Progress, verb: str, advice: str) -> None:
    """After Ctrl-C: what was done, what was not, and how to see the state."""
    done: Sequence[str] = [step["step"] for step in progress.steps if step["result"] == "finished"]
    during = next((step["step"] for step in progress.steps if step["result"] == "interrupted"), "")
    where = f" during: {during}" if during else ""
    progress.note(f"{verb} was interrupted{where}")
    progress.note(f"  done before: {'; '.join(done) or 'nothing'}")
    progress.note(f"  {advice}")
