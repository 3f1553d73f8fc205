"""What a shell offers for a value: environments, keys, rules, templates. Nothing where it cannot be known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Items = list[CompletionItem]


def folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    return [_item(incomplete, type="dir")]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    return [_item(incomplete, type="file")]


def environments(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Those of the app's deploy.yaml; none if it cannot be read."""
    from jvbundler.source.yaml.file import read_yaml
    from jvbundler.values.node import find

    file = _config(ctx)
    root, _ = read_yaml(file, str(file))
    declared = find(root, ["environments"]) if root else None
    names = list(declared.value) if declared is not None and isinstance(declared.value, dict) else []
    # A name that is none could be a command for the shell.
    return _beginning([name for name in names if name.replace("-", "").isalnum()], incomplete)


def _config(ctx: click.Context) -> Path:
    """The deploy.yaml of what was typed so far; while an option lacks its value, the words are in `args`."""
    if ctx.params.get("config"):
        return Path(ctx.params["config"])
    several = [word for name in ("apps", "words") for word in ctx.params.get(name) or ()]
    typed = (ctx.params.get("app") or ".", *several, *ctx.args)
    files = [Path(word) / "deploy.yaml" for word in reversed(typed)]
    return next((file for file in files if file.is_file()), Path("deploy.yaml"))


def keys(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Every key that `explain` describes."""
    return _beginning([*_keys(), "references"], incomplete)


def settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """What `--set` sets: the keys without keys below them."""
    from jvbundler.project.keys import keys, load_schema

    leaves = [path for path, schema in keys(load_schema(), "") if path and "properties" not in schema]
    return _beginning([f"{path}=" for path in leaves if "[]" not in path], incomplete)


def _keys() -> list[str]:
    from jvbundler.project.keys import keys, load_schema

    return [path for path, _ in keys(load_schema(), "") if path and "[]" not in path]


def rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    from jvbundler.rules.engine import RULES

    found = [rule for rule in RULES if rule.id.startswith(incomplete.upper())]
    return [_item(rule.id, help=rule.title) for rule in found]


def templates(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    from jvbundler.pipeline.templates import template_names

    return _beginning(template_names(), incomplete)


def _beginning(names: list[str], incomplete: str) -> Items:
    return [_item(name) for name in names if name.startswith(incomplete)]


def _item(value: str, type: str = "plain", help: str | None = None) -> CompletionItem:
    # Here, as every command imports this module.
    from click.shell_completion import CompletionItem

    return CompletionItem(value, type, help)
