"""The patterns of `variables`: what they match is what Python says, in a bounded number of steps."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jvbundler.source.patterns import BadPattern, matches, parsed

PATTERNS = [
    "[a-z0-9-]+", r"v?\d+\.\d+(\.\d+)?", "(a|b)*c", "a{2,3}b?", "[^x]*", "", "^a$", "x|", ".*", r"\w+@\w+",
    "(?:ab)+?", "a|b|cd*",    "[0-9a-f]{40}", r"\S\s\D\W", "(a*)*", "((a|b)+)+", r"[\d.]+", "(^a)+b",
]  # fmt: skip


@given(st.sampled_from(PATTERNS), st.text(alphabet="abcdvx019.-@ \n") | st.text())
def test_it_matches_what_python_matches(pattern: str, text: str) -> None:
    assert matches(parsed(pattern), text) == bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "a?" * 60 + "a" * 60, ".*" * 90 + "x", "(a{1,99}){1,99}b"]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    start = time.perf_counter()
    with contextlib.suppress(BadPattern):  # of too many steps
        assert not matches(parsed(pattern), "a" * 4000 + "!")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "is not a regular expression"),
        ("a" * 201, "is longer than 200"),
        ("(?=a)", "has something other than"),
        (r"(a)\1", "has something other than"),
        (r"\ba", "has something other than"),
        ("(?i)a", "has flags"),
        ("(?i:a)", "has something other than"),
        ("(" * 99 + ")" * 99, ""),
    ],
)
def test_a_pattern_that_cannot_be_used(pattern: str, reason: str) -> None:
    if not reason:
        assert matches(parsed(pattern), "")
        return
    with pytest.raises(BadPattern, match=reason):
        parsed(pattern)


@pytest.mark.filterwarnings("ignore:Possible nested set")
@given(st.text(alphabet="ab()[]{}|*+?.^$\\-,1d"), st.text(alphabet="ab1", max_size=8))
def test_no_pattern_raises_anything_else(pattern: str, text: str) -> None:
    try:
        tree = parsed(pattern)
    except BadPattern:
        assume(False)
    assert matches(tree, text) == bool(re.fullmatch(pattern, text))
