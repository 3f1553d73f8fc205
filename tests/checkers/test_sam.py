from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.checkers import sam
from tests.checkers.templates import GOOD


@pytest.fixture(autouse=True)
def _sam(tool: Callable[[str], str]) -> None:
    tool("sam")


def test_a_good_template_has_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without credentials, region or network: a profile that does not exist would show.
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    (tmp_path / "template.yaml").write_text(GOOD)
    assert sam.validate(tmp_path / "template.yaml") == ()


def test_a_refused_template_is_one_problem_in_sams_words(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(GOOD.replace("!Ref ImageUri", "!Ref Image"))
    (problem,) = sam.validate(tmp_path / "template.yaml", "lambda/prod/template.yaml")
    assert (problem.rule, problem.place.file) == ("sam validate", "lambda/prod/template.yaml")
    assert "E1020" in problem.message
