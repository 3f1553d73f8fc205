"""Each case of golden/invalid gives exactly its expected problems; its neighbour does not give that one."""

from __future__ import annotations

from pathlib import Path

import pytest

from jvbundler.rules.engine import RULES
from tests.rules.cases import CASES, INVALID, UPDATE, checkout, line, problems, rule_of

# Rules without a case, and where they are tried.
TRIED_ELSEWHERE = {
    "JVB221": "tests/rules/test_app.py: 500 MB do not belong in a repository",
    "JVB326": "tests/rules/test_artifacts.py: a deploy.yaml has at most 1 MiB, and so no such template",
    "JVB455": "tests/cli/test_fleet.py: it takes two apps",
}


@pytest.mark.parametrize("case", CASES)
def test_the_case_gives_exactly_its_problems(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = checkout(case, tmp_path / "app", neighbour=False)
    monkeypatch.chdir(app)
    found = "".join(f"{line(problem)}\n" for problem in problems(case, app))
    expected = INVALID / case / "expected.txt"
    if UPDATE:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8"), "run `make golden` and review the difference"
    assert f" {rule_of(case)} " in found


@pytest.mark.parametrize("case", CASES)
def test_the_neighbour_does_not_fire_the_rule(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (INVALID / case / "neighbour.yaml").exists() or (INVALID / case / "neighbour").is_dir()
    app = checkout(case, tmp_path / "app", neighbour=True)
    monkeypatch.chdir(app)
    found = problems(case, app)
    assert [line(p) for p in found if p.rule == rule_of(case)] == []
    assert [line(p) for p in found if p.is_error] == [], "a neighbour is one step away from valid: it renders"


def test_every_rule_has_a_case() -> None:
    covered = {rule_of(case) for case in CASES}
    assert {rule.id for rule in RULES} == covered | TRIED_ELSEWHERE.keys()


def test_every_case_is_named_after_a_rule_and_what_it_shows() -> None:
    for case in CASES:
        assert rule_of(case) in {rule.id for rule in RULES}, case
        assert len(case) > len("JVB100-"), case
