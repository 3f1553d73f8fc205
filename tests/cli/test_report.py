"""What problems look like, to people and to machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.cli.report.formats import formatted
from jvbundler.cli.report.problems import problem_line, summary
from jvbundler.cli.report.source_lines import source_lines, word_at
from jvbundler.values.packaged import packaged_text
from jvbundler.values.problem import Place, Problem, error, warning
from tests.cli.conftest import Run

TYPO = error(
    "JVB104",
    Place("deploy.yaml", 12, 5),
    "unknown key 'memmory' under lambda.function",
    "did you mean 'memory'?",
)
ECS = warning("JVB109", Place("deploy.yaml", 40, 1), "section 'ecs' is ignored", "", Place("a.yaml", 2, 3))


def test_a_line_says_place_rule_what_and_hint() -> None:
    assert problem_line(TYPO) == (
        "deploy.yaml:12:5: JVB104 unknown key 'memmory' under lambda.function (did you mean 'memory'?)"
    )
    assert problem_line(ECS) == "deploy.yaml:40:1: JVB109 warning: section 'ecs' is ignored; see a.yaml:2:3"


def test_the_summary_counts() -> None:
    assert summary([TYPO, TYPO, ECS]) == "2 errors, 1 warning"


def test_the_line_is_shown_with_its_word_underlined(tmp_path: Path) -> None:
    file = tmp_path / "deploy.yaml"
    file.write_text("a: 1\n\tmemmory: 2\n")
    assert list(source_lines(error("JVB104", Place(str(file), 2, 2), ""))) == [
        "    2 |  memmory: 2",
        "      |  ^^^^^^^",
    ]


@pytest.mark.parametrize(
    ("line", "column", "word"),
    [
        ("tag: a b c  # why", 6, "a b c"),
        ("image: {tag: a b, name: x}", 14, "a b"),
        ("image: {tag: a b, name: x}", 9, "tag"),
        ("tags: [a b, c]", 8, "a b"),
        ("- 'a b' # c", 3, "'a b'"),
        ("url: http://a:1/b", 6, "http://a:1/b"),
    ],
)
def test_a_value_is_underlined_up_to_its_end(line: str, column: int, word: str) -> None:
    assert word_at(line, column) == word


@pytest.mark.parametrize(
    ("rule", "line"),
    [("JVB901", "x: y"), ("JVB103", "DB_PASSWORD: hunter2"), ("JVB103", "x: sk-aaaaaaaaaaaaaaaaaaaaaaaa")],
)
def test_a_line_that_may_hold_a_secret_is_not_shown(tmp_path: Path, rule: str, line: str) -> None:
    file = tmp_path / "deploy.yaml"
    file.write_text(line)
    assert list(source_lines(error(rule, Place(str(file), 1, 1), ""))) == []


def test_json_follows_its_schema() -> None:
    document = json.loads(formatted([TYPO, ECS], "json"))
    jsonschema.validate(document, json.loads(packaged_text("schemas/problems.schema.json")))
    assert (document["errors"], document["warnings"]) == (1, 1)


def test_a_github_annotation_escapes_what_would_end_it() -> None:
    problem = error("JVB1", Place("a,b:c.yaml", 2, 3), "50%\nof it")
    assert formatted([problem], "github") == (
        "::error file=a%2Cb%3Ac.yaml,line=2,col=3,title=JVB1::50%25%0Aof it\n"
    )


def test_sarif_has_what_its_readers_require() -> None:
    document: dict[str, Any] = json.loads(formatted([TYPO, ECS], "sarif"))
    run = document["runs"][0]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["JVB104", "JVB109"]
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [("JVB104", "error"), ("JVB109", "warning")]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 12, "startColumn": 5}


TEXT = st.text(max_size=20)
PROBLEM = st.builds(Problem, TEXT, st.sampled_from(["error", "warning"]), st.builds(Place, TEXT), TEXT, TEXT)


@given(st.lists(PROBLEM, max_size=3))
def test_no_message_breaks_a_format(problems: list[Problem]) -> None:
    assert len(formatted(problems, "github").splitlines()) >= len(problems)
    assert len(formatted(problems, "github").split("\n")) == len(problems) + 1
    assert len(json.loads(formatted(problems, "json"))["problems"]) == len(problems)
    assert len(json.loads(formatted(problems, "sarif"))["runs"][0]["results"]) == len(problems)
    cases = ElementTree.fromstring(formatted(problems, "junit")).findall(".//testcase")
    assert len(cases) == max(len(problems), 1)
    assert all(problem_line(problem).isprintable() for problem in problems)


@pytest.mark.parametrize("form", ["json", "sarif", "junit"])
def test_who_asks_for_a_format_gets_it_from_a_refusal_too(app: Path, jvbundler: Run, form: str) -> None:
    (app / "deploy").symlink_to(app.parent)
    done = jvbundler("render", "support", "--format", form)
    assert (done.returncode, "is a symbolic link" in done.stderr) == (3, True)
    (ElementTree.fromstring if form == "junit" else json.loads)(done.stdout)
