"""`{{ app.name }}` in values: what it becomes, and what is said where it cannot be replaced."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.source.references import resolve_references
from jvbundler.source.yaml.file import parse_yaml
from jvbundler.values.node import Node, find, plain
from jvbundler.values.problem import Place

SAMPLE = """\
app: {name: my_app, version: 1.5, debug: true, tags: [x, "{{ app.name }}"], empty: null}
lambda: {memory: 512}
my-key: {sub-key: 7}
key: %s
"""


def resolve(text: str) -> tuple[Node, list[str]]:
    root, problems = parse_yaml(text.encode(), "deploy.yaml")
    assert root is not None
    assert problems == ()
    result, problems = resolve_references(root)
    return result, [f"{p.place}: {p.rule} {p.message}; {p.hint}" for p in problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'{{ app.name }}'", "my_app"),
        ("'{{app.name}}-{{app.version}}-{{app.debug}}'", "my_app-1.5-true"),
        ("'{{ lambda.memory }}'", 512),
        ("'{{ app.debug }}'", True),
        ("'{{ app.empty }}'", None),
        ("'{{ app.tags.1 }} {{ app.tags[1] }}'", "my_app my_app"),
        ("'{{ my-key.sub-key }}'", 7),
        ("'{{ lambda.memory-12 }}'", 500),
        ("""'{{ app.name | replace("_", "-") }}'""", "my-app"),
        ("""'{{ app.title | default("1") }}'""", "1"),
        ("""'{{ lambda.vpc.id | default("none") }}'""", "none"),
        ("""'{{ app.tags | join("+") }}'""", "x+my_app"),
        ("'{{ lambda.memory * 2 }}'", 1024),
        ("'{{ app.name.upper() }}'", "MY_APP"),
        ("""'{{ "{{" }} {{ "}}" }}'""", "{{ }}"),
        (
            "'{{resolve:secretsmanager:arn:SecretString:key}}'",
            "{{resolve:secretsmanager:arn:SecretString:key}}",
        ),
        ("'x{{resolve:ssm:/p:1}} {{ app.name }}'", "x{{resolve:ssm:/p:1}} my_app"),
        ("'no {% statement %} {# nor comment #}'", "no {% statement %} {# nor comment #}"),
    ],
)
def test_what_a_value_becomes(written: str, value: object) -> None:
    root, problems = resolve(SAMPLE % written)
    assert problems == []
    assert plain(root)["key"] == value


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("'{{ app.nam }}'", "'app.nam' is referred to, but is no key of this file; did you mean 'app.name'?"),
        ("'{{ nope | upper }}'", "'nope' is referred to, but is no key of this file"),
        ("'{{ app }}'", "'app' is a map, not a single value"),
        ("'{{ app | upper }}'", "'{{ app | upper }}': 'app' is a map, not a single value"),
        ("'{{ app.tags }}'", "'app.tags' is a list, not a single value"),
        ("'{{ app.tags | sort }}'", "'{{ app.tags | sort }}' is not a single value"),
        ("'{{ app.name | }}'", "'{{ app.name | }}': expected token 'name', got 'end of print statement'"),
        (
            "'{{ app.name | lowr }}'",
            "'{{ app.name | lowr }}': No filter named 'lowr'.; did you",
        ),
        ("'{{ 1 / 0 }}'", "'{{ 1 / 0 }}': division by zero"),
        ("'{{ 9 ** 9 ** 9 }}'", "'{{ 9 ** 9 ** 9 }}': '**' is not available"),
        ("'{{ app.name * 999999999 }}'", "'{{ app.name * 999999999 }}': the result is too long"),
        ("'{{ app.name.__class__ | string }}'", "'{{ app.name.__class__ | string }}': access to attribute"),
        ("'{{ [1, 2] | random }}'", "'{{ [1, 2] | random }}': No filter named 'random'."),
        ("'a {{ open'", "a '{{' is never closed"),
        ("'-{{ app.empty }}-'", "a reference inside a text has no value (null)"),
        ("'{{ key }}'", "'key' refers to itself: key → key"),
    ],
)
def test_a_reference_that_cannot_be_replaced(written: str, message: str) -> None:
    root, problems = resolve(SAMPLE % written)
    (problem,) = problems
    assert problem.startswith(f"deploy.yaml:4:6: JVB106 {message}")
    assert plain(root)["key"] is None, "it is wrong for one reason, not for what its text looks like too"


def test_a_cycle_is_told_once_with_its_chain() -> None:
    _, problems = resolve("a: '{{ b }}'\nb: '{{ c | upper }}'\nc: 'x{{ a }}'\nd: '{{ a }}'\n")
    assert len(problems) == 1
    assert "'a' refers to itself: a → b → c → a" in problems[0]


def test_a_sibling_in_the_same_map_is_no_cycle() -> None:
    root, problems = resolve("a: {b: '{{ a.c | upper }}', c: x}\n")
    assert problems == []
    assert plain(root) == {"a": {"b": "X", "c": "x"}}


def test_a_long_chain_and_a_growing_text_are_refused() -> None:
    chain = "".join(f"k{n}: '{{{{ k{n + 1} }}}}'\n" for n in range(1000)) + "k1000: end\n"
    assert "refer on more than 50 times" in resolve(chain)[1][0]
    laughs = "k0: lol\n" + "".join(f"k{n}: '{{{{ k{n - 1} }}}}{{{{ k{n - 1} }}}}'\n" for n in range(1, 40))
    assert "longer than 1 MiB" in resolve(laughs)[1][0]


@pytest.mark.parametrize("written", ["{{ password }}", "x-{{ password }}", "{{ password | upper }}"])
def test_what_refers_to_a_secret_is_that_secret(written: str) -> None:
    secret = Node("${DB_PASSWORD}", Place("f", 1), secret="DB_PASSWORD")
    root = Node({"password": secret, "key": Node(written, Place("f", 2))}, Place("f"))
    result, problems = resolve_references(root)
    node = find(result, ["key"])
    assert problems == ()
    assert node is not None
    assert (node.value, node.secret) == (written, "DB_PASSWORD")


@pytest.mark.usefixtures("unmeasured")
def test_jinja_is_imported_only_for_expressions() -> None:
    program = (
        "import sys; from jvbundler.source.load import parse_source;"
        "parse_source(b'a: x${N:-1}\\nb: \"{{ a }}\"\\n', 'f', environ={});"
        "print({'jinja2', 'difflib', 'subprocess'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "set()\n"


@given(st.lists(st.text() | st.sampled_from(["{{", "}}", "'", '"', "a", "a.b", "|", "$", "{{ a }}"])))
def test_no_text_raises(parts: list[str]) -> None:
    root = Node({"a": Node("v", Place("f")), "key": Node("".join(parts), Place("f"))}, Place("f"))
    resolve_references(root)
