"""The documentation of deploy.yaml, at the prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import yaml

from jvbundler.cli.report.paper import columns, indented, words
from jvbundler.cli.report.problems import COLORS

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from jvbundler.project.documentation import Entry, Key
    from jvbundler.rules.rule import Rule

MORE = (
    ("jvbundler explain lambda", "the keys of a section, with defaults and an example"),
    ("jvbundler explain lambda.function.memory", "a key: type, limits, default"),
    ("jvbundler explain references", "what '{{ }}' may use"),
    ("jvbundler schema", "all of it as JSON Schema, for editors"),
)


def overview(sections: Sequence[Key]) -> Iterator[RenderableType]:
    yield words("deploy.yaml: the top level", "bold")
    rows = [(words(section.name, "cyan"), words(section.words)) for section in sections]
    yield indented(columns(rows, one_line=True))
    yield words("To go on:", "bold")
    yield indented(columns((words(command, "cyan"), words(what)) for command, what in MORE))


def entry(found: Entry) -> Iterator[RenderableType]:
    yield words(found.key, "bold")
    yield indented(words(found.words))
    yield indented(columns((words(f"{title}:"), words(text)) for title, text in found.facts))
    if found.keys:
        yield indented(words("keys:"))
        yield indented(columns(map(_key, found.keys), one_line=True), 4)
    if found.example is not None:
        yield indented(words("example:"))
        text = yaml.safe_dump(found.example, sort_keys=False, allow_unicode=True, width=1000)
        for line in text.splitlines():
            yield indented(words(line), 4)


def rule_table(rules: Iterable[Rule]) -> Table:
    """A row for each rule."""
    rows = ((words(r.id, "cyan"), words(r.severity, COLORS[r.severity]), words(r.title)) for r in rules)
    return columns(rows)


def _key(key: Key) -> tuple[Text, ...]:
    default = f"default: {key.default}" if key.default else ""
    return words(key.name, "cyan"), words(default), words(key.words)
