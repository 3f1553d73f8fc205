"""The names of keys in the scaffold's deploy.example.yaml, read as today's."""

from __future__ import annotations

import pytest

from jvbundler.source.load import parse_source
from jvbundler.values.node import find, plain


def parse(text: str, *assignments: tuple[str, str]) -> tuple[dict[str, object], dict[str, object], list[str]]:
    """The top level, the environment `prod` and the rules with their lines."""
    source, problems = parse_source(text.encode(), "f", environ={}, assignments=assignments)
    assert source is not None
    prod = plain(source.environments["prod"]) if "prod" in source.environments else {}
    return plain(source.base), prod, [f"{p.place.line} {p.rule} {p.severity}" for p in problems]


@pytest.mark.parametrize(
    ("old", "today"),
    [
        ("region: a", {"lambda": {"region": "a"}}),
        ("account_id: '012345678901'", {"lambda": {"account_id": "012345678901"}}),
        ("lambda: {memory_mb: 512}", {"lambda": {"function": {"memory": 512}}}),
        ("lambda: {timeout_seconds: 9}", {"lambda": {"function": {"timeout": 9}}}),
        ("lambda:\n  timeout_seconds: 9\n  function:", {"lambda": {"function": {"timeout": 9}}}),
        ("region: a\nlambda:", {"lambda": {"region": "a"}}),
        (
            "lambda: {function_url: {invoke_mode: buffered}}",
            {"lambda": {"invoke_mode": "buffered", "function_url": {}}},
        ),
        ("lambda: {memory_mb: }", {"lambda": {"function": {"memory": None}}}),
        ("lambda: {memory_mb: 5, function: {memory: }}", {"lambda": {"function": {"memory": 5}}}),
    ],
)
def test_an_old_name_is_todays_with_one_warning(old: str, today: object) -> None:
    base, _, problems = parse(f"{old}\n")
    assert base == today
    assert [problem.split(" ", 1)[1] for problem in problems] == ["JVB122 warning"]


def test_the_value_keeps_the_place_where_it_was_written() -> None:
    source, problems = parse_source(b"lambda:\n  memory_mb: 64\n", "f", environ={})
    assert source is not None
    node = find(source.base, ["lambda", "function", "memory"])
    assert node is not None
    assert (node.place.line, node.place.column) == (2, 14)
    assert problems[0].hint == "write 'lambda.function.memory', or run 'jvbundler migrate'"


def test_an_environment_may_use_either_name_whatever_the_top_level_uses() -> None:
    old, new = "lambda: {memory_mb: 1}", "lambda: {function: {memory: 2}}"
    for top, below, wanted in ((old, new, 2), (new, old, 1)):
        _, prod, problems = parse(f"{top}\nenvironments:\n  prod:\n    {below}\n")
        assert prod == {"lambda": {"function": {"memory": wanted}}}
        assert [problem[2:] for problem in problems] == ["JVB122 warning"]


def test_a_null_of_an_environment_removes_todays_key() -> None:
    _, prod, _ = parse("lambda: {region: a, x: 1}\nenvironments: {prod: {region: null}}\n")
    assert prod == {"lambda": {"x": 1}}


def test_both_names_in_one_place_are_an_error_with_both_lines() -> None:
    base, _, problems = parse("region: a\nlambda:\n  region: b\n")
    assert (base, problems) == ({"lambda": {"region": "b"}}, ["1 JVB102 error"])
    _, found = parse_source(b"region: a\nlambda:\n  region: b\n", "f", environ={})
    assert [place.line for place in found[0].related] == [3]


def test_an_old_name_without_a_value_beside_todays_is_left_out() -> None:
    assert parse("region:\nlambda: {region: b}\n")[::2] == ({"lambda": {"region": "b"}}, [])


@pytest.mark.parametrize("text", ["region: a\nlambda: text\n", "lambda: {memory_mb: 1, function: [1]}\n"])
def test_an_old_key_stays_where_todays_has_no_room(text: str) -> None:
    base, _, problems = parse(text)
    assert problems == []
    assert "region" in base or "memory_mb" in str(base)


def test_set_wins_over_an_old_name_and_references_use_todays() -> None:
    text = 'lambda: {memory_mb: 1}\nnote: "{{ lambda.function.memory }}"\n'
    assert parse(text, ("lambda.function.memory", "7"))[0] == {
        "lambda": {"function": {"memory": 7}},
        "note": 7,
    }
