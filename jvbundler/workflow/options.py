"""What the user asked for, and how messages call paths: as the user typed them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from jvbundler.errors import InputError
from jvbundler.workflow.selection import Selection

CONFIG = "deploy.yaml"
DEFAULT_OUTPUT = "deploy"

# A container's environment in deploy.yaml; the platforms' own maps win over the shared one.
_ENVIRONMENTS = ("environment", "lambda.environment", "kubernetes.deployment.container.environment")
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*\Z"


class Options(NamedTuple):
    """How to read an app: `environ` is what `${NAME}` means, `assignments` pair a key with a YAML text.

    `config` is deploy.yaml when it is not the app's own; `jvagent` is a jvagent package to read core actions
    from, instead of the shipped lists.
    """

    environ: Mapping[str, str]
    config: Path | None = None
    assignments: tuple[tuple[str, str], ...] = ()
    jvagent: Path | None = None


class AppFolder(NamedTuple):
    """An app: its folder, what messages call it, and the folder for its output."""

    root: Path
    shown_as: str
    output: Path


class Request(NamedTuple):
    """What is asked for every app alike. `templates` is a folder of the user's own; with `strict`, a warning
    is an error; `force` replaces files in the output that are not ours.
    """

    options: Options
    selection: Selection = Selection()
    templates: Path | None = None
    strict: bool = False
    force: bool = False


def below(folder: str, name: str) -> str:
    """`name` in `folder`, as messages call it: `deploy.yaml`, `apps/support/deploy.yaml`."""
    return name if folder in ("", ".") else f"{folder.rstrip('/')}/{name}"


def config_path(app_root: Path, options: Options) -> Path:
    return options.config or app_root / CONFIG


def output_path(app_root: Path, output: Path | None, options: Options) -> Path:
    """The output folder: as given, else `deploy/` beside deploy.yaml."""
    return output or config_path(app_root, options).parent / DEFAULT_OUTPUT


def assignments(settings: Iterable[str], variables: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The pairs of `--set KEY=VALUE` and `--env NAME=VALUE`; InputError for what is not of that form."""
    pairs = [_pair("--set", text) for text in settings]
    for text in variables:
        name, value = _pair("--env", text)
        if not re.match(_VARIABLE, name):
            raise InputError(f"--env: '{name}' is not the name of an environment variable")
        # Quoted, as a variable is a text whatever it looks like.
        pairs += [(f"{path}.{name}", json.dumps(value)) for path in _ENVIRONMENTS]
    return tuple(pairs)


def _pair(option: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        # The text is not repeated in full: it may be the value of a secret.
        raise InputError(f"{option}: expected KEY=VALUE, found no '=' after a key")
    return key, value
