"""A shard: deterministic, disjoint from the others, complete, and stable as apps come and go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.fleet.shards import Shard, is_in, shard_of

NAMES = st.lists(st.text(min_size=1, max_size=30), unique=True, max_size=60)


@given(names=NAMES, of=st.integers(1, 12))
def test_each_app_is_in_exactly_one_shard(names: list[str], of: int) -> None:
    shards = [Shard(number, of) for number in range(1, of + 1)]
    assert all(sum(is_in(shard, name) for shard in shards) == 1 for name in names)


def test_it_is_the_same_on_every_machine_and_even_enough() -> None:
    names = [f"apps/app-{number}" for number in range(1000)]
    sizes = [sum(is_in(Shard(number, 8), name) for name in names) for number in range(1, 9)]
    # 125 each, were a hash to know.
    assert sizes == [128, 126, 131, 123, 112, 127, 114, 139]


def test_a_path_that_is_no_text_is_in_one_as_well() -> None:
    assert sum(is_in(Shard(number, 3), "apps/\udcff") for number in (1, 2, 3)) == 1


@pytest.mark.parametrize(
    ("text", "shard"), [("1/1", Shard(1, 1)), ("2/8", Shard(2, 8)), ("08/8", Shard(8, 8))]
)
def test_a_shard_is_number_and_of(text: str, shard: Shard) -> None:
    assert shard_of(text) == shard


@pytest.mark.parametrize(
    "text",
    ["", "1", "/", "1/", "/2", "0/2", "3/2", "0/0", "1/0", "-1/2", "1/2/3", "1/²", " 1/2", f"1/{'9' * 7}"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"shard|expected"):
        shard_of(text)
