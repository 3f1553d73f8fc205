"""The commands `logs lambda`, `rollback lambda` and `destroy lambda`."""

from __future__ import annotations

import re
from typing import Any

import click

from jvbundler.cli import handoff, lambda_options, options
from jvbundler.cli.progress import Progress
from jvbundler.cli.terminal import Terminal
from jvbundler.errors import InputError

_SINCE = re.compile(r"([0-9]+)\s*(s|m|h|d)\Z")
_UNITS = {"s": "sec", "m": "min", "h": "hour", "d": "day"}


@click.command(
    "lambda",
    epilog="\b\nExamples:\n  jvbundler logs lambda -e prod --follow\n"
    "  jvbundler logs lambda --since 2h --filter ERROR --tail 50",
)
@handoff.together(*lambda_options.reading)
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--since", default="10m", show_default=True, help="How far back: 30s, 10m, 2h, 7d.")
@click.option(
    "--filter", "pattern", default="", metavar="PATTERN", help="Only what fits this CloudWatch Logs pattern."
)
@click.option("--tail", type=click.IntRange(min=1), metavar="N", help="The last N lines only; not with -f.")
@handoff.dry_run_option
@options.talking
@click.pass_obj
def logs(
    terminal: Terminal,
    /,
    *,
    follow: bool,
    since: str,
    pattern: str,
    tail: int | None,
    dry_run: bool,
    **chosen: Any,
) -> int:
    """Show what APP's function logged, by sam."""
    from jvbundler.deploy.command import script
    from jvbundler.deploy.doctor import require, sam
    from jvbundler.deploy.execution import execute_all
    from jvbundler.deploy.lambda_.commands import logs_plan
    from jvbundler.deploy.lambda_.stack import stack_of

    if tail and follow:
        raise InputError("--tail and --follow exclude each other: '--since' says where --follow begins")
    release = lambda_options.load(**chosen)
    started = start_time(since)
    plan = logs_plan(stack_of(release), follow=follow, since=started, pattern=pattern, live=not tail)
    if dry_run:
        click.echo(script(plan), nl=False)
        return 0
    require([sam()])
    progress = Progress(terminal)
    done = execute_all(plan, handoff.execution(release, progress, verbose=False))
    for line in done[0].text.splitlines()[-tail:] if tail else ():
        click.echo(line)
    return 0


def start_time(since: str) -> str:
    """`10m` as sam reads it: `10min ago`."""
    found = _SINCE.match(since.strip())
    if not found:
        raise InputError(f"--since: '{since}' is no time span: write 30s, 10m, 2h or 7d")
    return f"{found[1]}{_UNITS[found[2]]} ago"


@click.command(
    "lambda",
    epilog="\b\nExamples:\n  jvbundler rollback lambda -e prod\n"
    "  jvbundler rollback lambda -e prod --to 1.4.1",
)
@handoff.together(*lambda_options.reading)
@click.option(
    "--to", "image", default="", metavar="IMAGE", help="Go to this tag or digest of the repository."
)
@click.option(
    "--to-version", "version", default="", metavar="N", help="Go to the image of this published version."
)
@lambda_options.timeout_option(2400.0, "How long the stack may take.")
@handoff.dry_run_option
@handoff.yes_option
@handoff.verbose_option
@handoff.json_option
@options.talking
@click.pass_obj
def rollback(
    terminal: Terminal,
    /,
    *,
    image: str,
    version: str,
    timeout_seconds: float,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Give APP's function an earlier image: by default the one pushed before the running one.

    The deployed template and all other parameters stay as they are. deploy.yaml is not changed: the next
    deploy goes forward again, and until then 'status' calls it drifted.
    """
    from jvbundler.deploy.command import script
    from jvbundler.deploy.lambda_.rollback import find_rollback, offline_plan, roll_back
    from jvbundler.deploy.release import only_deployment

    if image and version:
        raise InputError("--to and --to-version exclude each other")
    release = lambda_options.load(**chosen)
    if dry_run:
        plan = offline_plan(release, image=image, timeout_seconds=timeout_seconds)
        click.echo(script(plan), nl=False)
        return 0
    progress = Progress(terminal, json=as_json)
    execution = handoff.execution(release, progress, verbose=verbose)
    handoff.confirm_protected(release, "roll back", yes=yes)
    found = find_rollback(release, execution.environ, image=image, version=version)
    progress.note(f"rolling back {found.stack.name}\n  {found}")
    if not release.is_protected:
        handoff.confirm("go on", yes=yes)
    advice = "CloudFormation goes on with what it has begun: 'jvbundler status lambda' shows it"
    with (
        handoff.told(progress, "rollback", advice),
        only_deployment(lambda_options.place(release), execution.environ),
    ):
        roll_back(found, execution, timeout_seconds=timeout_seconds)
    if as_json:
        found_images = {"from": found.running, "image": found.image}
        handoff.print_json({"ok": True, **found_images, "steps": progress.steps})
    progress.note(f"rolled back; to stay there, set 'image.digest: {found.image.rpartition('@')[2]}'")
    return 0


@click.command(
    "lambda",
    epilog="\b\nExamples:\n  jvbundler destroy lambda -e dev\n"
    "  jvbundler destroy lambda -e dev --delete-ecr --yes",
)
@handoff.together(*lambda_options.reading)
@click.option("--delete-ecr", is_flag=True, help="Delete the ECR repository too, with all its images.")
@click.option("--delete-logs", is_flag=True, help="Delete the log groups too, with all that was logged.")
@click.option(
    "--delete-efs",
    is_flag=True,
    help="Nothing more: the access point goes with the stack, and the file system is never ours to delete.",
)
@click.option("--delete-role", is_flag=True, help="Nothing more: the role goes with the stack.")
@click.option("--delete-api", is_flag=True, help="Nothing more: the API goes with the stack.")
@click.option("--all", "delete_all", is_flag=True, help="Delete the stack and all of the above.")
@lambda_options.timeout_option(2400.0, "How long the deletion of a stack may take.")
@handoff.dry_run_option
@handoff.yes_option
@handoff.verbose_option
@handoff.json_option
@options.talking
@click.pass_obj
def destroy(
    terminal: Terminal,
    /,
    *,
    delete_ecr: bool,
    delete_logs: bool,
    delete_efs: bool,
    delete_role: bool,
    delete_api: bool,
    delete_all: bool,
    timeout_seconds: float,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Delete APP's stack; its images, its logs and the files on EFS stay unless told otherwise.

    What goes and what stays is listed first.
    """
    from jvbundler.deploy.command import script
    from jvbundler.deploy.lambda_.destroy import DestroyOptions, destroy, find_destruction, offline_plan
    from jvbundler.deploy.release import only_deployment

    release = lambda_options.load(**chosen)
    wanted = DestroyOptions(delete_ecr or delete_all, delete_logs or delete_all, timeout_seconds)
    if dry_run:
        click.echo(script(offline_plan(release, wanted)), nl=False)
        return 0
    progress = Progress(terminal, json=as_json)
    execution = handoff.execution(release, progress, verbose=verbose)
    found = find_destruction(release, execution.environ, wanted)
    if not found.plan:
        if as_json:
            handoff.print_json({"ok": True, "deleted": [], "kept": list(found.stays), "steps": []})
        progress.note(f"the stack '{found.stack.name}' does not exist: there is nothing to delete")
        return 0
    for title, lines in (("goes:", found.goes), ("stays:", found.stays)):
        progress.note("\n  ".join([title, *(lines or ("nothing",))]))
    handoff.confirm_protected(release, "delete all this", yes=yes)
    if not release.is_protected:
        handoff.confirm("delete this", yes=yes)
    advice = (
        "CloudFormation goes on with what it has begun: 'jvbundler destroy lambda' again deletes the rest"
    )
    with (
        handoff.told(progress, "destroy", advice),
        only_deployment(lambda_options.place(release), execution.environ),
    ):
        destroy(found, execution)
    if as_json:
        lists = {"deleted": list(found.goes), "kept": list(found.stays)}
        handoff.print_json({"ok": True, **lists, "steps": progress.steps})
    return 0
