"""The Dockerfile says what deploy.yaml and the app say, and no text in them can break out of its place."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jvbundler.app.load import load_app
from jvbundler.project.build import build_project
from jvbundler.project.model import Project
from jvbundler.render import docker
from jvbundler.source.load import parse_source
from tests.golden.cases import GOLDEN

# What a line of a Dockerfile can hold; deploy.yaml refuses the rest in these keys.
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85"))


def project(**document: Any) -> Project:
    document = {"kubernetes": {"enabled": True}, **document}
    source, found = parse_source(yaml.safe_dump(document).encode(), "deploy.yaml", environ={})
    version = document.get("image", {}).get("jvagent_version", "")
    app, in_app = load_app(GOLDEN / "app", "app", jvagent_version=version)
    assert source is not None
    assert app is not None
    built, problems = build_project(source, app)
    assert built is not None, [p.message for p in (*found, *in_app, *problems)]
    return built


def dockerfile(**document: Any) -> str:
    return next(a.text for a in docker.render(project(**document)) if a.path == "docker/Dockerfile")


def unquoted(word: str) -> str:
    """A double-quoted word as BuildKit reads it: a backslash escapes only itself, a quote and a dollar.

    A build of 17 awkward values as LABEL and as ENV, read back by `docker inspect`, gave what this gives.
    """
    assert (word[0], word[-1]) == ('"', '"')
    inside = re.sub(r'\\(["$\\])', lambda found: f"\0{ord(found[1]):03}", word[1:-1])
    assert not re.search(r'["$]', inside), "a quote or a variable that is not escaped"
    return re.sub(r"\0(\d{3})", lambda found: chr(int(found[1])), inside)


def value_of(rendered: str, start: str) -> str:
    line = next(line for line in rendered.split("\n") if start in line)
    return unquoted(line.partition(start)[2].removesuffix(" \\"))


@settings(max_examples=60)
@given(lines)
def test_any_label_comes_back_unchanged(text: str) -> None:
    rendered = dockerfile(image={"labels": {"example.label": escaped(text)}})
    assert value_of(rendered, "example.label=") == text


@settings(max_examples=60)
@given(lines)
def test_any_build_argument_comes_back_unchanged(text: str) -> None:
    rendered = dockerfile(image={"build": {"args": {"EXAMPLE": escaped(text)}}})
    assert value_of(rendered, "ARG EXAMPLE=") == text


@settings(max_examples=60)
@given(st.lists(lines.filter(bool), min_size=1, max_size=4))
def test_any_command_is_run_as_it_is_written(command: list[str]) -> None:
    rendered = dockerfile(server={"command": [escaped(word) for word in command]})
    assert json.loads(rendered.rstrip("\n").rpartition("\nCMD ")[2]) == command


def escaped(text: str) -> str:
    """A text for deploy.yaml that means exactly `text`: neither interpolation nor a reference."""
    return text.replace("${", "$${").replace("{{", "{{ '{{' }}")


def test_the_server_is_started_as_the_framework_documents_it() -> None:
    assert dockerfile().endswith('CMD ["jvagent", "/var/task", "run"]\n')


@pytest.mark.parametrize(
    ("image", "line"),
    [
        ({"python_version": "3.13"}, "ARG PYTHON_VERSION=3.13"),
        ({"build": {"args": {"PYTHON_VERSION": "3.11"}}}, "ARG PYTHON_VERSION=3.11"),
        ({"base": "registry.example.com/python"}, "FROM registry.example.com/python:${PYTHON_VERSION}-slim"),
        ({"registry_mirror": "mirror.example.com"}, "FROM mirror.example.com/python:${PYTHON_VERSION}-slim"),
        (
            {"registry_mirror": "mirror.example.com/hub", "base": "docker.io/library/python"},
            "FROM mirror.example.com/hub/library/python:${PYTHON_VERSION}-slim",
        ),
        ({"system_packages": ["ffmpeg"]}, "      'ffmpeg' \\"),
        ({"jvagent_version": "0.1.6"}, "      'jvagent==0.1.6' \\"),
    ],
)
def test_an_option_of_the_image_is_a_line(image: dict[str, Any], line: str) -> None:
    assert line in dockerfile(image=image).splitlines()


def test_the_extras_of_the_framework_follow_the_configuration() -> None:
    on_lambda = dockerfile(**{"lambda": {"enabled": True}})
    postgres = dockerfile(environment={"JVSPATIAL_DB_TYPE": "postgres"})
    assert "'jvspatial[lambda]'" in on_lambda
    assert "'jvspatial[postgres]'" in postgres
    assert "jvspatial[" not in dockerfile()
