"""Look, plan, confirm, run: every deployment, rollback and deletion goes through here.

An operation is planned from facts that were read, confirmed, and then run exactly as shown. Nothing is
decided by a read after the question; the lock is held from the first read to the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from jvbundler.deploy.command import DIGEST, LAMBDA_DIGEST, Command, script
from jvbundler.deploy.digest import digest_for_lambda, pushed_digest, with_pushed
from jvbundler.deploy.doctor import Check, require
from jvbundler.deploy.execution import Execution, execute, reported, require_variables
from jvbundler.deploy.release import check_unchanged, only_deployment, refuse_drift, write_release
from jvbundler.values.problem import ToolFailed
from jvbundler.values.reference import Reference

if TYPE_CHECKING:
    from jvbundler.deploy.digest import Pushed
    from jvbundler.deploy.release import Release
    from jvbundler.project.model import Platform
    from jvbundler.runner import Completed

Result = TypeVar("Result")


class Operation(NamedTuple):
    """What is confirmed, and then run: `commands` in order.

    `goes` and `stays` name what is deleted and what is kept. `looks` are the reads that it was planned from.
    `on_failure` runs only if the new pods do not become ready. `notes` are lines to print beforehand.
    `question` is asked, below `changes`; an empty one asks nothing, except in a protected environment.
    """

    commands: tuple[Command, ...]
    goes: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    looks: tuple[Command, ...] = ()
    on_failure: tuple[Command, ...] = ()
    notes: tuple[str, ...] = ()
    changes: str = ""
    question: str = ""

    def after(self, commands: tuple[Command, ...], notes: tuple[str, ...] = ()) -> Operation:
        """The operation with other commands before its own."""
        return self._replace(commands=(*commands, *self.commands), notes=(*notes, *self.notes))


class Session(NamedTuple):
    """How to run commands and reach the user: `note` prints a line, `confirm` raises Declined at a "no"."""

    execution: Execution
    note: Callable[[str], None]
    confirm: Callable[[Operation], None]


class Declined(Exception):
    """The answer was "no": the operation was not run."""


class Ran(NamedTuple):
    """The release with its present files, and what the commands with a role printed."""

    release: Release
    results: Mapping[str, Completed]


def shown(*operations: Operation) -> str:
    """Operations as a shell script, for `--dry-run`: what may not run, or is not known, is a comment."""
    return "".join(map(_shown, operations))


def _shown(operation: Operation) -> str:
    failing = script(operation.on_failure)
    lines = ["only if the new pods do not become ready:", *failing.splitlines()] if failing else []
    notes = "".join(f"# {line}\n" for line in (*lines, *operation.notes))
    return script((*operation.looks, *operation.commands)) + notes


def carry_out(
    place: str, session: Session, checks: Callable[[], Iterable[Check]], work: Callable[[], Result]
) -> Result:
    """Do `work` (look, plan, `run_confirmed`) while no other deployment of `place` runs on this machine.

    Raises OutputRefused if one runs, and ToolFailed with every one of the `checks` that fails.
    """
    with only_deployment(place, session.execution.environ):
        require(checks())
        return work()


def run_confirmed(
    operation: Operation,
    release: Release,
    session: Session,
    *,
    read: Callable[[Command, Completed], None] = lambda command, done: None,
    explain: Callable[[Command, ToolFailed], ToolFailed] = lambda command, failure: failure,
    own: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> Ran:
    """Have the operation confirmed, then run it. Raises Declined.

    `read` gets each result, and may raise; `explain` adds to a failure. `own` has the steps, by their role,
    that this verb alone takes in this process.
    """
    require_variables(operation.commands, session.execution.environ)
    for line in operation.notes:
        session.note(line)
    if operation.commands:
        session.confirm(operation)
    return run(operation, release, session.execution, read=read, explain=explain, own=own)


def run(
    operation: Operation,
    release: Release,
    execution: Execution,
    *,
    read: Callable[[Command, Completed], None] = lambda command, done: None,
    explain: Callable[[Command, ToolFailed], ToolFailed] = lambda command, failure: failure,
    own: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> Ran:
    """Run exactly these commands, until one fails."""
    results: dict[str, Completed] = {}
    digests: dict[str, str] = {}
    pushed: dict[Platform, Reference] = {}
    for command in operation.commands:
        if command.role in ("render", "note"):
            release = _run_here(command, release, execution, pushed)
            continue
        if command.role in own:
            _run_own(command, own[command.role], execution)
            continue
        try:
            done = execute(command.with_digests(digests), execution._replace(before=check_unchanged(release)))
            digest = _digest(command, done, release)
            if digest:
                digests[LAMBDA_DIGEST if command.role == "manifest" else DIGEST] = digest
                pushed |= {
                    platform: Reference(repository, release.environment.image_tag, digest)
                    for platform, repository in command.images
                }
            read(command, done)
        except ToolFailed as failure:
            raise explain(command, failure) from None
        results[command.role] = done
    return Ran(release, results)


def _digest(command: Command, done: Completed, release: Release) -> str:
    """The digest of what the command pushed, or found; empty if it is for something else."""
    if command.role == "push":
        return pushed_digest(done.text)
    if command.role == "manifest":
        return digest_for_lambda(done.text, release.environment.function_architecture)
    return ""


def _run_own(command: Command, step: Callable[[], None], execution: Execution) -> None:
    reported(command, execution, lambda _: step())


def _run_here(command: Command, release: Release, execution: Execution, pushed: Pushed) -> Release:
    """Our own steps: render, or record the digests of what was pushed and render."""

    def work(_: Callable[[str], None]) -> Release:
        done = with_pushed(release, pushed) if command.role == "note" else release
        write_release(done)
        refuse_drift(done)
        return done

    return reported(command, execution, work)
