"""The command `show`: what an environment comes to, a picture of it, and the hosts that it calls."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_text
from jvbundler.cli.release_options import json_option, together
from jvbundler.cli.session import print_json

if TYPE_CHECKING:
    from jvbundler.app.hosts import Host
    from jvbundler.cli.terminal import Terminal
    from jvbundler.pipeline.show import Shown

EPILOG = """\b
Examples:
  jvbundler show -e prod
  jvbundler show apps/support -e prod --all
  jvbundler show -e prod --graph > prod.mmd
  jvbundler show -e prod --hosts
"""
COLORS = {"file": "", "environment": "cyan", "command line": "yellow", "default": ""}


@click.command("show", epilog=EPILOG)
@options.app_argument
@options.config_options
@options.image_option
@options.environment_option("Environment; not needed if there is only one.")
@click.option("--all", "everything", is_flag=True, help="Show what is a default, too.")
@click.option("--graph", is_flag=True, help="Print a picture of what runs, as a Mermaid diagram.")
@click.option("--hosts", is_flag=True, help="List the hosts that the app's actions call, for firewalls.")
@together(json_option, options.talking)
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    app: str,
    config: str | None,
    settings: tuple[str, ...],
    variables: tuple[str, ...],
    jvagent: str | None,
    environment: str,
    everything: bool,
    graph: bool,
    hosts: bool,
    as_json: bool,
) -> int:
    """Print the configuration that APP (default: this folder) has in an environment, and where it comes from.

    A value is a default, or is written at a line of deploy.yaml, in the environment or for all, or on the
    command line. Of a secret only the name is known. The hosts are those of jvagent's own actions and of MCP
    servers, and `*` is any: an action of the app's own, its database and its platform may call others.
    """
    from jvbundler.deploy.release import chosen_environment
    from jvbundler.pipeline.compile import compile_project
    from jvbundler.pipeline.show import effective

    root, shown_as = options.app_root(app)
    read = options.reading_options(config, settings, variables, jvagent)
    compiled = compile_project(root, shown_as, read)
    chosen = chosen_environment(compiled.project, environment)
    if graph:
        from jvbundler.render.diagram import diagram

        picture = diagram(chosen)
        if as_json:
            print_json({"environment": chosen.name, "mermaid": picture})
        else:
            echo_text(f"{picture}\n")
        return 0
    if hosts:
        from jvbundler.app.hosts import hosts_called

        called = hosts_called(compiled.project.app)
        if as_json:
            print_json({"environment": chosen.name, "hosts": [_host_document(host) for host in called]})
        else:
            _print_hosts(called, terminal)
        return 0
    values = effective(chosen, compiled.source.overlays.get(chosen.name))
    found = [value for value in values if everything or value.origin != "default"]
    if as_json:
        print_json({"environment": chosen.name, "values": [_document(value) for value in found]})
    else:
        _print(found, chosen.name, terminal)
    return 0


def _document(value: Shown) -> dict[str, Any]:
    place = value.place
    where = {"file": place.file, "line": place.line} if place and value.origin != "command line" else {}
    return {"key": value.key, "value": value.value, "origin": value.origin, **where}


def _host_document(host: Host) -> dict[str, Any]:
    where = {"file": host.place.file, "line": host.place.line}
    return {"host": host.host, "port": host.port, "action": host.by, "setting": host.setting, **where}


def _print_hosts(hosts: Iterable[Host], terminal: Terminal) -> None:
    from jvbundler.cli.report.paper import columns, show, words

    rows = [
        (
            words(f"{host.host}:{host.port}" if host.host else f"what {host.setting} says", "bold"),
            words(host.by),
            words(f"{host.place.file}:{host.place.line}"),
        )
        for host in hosts
    ]
    show([columns(rows)] if rows else [words("no action is known to call a host")], terminal)


def _print(values: Iterable[Shown], environment: str, terminal: Terminal) -> None:
    from jvbundler.cli.report.paper import columns, show, words

    rows = [
        (
            words(value.key, "bold"),
            words(json.dumps(value.value, ensure_ascii=False)),
            words(_origin(value, environment), COLORS[value.origin]),
        )
        for value in values
    ]
    show([columns(rows)] if rows else [words("everything is a default: --all shows it")], terminal)


def _origin(value: Shown, environment: str) -> str:
    if value.place is None or value.origin == "command line":
        return value.origin
    inside = f", environment {environment}" if value.origin == "environment" else ""
    return f"{value.place.file}:{value.place.line}{inside}"
