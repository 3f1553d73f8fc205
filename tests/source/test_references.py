"""`{{ app.name }}` in values: what it becomes, and what is said where it cannot be replaced."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.source.expressions import evaluate
from jvbundler.source.filters import FILTERS, METHODS, TESTS, Failed
from jvbundler.source.interpolate import SecretName, parts_with_secrets
from jvbundler.source.load import parse_source
from jvbundler.source.references import Allowance, Resolver, resolve_references
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
        ("'{{ app.name ~ \"-\" ~ app.version }}'", "my_app-1.5"),
        ("""'{{ "a" if app.debug else "b" }}'""", "a"),
        ("""'{{ app.name == "my_app" and not app.empty }}'""", True),
        ("""'{{ "x" in app.tags or nope }}'""", True),
        ("'{{ nope is defined }}'", False),
        ("""'{{ app.empty | default("e") }}'""", "e"),
        ("'{{ app.tags | length }}'", 2),
        ("'{{ app.tags | last | upper }}'", "MY_APP"),
        ("""'{{ app.name | replace("_", "-") }}'""", "my-app"),
        ("""'{{ app.title | default("1") }}'""", "1"),
        ("""'{{ lambda.vpc.id | default("none") }}'""", "none"),
        ("""'{{ app.tags | join("+") }}'""", "x+my_app"),
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
        (
            "'{{ app.nam }}'",
            "'app.nam' is referred to, but is not a key of this file; did you mean 'app.name'?",
        ),
        ("'{{ nope | upper }}'", "'nope' is referred to, but is not a key of this file"),
        ("'{{ app }}'", "'app' is a map, not a single value"),
        ("'{{ app | upper }}'", "'{{ app | upper }}': a list or map is used where a text is expected"),
        ("'{{ app.tags }}'", "'app.tags' is a list, not a single value"),
        ("'{{ app.tags | default([1]) }}'", "'{{ app.tags | default([1]) }}' is not a single value"),
        ("'{{ app.name | }}'", "'{{ app.name | }}': unexpected end of template, expected 'name'."),
        (
            "'{{ app.name | lowr }}'",
            "'{{ app.name | lowr }}': there is no filter 'lowr'; did you mean 'lower'?",
        ),
        ("'{{ app.name x }}'", "'{{ app.name x }}': 'x' is where the expression should end"),
        (
            "'{{ app.name.__class__ | string }}'",
            "'{{ app.name.__class__ | string }}': there is no '__class__' in a single value",
        ),
        (
            "'{{ app.name | replace(1) }}'",
            "'{{ app.name | replace(1) }}': 'replace' takes 2 arguments in brackets",
        ),
        ("'{{ 1 < app.name }}'", "'{{ 1 < app.name }}': values of two kinds cannot be compared"),
        ("'{{ app.nope ~ 1 }}'", "'app.nope' is referred to, but is not a key of this file"),
        ("'{{ lambda.memory-12 }}'", "'lambda.memory-12' is referred to, but is not a key of this file"),
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


# Each took all memory, or minutes, in Jinja2's sandbox; or would lead out of it.
HOSTILE = [
    "'a' | center(10**9)",
    "'a'.ljust(1000000000)",
    "'a'.zfill(1000000000)",
    "'a' | indent(1000000000)",
    "'%1000000000d' % 1",
    "'{:1000000000}'.format(1)",
    "app.name | format(1)",
    "[1] | slice(500000000)",
    "[[1]] | sum(start=[])",
    "app | tojson | tojson | tojson",
    f"{'9' * 400} * {'9' * 400}",
    "9 ** 9 ** 9",
    "1 / 0",
    "app.name * 999999999",
    "range(1000000000)",
    "app.name | map('upper')",
    "[1, 2] | random",
    "app.name.__class__.__mro__",
    "app.name.encode()",
    "lambda.memory + 1",
    "-lambda.memory",
    "lambda.memory // 2",
    "dict(a=1)",
    "{'a': 1} | string",
    "cycler",
    "self",
    "app.name | attr('__class__')",
    "app.tags[::1] | join",
    f"{'(' * 400}1{')' * 400}",
    f"{'not ' * 240}1 ~",
    f"{'[' * 400}1",
    "a" * 1001,
    f"'{'b' * 400}' | replace('', 'c' * 9)",
    " | ".join(["'a'", *[f"replace('a', '{'a' * 80}')"] * 9]),
    "app.nope or " * 80 + "app.nope",
]


@pytest.mark.parametrize("expression", HOSTILE)
def test_what_is_not_offered_is_an_error_with_its_line(expression: str) -> None:
    start = time.perf_counter()
    root, problems = resolve(SAMPLE % f"|-\n  {{{{ {expression} }}}}")
    (problem,) = problems
    assert problem.startswith("deploy.yaml:4:6: JVB106 ")
    assert plain(root)["key"] is None
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    "expression", ["app.name | upper", 'app.name ~ "x"', "app.tags | join", '"x" in app.tags']
)
def test_a_file_full_of_references_to_something_large_is_refused(expression: str) -> None:
    large = f"app: {{name: {'n' * 60_000}, tags: [{'x, ' * 60_000}]}}\n"
    text = large + "".join(f"k{n}: '{{{{ {expression} }}}}'\n" for n in range(10_000))
    _, problems = resolve(text)
    assert "make more than 8 MiB; use fewer, or shorter values" in problems[0]


def test_the_limit_is_one_for_all_environments() -> None:
    text = (
        "a: "
        + "x" * 500_000
        + "\nb: 'y{{ a }}'\nenvironments: {"
        + ", ".join(f"e{n}: {{}}" for n in range(40))
        + "}"
    )
    _, problems = parse_source(text.encode(), "f", environ={})
    assert any("make more than 8 MiB" in problem.message for problem in problems)


def test_every_filter_test_and_method_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs/references.md").read_text(encoding="utf-8")
    for name in (*FILTERS, *TESTS, *METHODS):
        assert f"| `{name}` |" in text or f"| `.{name}()` |" in text, name


@given(
    st.text()
    | st.lists(st.sampled_from([*HOSTILE, "(", ")", "|", "~", " ", "a", ".", "not", "if", "else"])).map(
        "".join
    )
)
def test_no_expression_raises(expression: str) -> None:
    resolver = Resolver(Node({"a": Node("v", Place("f"))}, Place("f")), Allowance())
    with contextlib.suppress(Failed):
        evaluate(expression, resolver)


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
    assert "a chain of more than 50 references" in resolve(chain)[1][0]
    laughs = "k0: lol\n" + "".join(f"k{n}: '{{{{ k{n - 1} }}}}{{{{ k{n - 1} }}}}'\n" for n in range(1, 40))
    assert "longer than 1 MiB" in resolve(laughs)[1][0]


def referring_to_a_secret(written: str) -> tuple[Node | None, list[str]]:
    secret = Node("${DB_PASSWORD}", Place("f", 1), secret="DB_PASSWORD")
    literal = Node("${X}", Place("f", 1))
    root = Node({"password": secret, "literal": literal, "key": Node(written, Place("f", 2))}, Place("f"))
    result, problems = resolve_references(root)
    return find(result, ["key"]), [f"{p.rule} {p.message}; {p.hint}" for p in problems]


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("{{ password }}", ("DB_PASSWORD",)),
        ("x-{{ password }}", ("x-", "DB_PASSWORD")),
        ("{{ literal }}@{{ password }}", ("${X}@", "DB_PASSWORD")),
        ("${Y}{{ password }}", ("${Y}", "DB_PASSWORD")),
        ("{{ password | default('x') }}", ("DB_PASSWORD",)),
    ],
)
def test_what_refers_to_a_secret_is_composed_of_it(written: str, parts: tuple[str, ...]) -> None:
    node, problems = referring_to_a_secret(written)
    assert problems == []
    assert node is not None
    assert (node.secret, parts_with_secrets(str(node.value))) == ("DB_PASSWORD", parts)
    assert [part for part in parts_with_secrets(str(node.value)) if isinstance(part, SecretName)] == [
        "DB_PASSWORD"
    ]


@pytest.mark.parametrize(
    "expression", ["password | upper", "password ~ 'x'", "password in 'x'", "password[0]"]
)
def test_what_depends_on_the_value_of_a_secret_cannot_be_known(expression: str) -> None:
    _, problems = referring_to_a_secret(f"{{{{ {expression} }}}}")
    assert problems == [
        f"JVB106 '{{{{ {expression} }}}}': uses the value of a secret, which is not known here;"
        " refer to 'DB_PASSWORD' by its key alone"
    ]


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
