"""`init`: the text of a first deploy.yaml for an app."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.app.load import load_app
from jvbundler.app.model import App
from jvbundler.pipeline.answers import Answers
from jvbundler.pipeline.first_values import first_values
from jvbundler.pipeline.request import below
from jvbundler.project.keys import Schema, load_schema
from jvbundler.project.schema import document
from jvbundler.render.deploy_yaml import first_config, is_section
from jvbundler.source.old_names import with_todays_names
from jvbundler.source.yaml.file import read_yaml
from jvbundler.values.problem import LITERAL_SECRET, InputError
from jvbundler.values.secret_names import looks_secret
from jvbundler.values.secret_values import contains_secret

# What `jvagent app create --deployment aws-lambda` writes beside app.yaml, to be copied.
EXAMPLE = "deploy.example.yaml"


class Example(NamedTuple):
    """The values of deploy.example.yaml, and its dotted keys that are `taken` over into them, or `left`."""

    values: dict[str, Any]
    taken: tuple[str, ...]
    left: tuple[str, ...]


def readable_app(app_root: Path, shown_as: str) -> App:
    """The app. Raises InputError if the folder holds no jvagent app, or app.yaml has a secret in it.

    Other problems of the app are left to `render`.
    """
    app, problems = load_app(app_root, shown_as)
    secrets = [problem for problem in problems if problem.rule == LITERAL_SECRET]
    if app is None or secrets:
        raise InputError(problems=secrets or problems)
    return app


def example_of(app: App) -> Example:
    """What deploy.example.yaml says. Raises InputError if it cannot be read."""
    taken: list[str] = []
    left: list[str] = []
    values = dict(_known(_example(app.root, app.shown_as), load_schema(), "", taken, left))
    return Example(values, tuple(taken), tuple(left))


def initial_config(app: App, answers: Answers, example: Example, *, full: bool) -> str:
    """A deploy.yaml for this app, with the answers and the values of its example; `full` has every option."""
    first = first_values(app, answers, example.values, full=full)
    return first_config(app.title or app.id, load_schema(), first, full=full)


def _example(app_root: Path, shown_as: str) -> dict[str, Any]:
    """The values of deploy.example.yaml as written, under today's names; none where there is none."""
    path = app_root / EXAMPLE
    if not os.path.lexists(path):
        return {}
    root, problems = read_yaml(path, below(shown_as, EXAMPLE), within=app_root)
    if root is not None:
        root, more = with_todays_names(root)
        problems = (*problems, *more)
    if root is None or any(problem.is_error for problem in problems):
        raise InputError(problems=problems)
    return document(root)


def _known(
    values: dict[str, Any], schema: Schema, above: str, taken: list[str], left: list[str]
) -> Iterator[tuple[str, Any]]:
    """The values whose keys are known and that are no secrets; where they fit is left to `render`."""
    properties = schema.get("properties")
    for key, value in values.items():
        path = f"{above}{key}"
        child = schema.get("additionalProperties", {}) if properties is None else properties.get(key)
        if path == "environments":
            child = {"additionalProperties": schema}
        if child is None or _is_secret(key, value) or (is_section(child) and not isinstance(value, dict)):
            left.append(path)
        elif isinstance(value, dict):
            below_it = dict(_known(value, child, f"{path}.", taken, left))
            if below_it:
                yield key, below_it
        elif value != []:
            taken.append(path)
            yield key, value


def _is_secret(name: str, value: Any) -> bool:
    """Whether the value is a secret, or one by its name; a reference to a variable is looked up later."""
    if isinstance(value, list):
        return contains_secret(json.dumps(value))
    if not isinstance(value, str) or not value:
        return False
    is_reference = value.startswith("${") and value.endswith("}")
    return contains_secret(value) or (looks_secret(name) and not is_reference)
