"""`init`: the text of a first deploy.yaml for an app."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jvbundler.app.load import load_app
from jvbundler.project.keys import load_schema
from jvbundler.render.deploy_yaml import first_config
from jvbundler.values.problem import InputError

# The app's name is written into deploy.yaml, and must not be a secret.
LITERAL_SECRET = "JVB901"


def initial_config(app_root: Path, shown_as: str, *, targets: Sequence[str]) -> str:
    """The text of a deploy.yaml for this app, with the sections of `targets` enabled.

    Raises InputError if the folder holds no jvagent app, or app.yaml has a secret in it. Other
    problems of the app are left to `render`.
    """
    schema = load_schema()
    app, problems = load_app(app_root, shown_as)
    secrets = [problem for problem in problems if problem.rule == LITERAL_SECRET]
    if app is None or secrets:
        raise InputError(problems=secrets or problems)
    return first_config(app, schema, targets)
