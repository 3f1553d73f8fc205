"""`${NAME}` in values: what it becomes, and what a secret never becomes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jvbundler.source.interpolate import SecretName, interpolate, parts_with_secrets
from jvbundler.source.references import resolve_references
from jvbundler.source.yaml.file import parse_yaml
from jvbundler.values.node import Node, find, plain
from jvbundler.values.problem import Place
from jvbundler.values.secret_names import looks_secret

ENVIRON = {"REGION": "eu-west-1", "PORT": "8080", "DEBUG": "true", "EMPTY": "", "DB_PASSWORD": "hunter2"}


def read(text: str, environ: Mapping[str, str] = ENVIRON) -> tuple[Node, list[str]]:
    root, problems = parse_yaml(text.encode(), "deploy.yaml")
    assert root is not None
    assert not problems
    result, problems = interpolate(root, environ, looks_secret)
    return result, [f"{p.place}: {p.rule} {p.message}; {p.hint}" for p in problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("in ${REGION}!", "in eu-west-1!"),
        ("${REGION}-${PORT}", "eu-west-1-8080"),
        ("${PORT}", 8080),
        ("'${PORT}'", 8080),
        ("${DEBUG}", True),
        ("${UNSET:-5}", 5),
        ("x${UNSET:-}", "x"),
        ("${EMPTY:-full}", "full"),
        ("${EMPTY}", None),
        ("${UNSET:-a:-b}", "a:-b"),
        ("$${REGION}", "${REGION}"),
        ("$$${REGION}", "$${REGION}"),
        ("$REGION costs 5$", "$REGION costs 5$"),
    ],
)
def test_what_a_value_becomes(written: str, value: object) -> None:
    root, problems = read(f"key: {written}")
    assert problems == []
    assert plain(root) == {"key": value}


@pytest.mark.parametrize("text", ["0123456", "1.10", "1_000", "12:30", "[1, 2]", "a: b", "'5'", " x "])
def test_a_text_that_a_number_would_change_stays_a_text(text: str) -> None:
    root, _ = read("tag: ${SHA}", {"SHA": text})
    assert plain(root) == {"tag": text}


def test_a_variable_of_the_app_gets_the_text_as_it_is() -> None:
    root, _ = read("environment: {PORT: '${PORT}', EMPTY: '${EMPTY}'}")
    assert plain(root) == {"environment": {"PORT": "8080", "EMPTY": ""}}


def test_keys_are_left_alone() -> None:
    root, _ = read("${REGION}: 1")
    assert plain(root) == {"${REGION}": 1}


def test_what_has_no_reference_is_not_copied() -> None:
    root, _ = parse_yaml(b"a: {b: [1, x]}\nc: ${PORT}\n", "deploy.yaml")
    assert root is not None
    result, _ = interpolate(root, ENVIRON, looks_secret)
    assert find(result, ["a"]) is find(root, ["a"])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${UNSET}", "environment variable 'UNSET' is not set; set UNSET, or write ${UNSET:-default}"),
        ("${REGION", "a '${' without a name and a '}'; $${ writes a literal ${"),
        ("'${}'", "a '${' without a name and a '}'; $${ writes a literal ${"),
        ("${1A}", "a '${' without a name and a '}'; $${ writes a literal ${"),
        ("${REGION-x}", "a '${' without a name and a '}'; $${ writes a literal ${"),
        ("'${A:-{{ b }}}'", "the default of 'A' holds '{{'; write the reference outside of '${…}'"),
    ],
)
def test_a_reference_that_cannot_be_replaced(written: str, expected: str) -> None:
    assert read(f"key: {written}")[1] == [f"deploy.yaml:1:6: JVB105 {expected}"]


def test_a_variable_that_is_not_text() -> None:
    _, problems = read("key: ${X}", {"X": "caf\udce9"})
    assert problems == [
        "deploy.yaml:1:6: JVB105 the value of environment variable 'X' is not UTF-8; set it to UTF-8 text"
    ]


def test_all_problems_of_a_file_in_one_run() -> None:
    _, problems = read('a: ${X} ${Y}\nb: ["${Z}"]\n')
    assert len(problems) == 3


@pytest.mark.parametrize(
    ("written", "value", "parts"),
    [
        ("${DB_PASSWORD}", "${DB_PASSWORD}", ("DB_PASSWORD",)),
        ("${DB_PASSWORD:-}", "${DB_PASSWORD}", ("DB_PASSWORD",)),
        (
            "db://${REGION}:${DB_PASSWORD}@$${X}",
            "db://eu-west-1:${DB_PASSWORD}@$${X}",
            ("db://eu-west-1:", "DB_PASSWORD", "@${X}"),
        ),
        ("$${${DB_PASSWORD}}", "$${${DB_PASSWORD}}", ("${", "DB_PASSWORD", "}")),
        ("a$ ${DB_PASSWORD}", "a$$ ${DB_PASSWORD}", ("a$ ", "DB_PASSWORD")),
    ],
)
def test_a_secret_is_never_read(written: str, value: str, parts: tuple[str, ...]) -> None:
    root, problems = read(f"key: {written}")
    node = find(root, ["key"])
    assert problems == []
    assert node is not None
    assert (node.value, node.secret) == (value, "DB_PASSWORD")
    assert parts_with_secrets(value) == parts


def test_what_stands_beside_a_secret_has_to_be_set() -> None:
    _, problems = read("key: db://me:${DB_PASSWORD}@${UNSET}")
    assert [problem.partition(";")[0] for problem in problems] == [
        "deploy.yaml:1:6: JVB105 environment variable 'UNSET' is not set"
    ]


@given(st.text(), st.text())
def test_a_value_beside_a_secret_is_never_a_reference(before: str, value: str) -> None:
    text = before.replace("$", "").replace("{", "") + "${REGION}${DB_PASSWORD}"
    environ = {"REGION": value.replace("{{", "")}
    node = Node({"key": Node(text, Place("f", 1))}, Place("f", 1))
    result, problems = interpolate(node, environ, looks_secret)
    found = find(result, ["key"])
    if problems:
        return
    assert found is not None
    *literal, secret = parts_with_secrets(str(found.value))
    assert "".join(literal) == text.partition("$")[0] + environ["REGION"]
    assert (secret, isinstance(secret, SecretName)) == ("DB_PASSWORD", True)


def test_a_variable_with_a_secret_name_is_a_secret_whatever_it_refers_to() -> None:
    root, problems = read("environment:\n  API_KEY: x${REGION}\n  NAME: ${REGION}\n")
    key, name = find(root, ["environment", "API_KEY"]), find(root, ["environment", "NAME"])
    assert problems == []
    assert key is not None
    assert name is not None
    assert (key.value, key.secret) == ("x${REGION}", "REGION")
    assert (name.value, name.secret) == ("eu-west-1", "")


def test_a_secret_has_no_default_in_the_file_and_no_message_repeats_it() -> None:
    _, (problem,) = read("key: ${DB_PASSWORD:-hunter3}")
    assert "JVB901 a secret has a default written in the file" in problem
    assert "hunter" not in problem


def test_braces_from_outside_refer_to_nothing() -> None:
    root, _ = read("app: {name: demo}\nkey: 'x ${TEXT}'", {"TEXT": "{{ app.name }} {{resolve:ssm:/a}}"})
    resolved, problems = resolve_references(root)
    assert problems == ()
    assert plain(resolved)["key"] == "x {{ app.name }} {{resolve:ssm:/a}}"


@given(st.text() | st.text(alphabet="$${}AB:-"))
def test_an_escaped_text_comes_back(text: str) -> None:
    root = Node({"key": Node(text.replace("${", "$${"), Place("f"))}, Place("f"))
    result, problems = interpolate(root, {}, looks_secret)
    assert problems == ()
    assert plain(result) == {"key": text}


@given(st.text(st.characters(codec="utf-8")))
@example("{{resolve:")
@example("{{resolve:ssm:/a}}")
def test_the_text_of_the_environment_comes_back_inside_a_text(text: str) -> None:
    root = Node({"key": Node("<${X}>", Place("f"))}, Place("f"))
    result, _ = resolve_references(interpolate(root, {"X": text}, looks_secret)[0])
    assert plain(result) == {"key": f"<{text}>"}
