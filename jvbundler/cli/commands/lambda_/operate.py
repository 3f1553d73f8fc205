"""The commands `status lambda`, `logs lambda`, `rollback lambda` and `destroy lambda`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.commands.lambda_.options import (
    STACK_SECONDS,
    Names,
    name_options,
    stack_timeout_option,
)
from jvbundler.cli.commands.predecessor import no_effect
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import (
    Common,
    common_options,
    dry_run_option,
    json_option,
    print_option,
    together,
    yes_option,
)
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.report.states import State, States
from jvbundler.cli.session import (
    ask_first,
    execution,
    open_address,
    print_json,
    print_script,
    reported,
    require_terminal_if_protected,
    session,
    show_lists,
)
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.lambda_.status import LambdaStatus
    from jvbundler.deploy.operation import Operation

_SINCE = re.compile(r"([0-9]+)\s*(s|m|h|d)\Z")
_UNITS = {"s": "sec", "m": "min", "h": "hour", "d": "day"}


@click.command(
    "lambda",
    epilog="\b\nExamples:\n  jvbundler status lambda -e prod\n  jvbundler status lambda -e prod --json",
)
@together(common_options, name_options)
@click.option(
    "--health-timeout",
    "health_seconds",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the app's answer; 0 skips the check.",
)
@json_option
@options.talking
def status(*, common: Common, names: Names, health_seconds: float, as_json: bool) -> States:
    """Show the stack, function, image, endpoints, alarms and health of APP.

    Exit code 1 if it is not healthy, or not what deploy.yaml says.
    """
    from jvbundler.deploy.lambda_.status import lambda_status

    release = names.release(common)

    def states() -> Iterator[State]:
        found = lambda_status(release, common.environ(), health_seconds=health_seconds)
        is_fine = not (found.unhealthy or found.drifted)
        yield State(status_document(found), verdict(found), is_fine, facts=tuple(status_facts(found)))

    return States("lambda", as_json, states())


def status_document(found: LambdaStatus) -> dict[str, Any]:
    function, facts = found.function, found.facts
    return {
        "environment": found.stack.environment,
        "region": found.stack.region,
        "stack": {
            "name": found.stack.name,
            "status": facts.status if facts else None,
            "updated": facts.updated if facts else None,
            "failures": [str(failure) for failure in found.failures],
        },
        "function": function
        and {
            "name": function.name,
            "state": function.state,
            "last_update": function.last_update,
            "alias": function.alias or None,
            "version": function.version or None,
        },
        "image": {
            "running": function.image if function else None,
            "rendered": found.rendered_image or None,
        },
        "endpoints": {n: v for n, v in (facts.outputs if facts else {}).items() if n.endswith("Url")},
        "alarms": dict(found.alarms),
        "health": [
            {"url": a.url, "status": a.status, "seconds": round(a.seconds, 2), "error": a.error}
            for a in found.answers
        ],
        "unhealthy": list(found.unhealthy),
        "drifted": list(found.drifted),
    }


def status_facts(found: LambdaStatus) -> Iterator[tuple[str, str]]:
    """What exists."""
    yield "environment", f"{found.stack.environment} ({found.stack.region})"
    if found.facts:
        yield "stack", f"{found.stack.name}: {found.facts.status}, changed {found.facts.updated}"
    function = found.function
    if function:
        alias = f", alias {function.alias} at version {function.version}" if function.alias else ""
        yield (
            "function",
            f"{function.name}: {function.state}, last update {function.last_update}{alias}",
        )
        yield "image", function.image
    if found.facts:
        yield from ((name, url) for name, url in found.facts.outputs.items() if name.endswith("Url"))
    yield from (("alarm", f"{name}: {state}") for name, state in found.alarms.items())
    yield from (("health", str(answer)) for answer in found.answers)
    for name in found.unasked:
        yield "health", f"{name} requires requests signed with IAM: not checked"


def verdict(found: LambdaStatus) -> tuple[str, ...]:
    """What is wrong, or that nothing is."""
    if not (found.unhealthy or found.drifted):
        return ("healthy, and as deploy.yaml says",)
    return (
        *(f"unhealthy: {reason}" for reason in found.unhealthy),
        *(f"  {failure}" for failure in found.failures),
        *(f"drifted: {reason}" for reason in found.drifted),
    )


@click.command(
    "lambda",
    epilog="\b\nExamples:\n  jvbundler logs lambda -e prod --follow\n"
    "  jvbundler logs lambda --since 2h --filter ERROR --tail 50",
)
@together(common_options, name_options)
@click.option("--follow", "-f", is_flag=True, help="Continue until Ctrl-C.")
@click.option("--since", default="10m", show_default=True, help="How far back: 30s, 10m, 2h, 7d.")
@click.option(
    "--filter",
    "pattern",
    default="",
    metavar="PATTERN",
    help="Only lines that match this CloudWatch pattern.",
)
@click.option("--tail", type=click.IntRange(min=1), metavar="N", help="The last N lines only; not with -f.")
@dry_run_option
@options.talking
@click.pass_obj
def logs(
    terminal: Terminal,
    /,
    *,
    common: Common,
    names: Names,
    follow: bool,
    since: str,
    pattern: str,
    tail: int | None,
    dry_run: bool,
) -> int:
    """Show what APP's function logged, using sam."""
    from jvbundler.deploy.lambda_.commands import LogOptions
    from jvbundler.deploy.lambda_.status import plan_logs, show_logs

    if tail and follow:
        raise InputError("--tail and --follow cannot be combined: '--since' says where --follow begins")
    release = names.release(common)
    operation = plan_logs(release, LogOptions(start_time(since), follow, pattern, tail or 0))
    if dry_run:
        return print_script(operation)
    for line in show_logs(operation, execution(release, common, Progress(terminal)), tail=tail or 0):
        echo_line(line)
    return 0


def start_time(since: str) -> str:
    """`10m` as sam reads it: `10min ago`."""
    found = _SINCE.match(since.strip())
    if not found:
        raise InputError(f"--since: '{since}' is not a time span: write 30s, 10m, 2h or 7d")
    return f"{found[1]}{_UNITS[found[2]]} ago"


@click.command("lambda", epilog="Example: jvbundler open lambda -e prod --print")
@together(common_options, name_options, print_option)
@options.talking
def open_(*, common: Common, names: Names, only_print: bool) -> int:
    """Print the address that the stack gives the app, its own domain first, and open it in the browser."""
    from jvbundler.deploy.lambda_.status import address

    return open_address(address(names.release(common), common.environ()), only_print=only_print)


@click.command(
    "lambda",
    epilog="\b\nExamples:\n  jvbundler rollback lambda -e prod\n"
    "  jvbundler rollback lambda -e prod --to 1.4.1",
)
@together(common_options, name_options)
@click.option(
    "--to", "image", default="", metavar="IMAGE", help="Go to this tag or digest of the repository."
)
@click.option(
    "--to-version", "version", default="", metavar="N", help="Go to the image of this published version."
)
@stack_timeout_option("How long the stack may take.")
@together(dry_run_option, yes_option, json_option, options.loudness)
@options.talking
@click.pass_obj
def rollback(
    terminal: Terminal,
    /,
    *,
    common: Common,
    names: Names,
    image: str,
    version: str,
    timeout: int | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Give APP's function an earlier image: by default the one pushed before the running one.

    The deployed template and all other parameters stay as they are. deploy.yaml is not changed: the next
    deploy goes forward again, and until then 'status' reports drift.
    """
    from jvbundler.deploy.lambda_ import rollback as verb

    if image and version:
        raise InputError("--to and --to-version cannot be combined")
    release = names.release(common)
    wanted = verb.RollbackOptions(image, version, timeout or STACK_SECONDS)
    if dry_run:
        return print_script(verb.plan(release, wanted, None), as_json=as_json)
    require_terminal_if_protected(release, "roll back", yes=yes)
    progress = Progress(terminal, json=as_json)
    advice = "CloudFormation continues what it has begun: 'jvbundler status lambda' shows it"
    asking = ask_first(release, "roll back", yes=yes)
    with reported(progress, "rollback", advice):
        run = session(release, common, progress, asking)
        done = verb.rollback(release, wanted, run)
    if as_json:
        print_json({"ok": True, "from": done.running, "image": done.image, "steps": progress.steps})
    progress.note(f"rolled back; to stay there, set 'lambda.ecr.digest: {done.image.rpartition('@')[2]}'")
    return 0


@click.command(
    "lambda",
    epilog="\b\nExamples:\n  jvbundler destroy lambda -e dev\n"
    "  jvbundler destroy lambda -e dev --delete-ecr --yes",
)
@together(common_options, name_options)
@click.option("--delete-ecr", is_flag=True, help="Also delete the ECR repository, with all its images.")
@click.option("--delete-logs", is_flag=True, help="Also delete the log groups, with all their events.")
@no_effect("--delete-efs", "the access point is deleted with the stack, the file system never")
@no_effect("--delete-role", "the role is deleted with the stack")
@no_effect("--delete-api", "the API is deleted with the stack")
@click.option("--all", "delete_all", is_flag=True, help="Delete the repository and the logs as well.")
@stack_timeout_option("How long the deletion of a stack may take.")
@together(dry_run_option, yes_option, json_option, options.loudness)
@options.talking
@click.pass_obj
def destroy(
    terminal: Terminal,
    /,
    *,
    common: Common,
    names: Names,
    delete_ecr: bool,
    delete_logs: bool,
    delete_all: bool,
    timeout: int | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Delete APP's stack; its images, its logs and the files on EFS stay unless you say otherwise.

    What is deleted and what stays is listed first.
    """
    from jvbundler.deploy.lambda_ import destroy as verb

    release = names.release(common)
    wanted = verb.DestroyOptions(
        delete_ecr or delete_all, delete_logs or delete_all, timeout or STACK_SECONDS
    )
    if dry_run:
        return print_script(verb.plan(release, wanted, None), as_json=as_json)
    progress = Progress(terminal, json=as_json)
    ask = ask_first(release, "delete all this", yes=yes)

    def confirm(operation: Operation) -> None:
        show_lists(operation)
        ask(operation)

    advice = "CloudFormation continues what it has begun: 'jvbundler destroy lambda' again deletes the rest"
    with reported(progress, "destroy", advice):
        run = session(release, common, progress, confirm)
        done = verb.destroy(release, wanted, run)
    deleted = done.goes if done.commands else ()
    if as_json:
        lists = {"deleted": list(deleted), "kept": list(done.stays)}
        print_json({"ok": True, **lists, "steps": progress.steps})
    if not done.commands:
        name = release.environment.stack_name
        progress.note(f"the stack '{name}' does not exist: there is nothing to delete")
    return 0
