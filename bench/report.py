"""The figures of a run as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """What was measured, and what it may be at most; None where a peer is not there."""

    work: str
    what: str
    measured: float | None
    unit: str
    at_most: float


def results(bars: Iterable[Bar], times: Mapping[str, float], machine: str) -> str:
    return "\n".join((*_head(machine), *map(_row, bars), "", *_times(times))) + "\n"


def _head(machine: str) -> Iterator[str]:
    yield "# Speed and memory"
    yield ""
    yield f"Written by `make bench`: {machine}."
    yield "Compare ratios, not times. Cold: the output folder is empty; unchanged: it is current. Files are"
    yield "in the page cache, and Python code is byte-compiled, in both."
    yield ""
    yield "| work | measured | is | at most | met |"
    yield "|---|---|--:|--:|---|"


def _row(bar: Bar) -> str:
    if bar.measured is None:
        return f"| {bar.work} | {bar.what} | not measured | {_number(bar.at_most, bar.unit)} | |"
    met = "yes" if bar.measured <= bar.at_most else "**no**"
    is_now, at_most = _number(bar.measured, bar.unit), _number(bar.at_most, bar.unit)
    return f"| {bar.work} | {bar.what} | {is_now} | {at_most} | {met} |"


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}" if value < 100 else f"{value:.0f} {unit}"


def _times(times: Mapping[str, float]) -> Iterator[str]:
    yield "| process | median, ms |"
    yield "|---|--:|"
    yield from (f"| {name} | {seconds * 1000:,.0f} |" for name, seconds in times.items())
