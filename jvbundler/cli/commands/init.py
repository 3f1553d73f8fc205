"""The command `init`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line, echo_result
from jvbundler.cli.report.next_steps import tell_next
from jvbundler.cli.terminal import Terminal
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jvbundler.pipeline.answers import Answers

EPILOG = """\b
Examples:
  jvbundler init
  jvbundler init apps/support --k8s --registry ghcr.io/acme --database mongodb
  jvbundler init --all --full --config deploy.staging.yaml -y
"""
# Each question in one line, and whose it is; an answer that is left out stays a comment.
QUESTIONS: dict[str, tuple[str, str]] = {
    "registry": ("kubernetes", "Registry that the image is pushed to, such as ghcr.io/acme"),
    "context": ("kubernetes", "kubectl context of the cluster that it is deployed to"),
    "region": ("lambda", "AWS region that it is deployed to, such as eu-central-1"),
    "account": ("lambda", "AWS account that holds the image's repository, 12 digits"),
    "database": ("", "Database of the app: json (files with one writer), sqlite, mongodb or postgres"),
    "domain": ("", "Domain at which the app is reached, such as support.example.com"),
}
# As they are called, and as the sections are; `kubernetes` is accepted.
PLATFORMS = {"k8s": ("kubernetes",), "lambda": ("lambda",), "both": ("lambda", "kubernetes")}


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
@click.option("--registry", default="", metavar="URL", help="Registry that the cluster pulls from.")
@click.option("--context", default="", metavar="NAME", help="kubectl context of the cluster.")
@click.option("--region", default="", help="AWS region.")
@click.option("--account", default="", metavar="ID", help="AWS account.")
@click.option("--database", default="", metavar="KIND", help="json, sqlite, mongodb, postgres or dynamodb.")
@click.option("--domain", default="", metavar="HOST", help="Domain at which the app is reached.")
@click.option("--full", is_flag=True, help="Write every option, those without a value as comments.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@click.option("-c", "--config", metavar="FILE", help="File to write.  [default: APP/deploy.yaml]")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@options.talking
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    app: str,
    on_lambda: bool,
    on_kubernetes: bool,
    everything: bool,
    ecs: bool,
    full: bool,
    yes: bool,
    config: str | None,
    force: bool,
    **given: str,
) -> int:
    """Write a deploy.yaml for APP (default: this folder): what this app needs, with a comment on each part.

    It lists the secrets that the app's actions, jvagent and the database read, and has what app.yaml,
    .env.example and deploy.example.yaml say. On a terminal it asks for what they do not say.
    """
    from jvbundler.output.single import write_file
    from jvbundler.pipeline.answers import Answers, known_answers, require_right
    from jvbundler.pipeline.init import EXAMPLE, example_of, initial_config, readable_app
    from jvbundler.pipeline.request import Options, below, config_path
    from jvbundler.render.deploy_yaml import SCHEMA_FILE
    from jvbundler.values.packaged import packaged_text

    if ecs:
        from jvbundler.cli.commands.predecessor import NO_ECS

        raise InputError(NO_ECS)
    root, shown_as = options.app_root(app)
    both = everything or (on_lambda and on_kubernetes)
    platform = "both" if both else "lambda" if on_lambda else "k8s" if on_kubernetes else ""
    answers = Answers(PLATFORMS.get(platform, ()), **given)
    require_right(answers)
    read = readable_app(root, shown_as)
    example = example_of(read)
    path = config_path(root, Options(environ={}, config=options.path_or_none(config)))
    if can_ask() and not yes and (force or not os.path.lexists(path)):
        answers = asked(answers, known_answers(read, example.values))
    answers = answers._replace(targets=answers.targets or PLATFORMS["both"])
    for name, (only_on, _) in QUESTIONS.items():
        if given[name] and only_on and only_on not in answers.targets:
            raise InputError(f"--{name} is for {only_on.capitalize()}, which is not enabled")
    changed = write_file(path, initial_config(read, answers, example, full=full), force=force)
    # The schema that the first line names; it is ours, so an older one is replaced.
    write_file(path.with_name(SCHEMA_FILE), packaged_text("schemas/deploy.schema.json"), force=True)
    for keys, what in ((example.taken, "taken over"), (example.left, "not taken over, unknown or secret")):
        if keys:
            echo_line(f"{below(shown_as, EXAMPLE)}: {what}: {', '.join(keys)}", err=keys is example.left)
    if not terminal.is_quiet():
        echo_line("next: read it, then run 'jvbundler render'", err=True)
    tell_next(terminal, options.reading_options(config), (app,), (config, None))
    names = [name for name, section in options.PLATFORMS.items() if section in answers.targets]
    verdict = "written" if changed else "unchanged"
    echo_result(f"{path}: {verdict}, enabled: {' and '.join(names)}", terminal)
    return 0


def can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


def asked(answers: Answers, known: Mapping[str, str]) -> Answers:
    """The answers, with the user's to the open questions; `known` is what the app's files say."""
    from jvbundler.pipeline.answers import suggestion, wrong

    echo_line("Enter takes what stands in brackets, or leaves the key as a comment.", err=True)
    if not answers.targets:
        answers = answers._replace(targets=PLATFORMS[asked_platform()])
    found: dict[str, Any] = {}
    for name, (platform, question) in QUESTIONS.items():
        is_open = not getattr(answers, name) and (not platform or platform in answers.targets)
        if is_open:
            default = known.get(name) or suggestion(name, os.environ)
            text = prompted(question, default)
            while text and (reason := wrong(name, text)):
                echo_line(reason, err=True)
                text = prompted(question, default)
            found[name] = text
    return answers._replace(**found)


def asked_platform() -> str:
    question = f"Platforms that it is deployed to: {one_of(PLATFORMS)}"
    while (text := prompted(question, "both").replace("kubernetes", "k8s")) not in PLATFORMS:
        echo_line(f"platforms are not valid (write {one_of(PLATFORMS)})", err=True)
    return text


def one_of(names: Iterable[str]) -> str:
    """`k8s, lambda or both`"""
    *most, last = names
    return f"{', '.join(most)} or {last}"


def prompted(question: str, default: str) -> str:
    text: str = click.prompt(question, default=default, show_default=bool(default), err=True)
    return text.strip()
