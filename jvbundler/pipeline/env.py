"""`env list|set|unset`: the container's variables in deploy.yaml, as they are written there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from jvbundler.output.single import write_file
from jvbundler.pipeline.edit import read_for_edit, set_value, unset_value
from jvbundler.source.wording import did_you_mean
from jvbundler.source.yaml.file import read_yaml
from jvbundler.values.node import find
from jvbundler.values.problem import InputError
from jvbundler.values.secret_names import looks_secret
from jvbundler.values.secret_values import contains_secret

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SECTIONS = {
    "lambda": ("lambda", "environment"),
    "k8s": ("kubernetes", "deployment", "container", "environment"),
    "kubernetes": ("kubernetes", "deployment", "container", "environment"),
}


def variables(environment: Environment, platform: str) -> list[tuple[str, str | None]]:
    """The variables by name; None in place of a secret's value, which is not known here."""
    on_lambda = platform == "lambda"
    plain = environment.lambda_variables if on_lambda else environment.kubernetes_variables
    secrets = environment.lambda_secrets if on_lambda else environment.kubernetes_secrets
    return sorted([*plain.items(), *((secret.name, None) for secret in secrets)], key=lambda pair: pair[0])


def set_variables(path: Path, platform: str, environment: str, pairs: Iterable[str]) -> bool:
    """Write the pairs, all or none; whether the file changed.

    Raises InputError for an invalid name, for a secret, and for a place that cannot be changed safely.
    """
    split = [pair.partition("=") for pair in pairs]
    for name, equals, value in split:
        _require_name(name, equals)
        _refuse_secret(path, name, value)
    section = _section(path, platform, environment)
    text = before = read_for_edit(path)
    for name, _, value in split:
        text = set_value(text, (*section, name), value)
    return _write(path, before, text)


def unset_variables(path: Path, platform: str, environment: str, names: Iterable[str]) -> bool:
    section = _section(path, platform, environment)
    text = before = read_for_edit(path)
    for name in names:
        text = unset_value(text, (*section, name))
    return _write(path, before, text)


def _require_name(name: str, equals: str) -> None:
    if not equals:
        raise InputError("expected NAME=VALUE, found no '='")
    if not _NAME.match(name):
        raise InputError(f"'{name}' is not the name of an environment variable")


def _refuse_secret(path: Path, name: str, value: str) -> None:
    """A reference to a variable is not a secret value: it is looked up and never rendered."""
    is_reference = value.startswith("${") and value.endswith("}")
    if is_reference or not value:
        return
    if looks_secret(name) or contains_secret(value) or name in _listed_secrets(path):
        raise InputError(
            f"'{name}' looks like a secret, and deploy.yaml is committed: list it under 'secrets' instead"
        )


def _listed_secrets(path: Path) -> set[str]:
    root, _ = read_yaml(path, str(path))
    items = find(root, ["secrets"]) if root else None
    nodes = items.value if items is not None and isinstance(items.value, list) else []
    return {str((find(node, ["name"]) or node).value) for node in nodes}


def _section(path: Path, platform: str, environment: str) -> tuple[str, ...]:
    root, problems = read_yaml(path, str(path))
    if root is None:
        raise InputError(problems=problems)
    if not environment:
        return _SECTIONS[platform]
    declared = find(root, ["environments"])
    names = list(declared.value) if declared is not None and isinstance(declared.value, dict) else []
    if environment not in names:
        hint = did_you_mean(environment, names) or f"there are: {', '.join(names) or 'none'}"
        raise InputError(f"environment '{environment}' is not declared in {path} ({hint})")
    return ("environments", environment, *_SECTIONS[platform])


def _write(path: Path, before: str, text: str) -> bool:
    if text != before:
        write_file(path, text, force=True)
    return text != before
