"""The live line of a step stays within one row of the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jvbundler.cli.report.progress import live_line


def test_it_says_what_is_done_and_for_how_long() -> None:
    assert live_line("apply the manifest", 12.4, 80) == "apply the manifest ... 12 s"


@given(reason=st.text(max_size=200), width=st.integers(20, 200))
def test_a_long_one_is_cut_and_keeps_its_time(reason: str, width: int) -> None:
    line = live_line(reason, 3, width)
    assert len(line) < width
    assert line.endswith(" ... 3 s")
