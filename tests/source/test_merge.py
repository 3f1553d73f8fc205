"""An environment over the top level."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jvbundler.source.merge import merge
from jvbundler.source.yaml.file import parse_yaml
from jvbundler.values.node import Node, find, plain
from jvbundler.values.problem import Place


def tree(text: str) -> Node:
    root, _ = parse_yaml(text.encode(), "deploy.yaml")
    assert root is not None
    return root


def test_maps_merge_lists_and_scalars_replace_and_null_removes() -> None:
    base = tree("a: {b: 1, c: [1, 2], d: {e: 5}}\nf: 6\n")
    overlay = tree("a: {b: 2, c: [3], d: {g: 7}}\nf: null\nh: {i: null, j: 8}\n")
    assert plain(merge(base, overlay)) == {"a": {"b": 2, "c": [3], "d": {"e": 5, "g": 7}}, "h": {"j": 8}}


def test_a_value_keeps_the_place_where_it_was_written() -> None:
    merged = merge(tree("a: {b: 1, c: 1}"), tree("\n\na: {b: 2}"))
    b, c = find(merged, ["a", "b"]), find(merged, ["a", "c"])
    assert b is not None
    assert c is not None
    assert (b.place.line, c.place.line) == (3, 1)


def _tree(value: Any) -> Node:
    if isinstance(value, dict):
        value = {key: _tree(child) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_tree(child) for child in value]
    return Node(value, Place("f"))


def _merge_patch(target: Any, patch: Any) -> Any:
    """The algorithm of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merge_patch(result.get(key), value)
    return result


_KEYS = st.sampled_from("abc")
_TREES = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: st.dictionaries(_KEYS, inner) | st.lists(inner, max_size=2),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _TREES), st.dictionaries(_KEYS, _TREES))
def test_it_is_json_merge_patch_and_pure(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    first, second = _tree(base), _tree(overlay)
    assert plain(merge(first, second)) == _merge_patch(base, overlay)
    assert (plain(first), plain(second)) == (base, overlay)
