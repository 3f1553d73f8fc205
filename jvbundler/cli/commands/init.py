"""The command `init`."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line, echo_result
from jvbundler.cli.terminal import Terminal
from jvbundler.values.problem import InputError

EPILOG = """\b
Examples:
  jvbundler init
  jvbundler init apps/support --k8s
  jvbundler init --all --config deploy.staging.yaml
"""


@click.command("init", epilog=EPILOG)
@options.app_argument
@click.option("--lambda", "on_lambda", is_flag=True, help="Enable AWS Lambda.")
@click.option(
    "--k8s",
    "on_kubernetes",
    cls=options.Option,
    also=("--kubernetes",),
    is_flag=True,
    help="Enable Kubernetes.",
)
@click.option("--all", "everything", is_flag=True, help="Enable both.  [default]")
@click.option("--ecs", is_flag=True, hidden=True, help="jvdeploy's.")
@click.option("-c", "--config", metavar="FILE", help="File to write.  [default: APP/deploy.yaml]")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@options.talking
@click.pass_obj
def command(
    terminal: Terminal,
    *,
    app: str,
    on_lambda: bool,
    on_kubernetes: bool,
    everything: bool,
    ecs: bool,
    config: str | None,
    force: bool,
) -> int:
    """Write a commented deploy.yaml for APP (default: this folder).

    Every option is in it; what app.yaml, .env.example and deploy.example.yaml say is filled in.
    """
    from jvbundler.output.single import write_file
    from jvbundler.pipeline.init import EXAMPLE, initial_config
    from jvbundler.pipeline.request import Options, below, config_path
    from jvbundler.render.deploy_yaml import SCHEMA_FILE
    from jvbundler.values.packaged import packaged_text

    if ecs:
        from jvbundler.cli.commands.predecessor import NO_ECS

        raise InputError(NO_ECS)
    root, shown_as = options.app_root(app)
    both = everything or not (on_lambda or on_kubernetes)
    targets = [n for n, on in (("lambda", on_lambda), ("kubernetes", on_kubernetes)) if on or both]
    first = initial_config(root, shown_as, targets=targets)
    names = [name for name, section in options.PLATFORMS.items() if section in targets]
    path = config_path(root, Options(environ={}, config=options.path_or_none(config)))
    changed = write_file(path, first.text, force=force)
    # The schema that the first line names; it is ours, so an older one is replaced.
    write_file(path.with_name(SCHEMA_FILE), packaged_text("schemas/deploy.schema.json"), force=True)
    for keys, what in ((first.taken, "taken over"), (first.left, "not taken over, unknown or secret")):
        if keys:
            echo_line(f"{below(shown_as, EXAMPLE)}: {what}: {', '.join(keys)}", err=keys is first.left)
    if not terminal.is_quiet():
        echo_line("next: read it, then run 'jvbundler render'", err=True)
    verdict = "written" if changed else "unchanged"
    echo_result(f"{path}: {verdict}, enabled: {' and '.join(names)}", terminal)
    return 0
