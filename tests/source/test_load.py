"""From deploy.yaml to one tree per environment, with everything that is wrong in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.source.load import Source, load_source, parse_source
from jvbundler.values.node import find, plain

DEPLOY = """\
variables: [REGION]
app: {name: demo}
place: ${REGION:-eu-west-1}
lambda:
  memory: 512
  name: "{{ app.name }}-{{ lambda.memory }}"
  subnets: [a, b]
environments:
  dev: {}
  prod:
    lambda: {memory: 1024, subnets: [c]}
    place: null
"""


def parse(
    text: str,
    *,
    environ: Mapping[str, str] | None = None,
    environments: Sequence[str] = (),
    assignments: Sequence[tuple[str, str]] = (),
) -> tuple[Source, list[str]]:
    source, problems = parse_source(
        text.encode(),
        "deploy.yaml",
        environ=environ or {},
        environments=environments,
        assignments=assignments,
    )
    assert source is not None
    return source, [f"{p.place}: {p.rule} {p.message}; {p.hint}" for p in problems]


def test_each_environment_is_the_top_level_with_its_differences() -> None:
    source, problems = parse(DEPLOY)
    assert problems == []
    assert plain(source.base) == {
        "variables": ["REGION"],
        "app": {"name": "demo"},
        "place": "eu-west-1",
        "lambda": {"memory": 512, "name": "demo-512", "subnets": ["a", "b"]},
    }
    assert plain(source.environments["dev"]) == plain(source.base)
    assert plain(source.environments["prod"]) == {
        "variables": ["REGION"],
        "app": {"name": "demo"},
        "lambda": {"memory": 1024, "name": "demo-1024", "subnets": ["c"]},
    }


def test_without_environments_there_is_only_the_base() -> None:
    source, problems = parse("app: {name: demo}\n", environments=["default"])
    assert (source.environments, problems) == ({}, [])


def test_only_the_selected_environments_are_made() -> None:
    source, _ = parse(DEPLOY, environments=["prod"])
    assert list(source.environments) == ["prod"]


def test_a_misspelt_environment() -> None:
    _, problems = parse(DEPLOY, environments=["prd"])
    assert problems == ["deploy.yaml:8:1: JVB112 environment 'prd' is not declared; did you mean 'prod'?"]
    _, (problem,) = parse(DEPLOY, environments=["default"])
    assert problem.endswith("choose one of: dev, prod")
    _, (problem,) = parse("a: 1", environments=["prod"])
    assert problem.startswith("deploy.yaml:1:1: JVB112 environment 'prod' is not declared")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("environments: [dev]", "1:15: JVB110 'environments' is not a map"),
        ("environments: {dev: 1}", "1:21: JVB110 environment 'dev' is not a map"),
        ("environments: {Dev: {}}", "1:16: JVB110 'Dev' is not a name for an environment"),
        ('environments: {"dev\\n": {}}', r"1:16: JVB110 'dev\n' is not a name for an environment"),
        (
            f"environments: {{{'x' * 33}: {{}}}}",
            f"1:16: JVB110 '{'x' * 33}' is not a name for an environment",
        ),
        ("environments: {base: {}}", "1:16: JVB110 an environment cannot be named 'base'"),
        (
            "environments: {dev: {environments: {}}}",
            "1:22: JVB110 environment 'dev' has 'environments' of its own",
        ),
    ],
)
def test_environments_that_are_none(text: str, expected: str) -> None:
    _, (problem,) = parse(text)
    assert problem.startswith(f"deploy.yaml:{expected}")


@pytest.mark.parametrize("text", ["environments:", "environments: {}", "a: 1"])
def test_no_environment_is_declared(text: str) -> None:
    source, problems = parse(text)
    assert (source.environments, problems) == ({}, [])


def test_an_environment_may_be_empty() -> None:
    source, _ = parse("a: 1\nenvironments:\n  dev:\n")
    assert plain(source.environments["dev"]) == {"a": 1}


@pytest.mark.parametrize(
    "listed", ["secrets: [MY_PIN]", "secrets: [{name: MY_PIN}]", "environments: {dev: {secrets: [MY_PIN]}}"]
)
def test_a_listed_name_is_a_secret(listed: str) -> None:
    source, problems = parse(
        f"{listed}\nkey: ${{MY_PIN}}\nother: ${{DB_PASSWORD}}\n", environ={"MY_PIN": "42"}
    )
    key, other = find(source.base, ["key"]), find(source.base, ["other"])
    assert problems == []
    assert key is not None
    assert other is not None
    assert (key.value, key.secret, other.secret) == ("${MY_PIN}", "MY_PIN", "DB_PASSWORD")


@pytest.mark.parametrize(
    ("key", "text", "path", "value"),
    [
        ("lambda.memory", "256", ["lambda", "memory"], 256),
        ("lambda.name", "x-{{ app.name }}", ["lambda", "name"], "x-demo"),
        ("lambda.subnets.1", "z", ["lambda", "subnets", 1], "z"),
        ("lambda.subnets.2", "z", ["lambda", "subnets", 2], "z"),
        ("lambda.subnets", "[q, 1]", ["lambda", "subnets"], ["q", 1]),
        ("new.map", "{a: {b: true}}", ["new", "map", "a", "b"], True),
        ("tag", "0123456", ["tag"], "0123456"),
        ("tag", "'5'", ["tag"], "5"),
        ("tag", "${TAG}-x", ["tag"], "v1-x"),
        ("tag", "a: b", ["tag"], "a: b"),
        ("notes.example\\.com/team", "x", ["notes", "example.com/team"], "x"),
    ],
)
def test_an_assignment(key: str, text: str, path: list[str], value: object) -> None:
    text_without_environments = DEPLOY.partition("environments")[0]
    source, problems = parse(text_without_environments, environ={"TAG": "v1"}, assignments=[(key, text)])
    node = find(source.base, path)
    assert problems == []
    assert node is not None
    assert plain(node) == value


def test_an_assignment_wins_over_every_environment() -> None:
    source, _ = parse(DEPLOY, assignments=[("lambda.memory", "128")])
    names = [plain(tree)["lambda"]["name"] for tree in source.environments.values()]
    assert names == ["demo-128", "demo-128"]


def test_an_assigned_secret_stays_a_name() -> None:
    source, _ = parse("a: 1", environ={"API_KEY": "x"}, assignments=[("environment.API_KEY", "${API_KEY}")])
    node = find(source.base, ["environment", "API_KEY"])
    assert node is not None
    assert (node.value, node.secret) == ("${API_KEY}", "API_KEY")


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("", "1", "'' is not a dotted path of keys"),
        ("a..b", "1", "'a..b' is not a dotted path of keys"),
        ("lambda.memory.x", "1", "'lambda.memory.x' has no place for 'x': a single value stands there"),
        ("lambda.subnets.x", "1", "'lambda.subnets.x' needs an index from 0 to 2 in place of 'x'"),
        ("lambda.subnets.9", "1", "'lambda.subnets.9' needs an index from 0 to 2 in place of '9'"),
        ("tag", "\udcff", "'tag' or its value is not UTF-8"),
        ("tag", "[hunter2", "'tag' has a value that is not YAML"),
        ("environments.prod.x", "1", "'environments.prod.x' is inside an environment"),
    ],
)
def test_an_assignment_that_does_not_fit(key: str, text: str, message: str) -> None:
    _, (problem,) = parse(DEPLOY.replace("[c]", "[c, d]"), assignments=[(key, text)])
    assert problem.startswith(f"--set:1:1: JVB111 {message}; ")
    assert "hunter2" not in problem


def test_every_problem_once_and_in_file_order() -> None:
    text = "a: '{{ nope }}'\nb: 1\nb: ${UNSET}\nenvironments: {dev: {}, prod: {}, Bad: {}}\nc: !Ref x\n"
    _, problems = parse(text)
    assert [problem.split()[1] for problem in problems] == ["JVB106", "JVB102", "JVB105", "JVB110", "JVB101"]


def test_a_reference_may_be_answered_by_each_environment() -> None:
    text = "url: 'https://{{ host }}'\nenvironments:\n  dev: {host: d}\n  prod: {%s}\n"
    source, problems = parse(text % "host: p")
    assert problems == []
    assert plain(source.environments["prod"])["url"] == "https://p"
    _, (problem,) = parse(text % "")
    assert problem.startswith("deploy.yaml:1:6: JVB106 'host' is referred to")


def test_a_file_that_is_no_yaml_gives_no_source() -> None:
    source, problems = parse_source(b"a: [", "deploy.yaml", environ={})
    assert source is None
    assert [problem.rule for problem in problems] == ["JVB101"]


def test_load_source_reads_the_file(tmp_path: Path) -> None:
    (tmp_path / "deploy.yaml").write_text(DEPLOY)
    source, problems = load_source(tmp_path / "deploy.yaml", "apps/x/deploy.yaml", environ={})
    assert source is not None
    assert (source.file, source.base.place.file, problems) == ("apps/x/deploy.yaml", "apps/x/deploy.yaml", ())
    source, problems = load_source(tmp_path / "none", "none", environ={})
    assert source is None
    assert [problem.rule for problem in problems] == ["JVB100"]


@given(st.binary() | st.text(alphabet="ab:{}[]$'\"- \n&*<\\").map(str.encode), st.text(), st.text())
def test_nothing_raises_and_every_message_is_one_line(data: bytes, key: str, value: str) -> None:
    for text in (b"environments: ", b"a: ", b"a: {}\n"):
        _, problems = parse_source(
            text + data, "f", environ={"a": "b"}, environments=[key], assignments=[(f"a.{key}", value)]
        )
        assert all(problem.message.isprintable() and problem.hint.isprintable() for problem in problems)
