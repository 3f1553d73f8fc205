"""The changes of many apps: a section for each that differs, and one summary. Computes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from jvbundler import __version__
from jvbundler.diff.format import (
    LONGEST_COMMENT,
    Paint,
    code,
    fitting,
    format_text,
    json_of,
    markdown_blocks,
    unpainted,
)
from jvbundler.diff.model import Change
from jvbundler.diff.summary import counts, level_counts, summary
from jvbundler.values.safe_text import printable

MOST_ROWS = 100


class Section(NamedTuple):
    """One app: what was compared and what differs; `failed` where it could not be told."""

    app: str
    versus: str = ""
    changes: tuple[Change, ...] = ()
    failed: bool = False


def text_of_apps(sections: Sequence[Section], *, paint: Paint = unpainted) -> str:
    texts = [
        f"{paint(f'== {printable(section.app)}', 'app')}\n"
        + format_text(section.changes, versus=section.versus, paint=paint)
        for section in sections
        if section.changes
    ]
    return "\n".join([*texts, f"{_verdict(sections)}\n"])


def _verdict(sections: Sequence[Section]) -> str:
    """`2 of 30 apps: 2 changed, 1 added; risks: 1 danger`"""
    number = sum(bool(section.changes) for section in sections)
    apps = f"{len(sections):,} app{'' if len(sections) == 1 else 's'}"
    failed = sum(section.failed for section in sections)
    unknown = f"; {failed:,} failed" if failed else ""
    return f"{f'{number:,} of ' if number else ''}{apps}: {summary(_all_changes(sections))}{unknown}"


def _all_changes(sections: Sequence[Section]) -> list[Change]:
    return [change for section in sections for change in section.changes]


def markdown_of_apps(sections: Sequence[Section]) -> str:
    """For a comment: an overview, then each app as it would have a comment to itself, while there is room."""
    top = [f"### jvbundler diff: {_verdict(sections)}", *_overview(sections)]
    blocks = [block for section in sections if section.changes for block in _blocks(section)]
    return "\n\n".join([*top, *fitting(blocks, LONGEST_COMMENT - sum(map(len, top)))]) + "\n"


def _overview(sections: Sequence[Section]) -> Iterator[str]:
    rows = [
        f"| {code(section.app)} | {'**failed**' if section.failed else summary(section.changes)} |"
        for section in sections
        if section.changes or section.failed
    ]
    if rows:
        yield "\n".join(["| app | what a render changes |", "|---|---|", *rows[:MOST_ROWS]])
    if len(rows) > MOST_ROWS:
        yield f"_{len(rows) - MOST_ROWS} more apps._"


def _blocks(section: Section) -> Iterator[str]:
    yield f"#### {code(section.app)}: {summary(section.changes)}"
    yield from markdown_blocks(section.changes, versus=section.versus)


def json_of_apps(sections: Sequence[Section]) -> str:
    changes = _all_changes(sections)
    document = {
        "jvbundler": __version__,
        "different": bool(changes),
        "counts": counts(changes),
        "risks": level_counts(changes),
        "apps": [_json_section(section) for section in sections],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _json_section(section: Section) -> dict[str, Any]:
    if section.failed:
        return {"app": section.app, "failed": True}
    return {"app": section.app, "failed": False, **json_of(section.changes, versus=section.versus)}
