"""`variables`: what a deploy.yaml reads from the environment of whoever renders it, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from jvbundler.source.load import parse_source
from jvbundler.values.node import plain
from jvbundler.values.problem import Problem

ENVIRON = {
    "TAG": "1.2",
    "REGION": "eu-west-1",
    "NOTE": "glptt-" + "0a" * 20,
    "GH_PAT": "hunter2",
    "EMPTY": "",
}


def read(text: str, *assignments: tuple[str, str], requires_list: bool = False) -> tuple[Any, list[Problem]]:
    source, problems = parse_source(
        text.encode(), "deploy.yaml", environ=ENVIRON, assignments=assignments, requires_list=requires_list
    )
    assert source is not None
    return plain(source.base), list(problems)


def rules(problems: list[Problem]) -> list[str]:
    return [f"{problem.severity} {problem.rule}" for problem in problems]


def test_what_is_listed_is_read() -> None:
    base, problems = read("variables: [TAG, {name: REGION}]\na: ${TAG}\nb: x-${REGION}\n")
    assert problems == []
    assert (base["a"], base["b"]) == (1.2, "x-eu-west-1")


def test_what_is_not_listed_is_not_read_and_the_error_says_what_to_add() -> None:
    base, (problem,) = read("variables: [TAG]\na: ${TAG}\nb: x-${REGION}\n")
    assert (problem.rule, problem.place.line, base["b"]) == ("JVB118", 3, None)
    assert problem.hint == "add REGION to 'variables', at the top level"


def test_an_empty_list_lists_nothing_and_a_default_does_not_help() -> None:
    assert rules(read("variables: []\na: ${TAG:-1}\n")[1]) == ["error JVB118"]


def test_an_undeclared_variable_of_an_environment_is_found_as_well() -> None:
    problems = read("variables: [TAG]\nenvironments: {dev: {a: '${REGION}'}}\n")[1]
    assert rules(problems) == ["error JVB118"]


@pytest.mark.parametrize("head", ["", "variables:\n", "variables: null\n"])
def test_without_a_list_one_warning_names_all(head: str) -> None:
    _, (problem,) = read(head + "a: ${TAG} ${REGION}\nb: ${NEW:-x}\nc: ${TAG}\n")
    assert rules([problem]) == ["warning JVB119"]
    assert problem.message.endswith("NEW, REGION, TAG")
    assert problem.hint == "add 'variables: [NEW, REGION, TAG]'"


def test_where_the_list_is_required_the_warning_is_an_error() -> None:
    assert rules(read("a: ${TAG}\n", requires_list=True)[1]) == ["error JVB119"]
    assert read("a: b\nenvironment: {API_KEY: '${API_KEY}'}\n", requires_list=True)[1] == []


def test_a_secret_needs_no_entry_and_is_never_read() -> None:
    variables = "{GH_PAT: '${GH_PAT}', LOGIN: '${LOGIN}', API_KEY: '${TAG}'}"
    text = f"variables: []\nsecrets: [LOGIN]\nenvironment: {variables}\n"
    base, problems = read(text)
    assert problems == []
    assert base["environment"] == {"GH_PAT": "${GH_PAT}", "LOGIN": "${LOGIN}", "API_KEY": "${TAG}"}


@pytest.mark.parametrize(
    "name", ["GH_PAT", "DB_PASS", "DOCKER_AUTH_CONFIG", "SLACK_WEBHOOK_URL", "SSH_KEY", "KUBE_CONFIG_DATA"]
)
def test_a_secret_in_the_list_is_refused_and_stays_unread(name: str) -> None:
    base, problems = read(f"variables: [{name}]\na: ${{{name}}}\n")
    assert rules(problems) == ["error JVB904"]
    assert base["a"] == f"${{{name}}}"


@pytest.mark.parametrize("head", ["", "variables: [NOTE]\n"])
def test_a_value_that_looks_secret_is_an_error_and_not_repeated(head: str) -> None:
    base, problems = read(head + "a: see${NOTE}\n")
    assert "error JVB901" in rules(problems)
    assert base["a"] is None
    assert "glptt" not in str(problems)


@pytest.mark.parametrize(
    ("entry", "written", "value"),
    [
        ("{name: NEW, default: 5}", "${NEW}", 5),
        ("{name: NEW, default: 1.10}", "x${NEW}", "x1.10"),
        ("{name: EMPTY, default: full}", "${EMPTY}", "full"),
        ("{name: NEW, default: a}", "${NEW:-b}", "b"),
        ("{name: TAG, default: 9, pattern: '[0-9.]+'}", "${TAG}", 1.2),
        ("{name: NEW, default: '{{ b }}'}", "x${NEW}", "x{{ b }}"),
        ("{name: NEW, default: '${TAG}'}", "x${NEW}", "x${TAG}"),
    ],
)
def test_a_default_and_a_pattern(entry: str, written: str, value: object) -> None:
    base, problems = read(f"variables: [{entry}]\na: {written}\nb: c\n")
    assert problems == []
    assert base["a"] == value


@pytest.mark.parametrize(
    "entry",
    ["{name: TAG, pattern: '[0-9]'}", "{name: TAG, pattern: '('}",
     "{name: NEW, default: x, pattern: '[0-9]'}",
     "{name: REGION, pattern: '((((((.*)*.*)*.*)*.*)*.*)*.{99})*x'}"],
)  # fmt: skip
def test_a_value_pattern_mismatch_and_a_bad_pattern(entry: str) -> None:
    name = entry[7:].split(",")[0]
    _, problems = read(f"variables: [{entry}]\na: ${{{name}}}\n")
    assert rules(problems) == ["error JVB121"]
    assert ENVIRON.get(name, "x") not in problems[0].message


def test_what_the_command_line_writes_needs_no_entry() -> None:
    base, problems = read("variables: []\na: b\n", ("a", "${TAG}"), ("environment.X", '"${REGION}"'))
    assert problems == []
    assert (base["a"], base["environment"]["X"]) == (1.2, "eu-west-1")


def test_what_the_command_line_replaces_is_not_read() -> None:
    text = "a: {b: '${NEW}', c: ['${NEW}', 1]}\nenvironments: {dev: {a: {b: '${OTHER}'}}}\n"
    base, problems = read(text, ("a.b", "1"), ("a.c.0", "2"))
    assert problems == []
    assert base["a"] == {"b": 1, "c": [2, 1]}


@pytest.mark.parametrize("head", ["", "variables: []\n"])
def test_a_variable_that_the_command_line_sets_answers_its_name(head: str) -> None:
    base, problems = read(head + "a: x-${NEW}\nenvironment: {NEW: '${NEW}'}\n", ("environment.NEW", '"5"'))
    assert problems == []
    assert (base["a"], base["environment"]["NEW"]) == ("x-5", "5")


def test_the_list_itself_is_no_matter_of_the_command_line_or_of_an_environment() -> None:
    assert rules(read("a: b\n", ("variables", "[TAG]"))[1]) == ["error JVB111"]
    assert rules(read("a: b\n", ("variables.0", "TAG"))[1]) == ["error JVB111"]
    assert rules(read("environments: {dev: {variables: [TAG]}}\n")[1]) == ["error JVB110"]


@pytest.mark.parametrize(
    "text", ["variables: x", "variables: {A: 1}", "variables: [[A], 5, {nme: A}, {name: [A]}, null]"]
)
def test_a_list_that_is_none_lists_nothing(text: str) -> None:
    assert rules(read(f"{text}\na: ${{TAG}}\n")[1]) == ["error JVB118"]
