"""The command `hydrate`: the manifest of an environment, on a branch that a GitOps system pulls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import Common, common_options, gathered, json_option, together, yes_option
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import (
    ask_first,
    ask_nothing,
    print_json,
    print_script,
    reported,
    require_terminal_if_protected,
    session,
)

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.hydrate.hydrate import Done, Options

EPILOG = """\b
Examples:
  jvbundler hydrate -e prod --branch environment/prod
  jvbundler hydrate -e prod --branch environment/prod-next --push
  jvbundler hydrate apps/support -e prod --branch environment/prod-next/support \\
    --path support --only-path --push
"""
TO_DO = "push what it runs"


class Target(NamedTuple):
    """Where on which branch, and whether that is pushed."""

    branch: str
    path: str
    only_path: bool
    push: bool
    remote: str

    def options(self) -> Options:
        from jvbundler.deploy.hydrate.hydrate import Options

        return Options(self.branch, self.path, self.remote, self.push, self.only_path)


target_options = gathered(
    "target",
    Target,
    click.option("--branch", required=True, metavar="BRANCH", help="Branch that is committed to."),
    click.option(
        "--path",
        default="",
        metavar="DIR",
        help="Folder of the app on it.  [default: the one that the GitOps objects name]",
    ),
    click.option("--only-path", is_flag=True, help="Write nothing at the root of the branch: apps share it."),
    click.option("--push", is_flag=True, help="Push the branch, and the notes about it."),
    click.option(
        "--remote",
        default="origin",
        show_default=True,
        metavar="NAME",
        help="Where it is pushed to, and where the commits are that it names.",
    ),
)


@click.command("hydrate", epilog=EPILOG)
@together(
    common_options,
    target_options,
    click.option("--dry-run", is_flag=True, help="Print the commands instead of running them; offline."),
    yes_option,
    json_option,
    options.loudness,
)
@options.talking
@click.pass_obj
def command(
    terminal: Terminal, /, *, common: Common, target: Target, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Commit the flat manifest of an environment to a branch, as Argo CD's source hydrator does.

    With the manifest comes what the GitOps Promoter reads: which commit it was rendered from. Only if the
    manifest has changed there is a commit, otherwise a note. Your work tree is not touched.
    """
    from jvbundler.deploy.hydrate import hydrate as verb

    release = common.release("kubernetes")
    given = target.options()
    if dry_run:
        facts = verb.look(release, given, common.environ(), offline=True)
        return print_script(verb.plan(release, given, facts), as_json=as_json)
    if target.push:
        require_terminal_if_protected(release, TO_DO, yes=yes)
    progress = Progress(terminal, json=as_json)
    ask = ask_first(release, TO_DO, yes=yes) if target.push else ask_nothing
    with reported(progress, "hydrate", "run it again: it goes on from there"):
        done = verb.hydrate(release, given, session(release, common, progress, ask))
    if as_json:
        print_json({"ok": True, **document(done), "notes": progress.notes, "steps": progress.steps})
    else:
        echo_line(line(done, target.branch))
    return 0


def document(done: Done) -> dict[str, str | bool]:
    return {
        "commit": done.commit,
        "dry_sha": done.dry_sha,
        "changed": done.changed,
        "noted": done.noted,
        "pushed": done.pushed,
    }


def line(done: Done, branch: str) -> str:
    what = "is" if done.changed else "stays"
    return f"{branch} {what} {done.commit[:12]}, rendered from {done.dry_sha[:12]}"
