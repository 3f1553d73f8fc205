"""Problems as JSON (schemas/problems.schema.json), GitHub annotations, SARIF 2.1.0 and JUnit."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from jvbundler import __version__
from jvbundler.values.problem import Place, Problem
from jvbundler.values.safe_text import escape

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def formatted(problems: Sequence[Problem], form: str) -> str:
    """The report's text, with a final newline; `form` is one of json, github, sarif, junit."""
    return {"json": as_json, "github": as_github, "sarif": as_sarif, "junit": as_junit}[form](problems)


def sentence(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def as_json(problems: Sequence[Problem]) -> str:
    return _dumped(
        {
            "jvbundler": __version__,
            "errors": sum(problem.is_error for problem in problems),
            "warnings": sum(not problem.is_error for problem in problems),
            "problems": [_json_problem(problem) for problem in problems],
        }
    )


def _json_problem(problem: Problem) -> dict[str, Any]:
    return {
        "rule": problem.rule,
        "severity": problem.severity,
        **_json_place(problem.place),
        "message": problem.message,
        "hint": problem.hint,
        "related": [_json_place(place) for place in problem.related],
    }


def _json_place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}


def _dumped(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_github(problems: Sequence[Problem]) -> str:
    """Workflow commands, one a line: docs.github.com, "Workflow commands for GitHub Actions"."""
    return "".join(_annotation(problem) for problem in problems)


def _annotation(problem: Problem) -> str:
    place = problem.place
    fields = {"file": place.file, "line": place.line, "col": place.column, "title": problem.rule}
    properties = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in fields.items())
    return f"::{problem.severity} {properties}::{_escaped(sentence(problem), '')}\n"


def _escaped(text: str, more: str) -> str:
    """Escapes as the runner's toolkit does: percent signs first, then what would end the field.

    Other control characters would reach the log.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in "\r\n" else escape(c) for c in text)
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def as_sarif(problems: Sequence[Problem]) -> str:
    rules = sorted({problem.rule for problem in problems})
    driver = {"name": "jvbundler", "version": __version__, "rules": [{"id": rule} for rule in rules]}
    results = [
        {
            "ruleId": problem.rule,
            "ruleIndex": rules.index(problem.rule),
            "level": problem.severity,
            "message": {"text": sentence(problem)},
            "locations": [_sarif_location(problem.place)],
            "relatedLocations": [_sarif_location(place) for place in problem.related],
        }
        for problem in problems
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _dumped({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _sarif_location(place: Place) -> dict[str, Any]:
    from urllib.parse import quote

    region = {"startLine": place.line, "startColumn": place.column}
    # As bytes: a file's name need not be UTF-8.
    uri = quote(os.fsencode(place.file.replace("\\", "/")))
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}


def as_junit(problems: Sequence[Problem]) -> str:
    """A test case per problem; without any, a passed one, as an empty suite looks broken."""
    cases = [
        f"    <testcase classname={_xml(p.rule)} name={_xml(str(p.place))}>\n"
        f"      <failure type={_xml(p.severity)} message={_xml(sentence(p))}/>\n"
        "    </testcase>\n"
        for p in problems
    ] or ['    <testcase classname="jvbundler" name="deploy.yaml"/>\n']
    counts = f'tests="{len(cases)}" failures="{len(problems)}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites {counts}>\n  <testsuite name="jvbundler" {counts}>\n{"".join(cases)}'
        "  </testsuite>\n</testsuites>\n"
    )


def _xml(text: str) -> str:
    """An attribute's value. XML 1.0 allows no control characters, not even escaped."""
    from xml.sax.saxutils import quoteattr

    # CI runners take `##[` as a command even in the middle of a line.
    return quoteattr("".join(c if c.isprintable() else " " for c in text)).replace("##", "&#35;#")
