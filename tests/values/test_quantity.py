"""Quantities are exact integers: two spellings of one amount are equal, and order is that of the numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.values.quantity import UNIT, parse_quantity

SUFFIXES = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1),
    "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12),
    "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40),
    "e3": Fraction(1000), "E-2": Fraction(1, 100),
}  # fmt: skip
NUMBERS = st.from_regex(r"\A[0-9]{1,12}(\.[0-9]{0,6})?\Z", fullmatch=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [("100m", "0.1"), ("1", "1000m"), ("1Gi", "1024Mi"), ("1.5Gi", "1536Mi"), ("1e3", "1k"), ("2", "2.0")],
)
def test_two_spellings_of_one_amount_are_equal(one: str, other: str) -> None:
    assert parse_quantity(one) == parse_quantity(other)


@pytest.mark.parametrize(
    "text", ["", "2GB", "512 Mi", "1,5", "half", "1Gi\n", "Mi", "1e", "0x10", "--1", "1MI"]
)
def test_what_kubernetes_does_not_read_is_no_quantity(text: str) -> None:
    assert parse_quantity(text) is None


@given(number=NUMBERS, suffix=st.sampled_from(sorted(SUFFIXES)))
def test_the_amount_is_that_of_exact_fractions_rounded_up(number: str, suffix: str) -> None:
    exact = Fraction(number.rstrip(".")) * SUFFIXES[suffix] * UNIT
    assert parse_quantity(number + suffix) == -(-exact.numerator // exact.denominator)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    amount = parse_quantity(text)
    assert amount is None or isinstance(amount, int)
