"""Any value comes back unchanged from the text that we write for it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from jvbundler.render.text.yaml_text import block, flow, scalar

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda children: st.lists(children) | st.dictionaries(texts, children),
    max_leaves=12,
)


@given(texts)
def test_any_text_is_one_scalar_on_one_line(text: str) -> None:
    line = f"key: {scalar(text)} # comment"
    assert "\n" not in line
    assert yaml.safe_load(line) == {"key": text}


@given(values)
@example({"0?": None})  # PyYAML ends a plain scalar at `?` in a flow collection
def test_any_value_comes_back_from_flow_and_block(value: Any) -> None:
    assert yaml.safe_load(flow(value)) == value
    assert yaml.safe_load("a:\n  b:\n" + block(value, 4)) == {"a": {"b": value}}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("acme-support", "acme-support"),
        ("registry.example.com/acme/support:1.2.3", "registry.example.com/acme/support:1.2.3"),
        ("1.2.3", "1.2.3"),
        ("Prune=false,Delete=false", "Prune=false,Delete=false"),
        ("1.10", '"1.10"'),
        ("yes", '"yes"'),
        ("1e3", '"1e3"'),
        ("0o17", '"0o17"'),
        ("12:30", '"12:30"'),
        ("2026-01-01", '"2026-01-01"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ("*", '"*"'),
        ("{{ x }}", '"{{ x }}"'),
        ("line\nline", '"line\\nline"'),
        (True, "true"),
        (8080, "8080"),
    ],
)
def test_a_scalar_is_quoted_only_where_a_reader_could_be_wrong(value: object, written: str) -> None:
    assert scalar(value) == written


def test_a_text_of_several_lines_stays_readable() -> None:
    assert block({"app.conf": "debug: false\nmax: 10\n", "list": ["a", {"b": 1}]}) == (
        "app.conf: |\n  debug: false\n  max: 10\nlist:\n  - a\n  - b: 1"
    )
