"""A deployment as the command line asks for it: shown, or checked, confirmed and carried out, one or several.

Several are those of one environment: all checks come first, and one question; the first failure is the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.cli.printer import echo_line, echo_lines
from jvbundler.cli.release_options import (
    Common,
    dry_run_option,
    gathered,
    json_option,
    render_option,
    yes_option,
)
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import (
    Confirm,
    confirm_protected,
    print_json,
    print_script,
    reported,
    require_terminal,
    require_terminal_if_protected,
    session,
)
from jvbundler.values.problem import JvbundlerError

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.doctor import Check
    from jvbundler.deploy.operation import Operation, Session
    from jvbundler.deploy.release import Release

TO_DEPLOY = "deploy to it"


class Running(NamedTuple):
    """How it is run and shown."""

    render: bool
    dry_run: bool
    yes: bool
    as_json: bool


running_options = gathered("running", Running, render_option, dry_run_option, yes_option, json_option)


class Done(NamedTuple):
    """What to say of it: for machines, on standard output, and beside that. Not `ok` is exit code 1."""

    ok: bool
    document: dict[str, Any]
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Deployment(NamedTuple):
    """`plan` is the dry run, and raises what is known to be wrong offline. `confirming` gives the questions,
    with or without that of a protected environment; `question` is one that certainly comes. `advice` is for
    somebody who interrupted it.
    """

    platform: str
    release: Release
    common: Common
    running: Running
    plan: Callable[[], tuple[Operation, ...]]
    checks: Callable[[Mapping[str, str]], Iterable[Check]]
    run: Callable[[Session], Done]
    confirming: Callable[[bool], Confirm]
    advice: str
    question: str = ""


Make = Callable[[], Deployment]


def carry_out(makes: Sequence[Make], terminal: Terminal) -> int:
    """One deployment, or several in this order. A later one is made again when its turn comes, as the one
    before may have recorded a digest in deploy.yaml.
    """
    each = [make() for make in makes]
    first, running = each[0], each[0].running
    if running.dry_run:
        plans = [operation for deployment in each for operation in deployment.plan()]
        return print_script(*plans, as_json=running.as_json)
    require_terminal_if_protected(first.release, TO_DEPLOY, yes=running.yes)
    for deployment in each:
        if deployment.question and not running.yes:
            require_terminal(deployment.question)
    is_alone = len(each) == 1
    documents: dict[str, Any] = {}
    error: dict[str, str] = {}
    try:
        if not is_alone:
            _check_and_confirm(each)
        for make in makes:
            deployment = make() if documents else first
            documents[deployment.platform] = {"ok": False}
            if not _run(deployment, terminal, documents, is_alone=is_alone):
                return 1
    except JvbundlerError as failure:
        error["error"] = str(failure)
        raise
    finally:
        if running.as_json:
            ok = len(documents) == len(each) and all(document["ok"] for document in documents.values())
            print_json(documents[first.platform] if is_alone else {"ok": ok, **error, **documents})
    return 0


def _check_and_confirm(each: Sequence[Deployment]) -> None:
    """Everything that can be known to fail before the first of them changes anything."""
    from jvbundler.deploy.doctor import require

    first = each[0]
    for deployment in each:
        deployment.plan()
    checks = [check for deployment in each for check in deployment.checks(deployment.common.environ())]
    require(dict.fromkeys(checks))
    if first.release.is_protected:
        confirm_protected(first.release, TO_DEPLOY, yes=first.running.yes)


def _run(deployment: Deployment, terminal: Terminal, documents: dict[str, Any], *, is_alone: bool) -> bool:
    """Whether it went well; its document, also that of a failure, is put to `documents`.

    One of several was confirmed before.
    """
    progress = Progress(terminal, json=deployment.running.as_json)
    if not (is_alone or progress.json or progress.quiet):
        echo_line(f"{deployment.platform}:", err=True)

    def keep(document: dict[str, Any]) -> None:
        documents[deployment.platform] = document

    with reported(progress, "deploy", deployment.advice, keep):
        confirm = deployment.confirming(is_alone and deployment.release.is_protected)
        done = deployment.run(session(deployment.release, deployment.common, progress, confirm))
    if not progress.json:
        echo_lines(done.lines)
    for note in done.notes:
        progress.note(note)
    keep({"ok": done.ok, **done.document, "notes": progress.notes, "steps": progress.steps})
    return done.ok
