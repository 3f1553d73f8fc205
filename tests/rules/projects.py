"""A project from the text of a deploy.yaml, over the app of the golden cases."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jvbundler.app.load import load_app
from jvbundler.app.model import App
from jvbundler.project.build import build_project
from jvbundler.project.model import Project
from jvbundler.source.load import parse_source
from jvbundler.values.problem import Problem

ROOT = Path(__file__).resolve().parents[2]


@cache
def support_app(folder: Path = ROOT / "golden/app") -> App:
    app, problems = load_app(folder, ".")
    assert app is not None
    # The framework's example app asks for ~0.0.1, and runs on 0.1.7.
    assert [problem.rule for problem in problems] == (["JVB213"] if folder.name == "example_app" else [])
    return app


def project(text: str, app: App | None = None) -> Project:
    made, problems = project_and_problems(text, app)
    assert problems == ()
    return made


def project_and_problems(text: str, app: App | None = None) -> tuple[Project, tuple[Problem, ...]]:
    source, found = parse_source(text.encode(), "deploy.yaml", environ={})
    assert source is not None
    made, more = build_project(source, app or support_app())
    assert made is not None, more
    return made, (*found, *more)
