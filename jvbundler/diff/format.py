"""Changes → text for a terminal, Markdown for a pull request, JSON for machines; of one app or of many.

For many apps, each that differs has a section, and there is one summary. Computes nothing.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from jvbundler import __version__
from jvbundler.diff.model import ABSENT, Change, Field, Risk, dotted
from jvbundler.diff.summary import ACTIONS, SIGNS, counts, field_lines, level_counts, notes, shown, summary
from jvbundler.values.safe_text import printable

# The role of a piece of text, for colouring: `file`, `added`, `removed`, `danger`, …
Paint = Callable[[str, str], str]
LONGEST_PAIR = 120
LONGEST_LINE = 240
# GitHub and GitLab refuse longer comments: 65,536 characters on GitHub.
LONGEST_COMMENT = 60_000
ICONS = {"danger": "🔴", "attention": "🟠", "info": "⚪"}
MOST_ROWS = 100


def unpainted(text: str, _: str) -> str:
    return text


def format_text(changes: Sequence[Change], *, versus: str = "", paint: Paint = unpainted) -> str:
    """For people at a terminal; an added or removed object is named, without its fields."""
    lines: list[str] = []
    listed = [change for change in changes if change.action in ACTIONS]
    for file in dict.fromkeys(change.file for change in listed):
        lines.append(paint(printable(file), "file"))
        for titles, change in _alike([change for change in listed if change.file == file]):
            lines += _text_of(titles, change, paint)
    heading = f"{versus}: " if versus else ""
    return "\n".join([*lines, *notes(changes), f"{heading}{summary(changes)}"]) + "\n"


def _alike(changes: list[Change]) -> Iterator[tuple[list[str], Change]]:
    """Objects with the same change and no risk are shown together: a new version is in every label."""
    groups: dict[str, list[Change]] = {}
    for number, change in enumerate(changes):
        is_plain = change.action in ("changed", "moved") and not change.risks and change.title
        key = f"{change.action} {change.fields!r}" if is_plain else str(number)
        groups.setdefault(key, []).append(change)
    for group in groups.values():
        yield [change.title for change in group], group[0]


def _text_of(titles: list[str], change: Change, paint: Paint) -> Iterator[str]:
    title = printable(", ".join(titles)) or f"the file is {change.action}"
    count = (
        f" ({len(change.fields)} fields)" if change.action in ("added", "removed") and change.fields else ""
    )
    yield paint(f"  {SIGNS[change.action]} {title}{count}", change.action)
    for risk in change.risks:
        yield f"    {paint(f'{risk.level}: {risk.kind}', risk.level)}: {_sentence(risk)}"
    if change.action in ("changed", "moved"):
        for field in change.fields:
            yield from (f"      {line}" for line in _text_field(field, paint))
    for line in change.lines:
        yield f"      {paint(_short(printable(line)), _role(line))}"


def _sentence(risk: Risk) -> str:
    return printable(f"{risk.message} ({risk.hint})" if risk.hint else risk.message)


def _text_field(field: Field, paint: Paint) -> Iterator[str]:
    """`path: old -> new` if that fits on a line."""
    if ABSENT not in (field.old, field.new):
        line = f"{dotted(field.path)}: {shown(field.old)} -> {shown(field.new)}"
        if len(line) <= LONGEST_PAIR and line.isprintable() and "\\n" not in line:
            yield line
            return
    for line in field_lines(field):
        yield paint(_short(printable(line)), _role(line))


def _role(line: str) -> str:
    return {"+": "added", "-": "removed"}.get(line[:1], "")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 3]}..."


def format_markdown(changes: Sequence[Change], *, versus: str = "") -> str:
    """For a comment: the summary and the risks on top, each object folded. Never too long for a comment."""
    heading = f"### jvbundler diff: {summary(changes)}"
    return "\n\n".join([heading, *fitting(markdown_blocks(changes, versus=versus), LONGEST_COMMENT)]) + "\n"


def markdown_blocks(changes: Sequence[Change], *, versus: str) -> Iterator[str]:
    """The text under a heading: the risks, notes, and each object; what may be left out comes last."""
    listed = [change for change in changes if change.action in ACTIONS]
    if versus:
        yield f"Compared: {code(versus)}"
    yield from _risk_table(listed)
    yield from (f"_{html.escape(note)}_" for note in notes(changes))
    yield from (_details(titles, change) for titles, change in _by_file(listed))


def fitting(blocks: Iterable[str], room: int) -> Iterator[str]:
    """The blocks for which a comment has room."""
    for block in blocks:
        room -= len(block) + 2
        if room < 0:
            yield "_Too long for a comment: the rest is in the output of `jvbundler diff`._"
            return
        yield block


def _by_file(changes: list[Change]) -> Iterator[tuple[list[str], Change]]:
    for file in dict.fromkeys(change.file for change in changes):
        yield from _alike([change for change in changes if change.file == file])


def _risk_table(changes: list[Change]) -> list[str]:
    rows = [
        f"| {ICONS[risk.level]} {risk.level} | {risk.kind} | {_cell(change)} | {_escaped(_sentence(risk))} |"
        for level in ("danger", "attention")
        for change in changes
        for risk in change.risks
        if risk.level == level
    ]
    more = f"_{len(rows) - 50} more below._"
    table = "\n".join(["| | risk | object | meaning |", "|---|---|---|---|", *rows[:50]])
    return [table, *([more] if len(rows) > 50 else [])] if rows else []


def _cell(change: Change) -> str:
    return (
        f"{code(change.title or change.file)}<br>{code(change.file)}" if change.title else code(change.file)
    )


def code(text: str) -> str:
    return f"<code>{_escaped(printable(text))}</code>"


def _escaped(text: str) -> str:
    """The text, with nothing left that is Markdown, HTML, the end of a cell or a mention."""
    text = html.escape(text, quote=False)
    return "".join(f"&#{ord(c)};" if c in "|@`*_[]#~\\" else c for c in text)


def _details(titles: list[str], change: Change) -> str:
    names = ", ".join(map(code, titles)) if change.title else "the file"
    icon = f"{ICONS[change.level]} " if change.level else ""
    head = f"<details><summary>{icon}{code(change.file)}: {names} {change.action}</summary>"
    lines = [line for field in change.fields for line in field_lines(field)] or list(change.lines)
    # Each line begins with a sign or a space, so that none can end the block.
    body = ["```diff", *(printable(line) for line in lines), "```"] if lines else []
    notes = [f"- {risk.level}: {risk.kind}: {_escaped(_sentence(risk))}" for risk in change.risks]
    return "\n".join([head, "", *notes, *([""] if notes else []), *body, "", "</details>"])


def format_json(changes: Sequence[Change], *, versus: str = "") -> str:
    """Everything, with a final newline. A side of a field without a value has no key."""
    document = {"jvbundler": __version__, **json_of(changes, versus=versus)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def json_of(changes: Sequence[Change], *, versus: str) -> dict[str, Any]:
    return {
        "compared": versus,
        "different": bool(changes),
        "counts": counts(changes),
        "risks": level_counts(changes),
        "changes": [_json_change(change) for change in changes],
    }


def _json_change(change: Change) -> dict[str, Any]:
    return {
        "file": change.file,
        "object": change.title,
        "action": change.action,
        "level": change.level,
        "risks": [
            {"kind": risk.kind, "level": risk.level, "message": risk.message, "hint": risk.hint}
            for risk in change.risks
        ],
        "fields": [_json_field(field) for field in change.fields],
        "lines": list(change.lines),
    }


def _json_field(field: Field) -> dict[str, Any]:
    sides = {"old": field.old, "new": field.new}
    return {"path": dotted(field.path), **{side: v for side, v in sides.items() if v is not ABSENT}}


class Section(NamedTuple):
    """One app: what was compared and what differs; `failed` if that is not known."""

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
    """For a comment: an overview, then each app as in a comment of its own, while there is room."""
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
