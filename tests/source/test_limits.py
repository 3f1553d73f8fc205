"""A file is judged in a time that grows with its size, or told that it is too large."""

from __future__ import annotations

import difflib
import time
from pathlib import Path

import pytest

from jvbundler.app.load import load_app
from jvbundler.project.build import build_project
from jvbundler.source.load import MAX_ENVIRONMENTS, parse_source
from jvbundler.source.wording import MOST_GUESSES, closest
from jvbundler.values.problem import Problem
from tests.golden.cases import GOLDEN


def judged(text: str) -> list[Problem]:
    source, problems = parse_source(text.encode(), "deploy.yaml", environ={"LONG": "x" * 100_000})
    app, _ = load_app(GOLDEN / "app", "app", jvagent_version="0.1.7")
    assert source is not None
    assert app is not None
    return [*problems, *build_project(source, app)[1]]


def unknown_keys(count: int) -> str:
    return "".join(f"unknwon{number}: 1\n" for number in range(count))


def environments(count: int) -> str:
    return "environments:\n" + "".join(f"  e{number}: {{}}\n" for number in range(count))


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many words each guess of difflib compares with."""
    made: list[int] = []
    real = difflib.get_close_matches

    def counted(word: str, possibilities: list[str], n: int = 3, cutoff: float = 0.6) -> list[str]:
        made.append(len(possibilities))
        return real(word, possibilities, n, cutoff)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    return made


def test_of_a_thousand_unknown_keys_the_first_get_a_guess(comparisons: list[int]) -> None:
    problems = judged(unknown_keys(1000))
    assert [problem.rule for problem in problems] == ["JVB104"] * 1000
    assert len(comparisons) <= 2 * MOST_GUESSES
    assert problems[-1].hint


def test_what_the_environments_share_is_looked_at_once(comparisons: list[int]) -> None:
    start = time.perf_counter()
    assert (
        len(judged(unknown_keys(300) + "app: {name: a, nmae: b}\n" + environments(MAX_ENVIRONMENTS))) == 301
    )
    assert len(comparisons) <= 2 * MOST_GUESSES
    assert time.perf_counter() - start < 10, "0.2 s on a desk; 3 s for each hundred before"


def test_more_environments_than_anybody_renders() -> None:
    (problem,) = judged(environments(5000))
    assert (problem.rule, problem.message) == ("JVB107", "5,000 environments, which are more than 100")


def test_environments_that_repeat_a_large_file() -> None:
    large = "environment:\n" + "".join(f"  K{number}: v\n" for number in range(3000))
    assert judged(large + environments(2)) == []
    (problem,) = judged(large + environments(90))
    assert (problem.rule, problem.message) == (
        "JVB107",
        "the environments together have more than 200,000 keys and values",
    )


@pytest.mark.parametrize(
    "head", ["variables: [LONG]\n", f"variables: [{{name: NEW, default: {'x' * 100_000}}}]\n"]
)
def test_variables_that_make_a_large_file(head: str) -> None:
    name = "LONG" if "LONG" in head else "NEW"
    problems = judged(head + "environment:\n" + "".join(f"  K{n}: ${{{name}}}\n" for n in range(50)))
    assert {problem.rule for problem in problems} == {"JVB107"}
    assert "longer than 4 MiB" in problems[0].message


def test_a_guess_among_many_compares_with_few(comparisons: list[int]) -> None:
    assert closest("acme/bto77", [f"acme/bot{number}" for number in range(100_000)]) == "acme/bot77"
    assert comparisons == [200]


def test_misspelt_agents_beside_many_real_ones(tmp_path: Path, comparisons: list[int]) -> None:
    for number in range(400):
        folder = tmp_path / f"agents/acme/bot{number}"
        folder.mkdir(parents=True)
        (folder / "agent.yaml").write_text(f"agent: acme/bot{number}\n")
    listed = "".join(f"  - acme/bto{number}\n" for number in range(300))
    (tmp_path / "app.yaml").write_text(f"app: a\nversion: 1.0.0\nagents:\n{listed}")
    _, problems = load_app(tmp_path, ".", jvagent_version="0.1.7")
    found = [problem for problem in problems if problem.rule == "JVB201"]
    assert len(found) == 300
    assert found[0].hint == "did you mean 'acme/bot0'?"
    assert found[-1].hint.endswith("and 390 more")
    assert len(comparisons) <= MOST_GUESSES
