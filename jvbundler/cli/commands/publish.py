"""The command `publish`: the manifest of an environment, as an OCI artifact that Flux pulls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import Common, common_options, gathered, json_option, together, yes_option
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import (
    ask_first,
    print_json,
    print_script,
    reported,
    require_terminal_if_protected,
    session,
)

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.publish.publish import Done, Options

EPILOG = """\b
Examples:
  jvbundler publish -e prod
  jvbundler publish -e prod oci://ghcr.io/acme/support-deploy --tag prod
  jvbundler publish apps/support oci://ghcr.io/acme/support-deploy --dry-run
"""
TO_DO = "publish what it runs"
SCHEME = "oci://"


class Target(NamedTuple):
    """Where it is pushed to, and how."""

    url: str
    tags: tuple[str, ...]
    remote: str
    no_sign: bool
    cosign_options: tuple[str, ...]
    plain_http: bool

    def options(self) -> Options:
        from jvbundler.deploy.publish.publish import Options

        return Options(
            self.url, self.tags, self.remote, not self.no_sign, self.cosign_options, self.plain_http
        )


target_options = gathered(
    "target",
    Target,
    click.argument("url", default="", metavar="[oci://HOST/REPOSITORY]"),
    click.option(
        "--tag",
        "tags",
        multiple=True,
        metavar="TAG",
        help="Tag beside the commit's own; repeatable.  [default: the one that Flux pulls]",
    ),
    click.option(
        "--remote", default="origin", show_default=True, metavar="NAME", help="Where the commits are."
    ),
    click.option("--no-sign", is_flag=True, help="Do not sign, whatever gitops.flux.verify says."),
    click.option(
        "--cosign-option",
        "cosign_options",
        multiple=True,
        metavar="OPTION",
        help="Pass this on to 'cosign sign', as --cosign-option=--signing-config=FILE; repeatable.",
    ),
    click.option("--plain-http", is_flag=True, help="The registry has no TLS."),
)


@click.command("publish", epilog=EPILOG)
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
    """Push the flat manifest of an environment and its GitOps objects as an OCI artifact of Flux.

    It goes where gitops.repo_url says, or to the repository that is named. The same commit gives the same
    artifact, which is pushed once; cosign signs it where gitops.flux.verify names a key or an identity.
    """
    from jvbundler.deploy.publish import publish as verb

    if common.app.startswith(SCHEME) and not target.url:
        common, target = common._replace(app="."), target._replace(url=common.app)
    release, given = common.release("kubernetes"), target.options()
    if dry_run:
        publication = verb.publication_of(release, given, common.environ())
        return print_script(verb.plan(release, given, publication, verb.Facts()), as_json=as_json)
    require_terminal_if_protected(release, TO_DO, yes=yes)
    progress = Progress(terminal, json=as_json)
    with reported(progress, "publish", "run it again: it goes on from there"):
        ask = ask_first(release, TO_DO, yes=yes)
        done = verb.publish(release, given, session(release, common, progress, ask))
    if as_json:
        print_json({"ok": True, **document(done), "notes": progress.notes, "steps": progress.steps})
    else:
        echo_line(f"{done.publication.target}@{done.publication.artifact.digest}")
    return 0


def document(done: Done) -> dict[str, Any]:
    publication = done.publication
    return {
        "repository": str(publication.target),
        "digest": publication.artifact.digest,
        "tags": list(publication.tags),
        "revision": publication.revision,
        "pushed": done.pushed,
        "signed": done.signed,
    }
