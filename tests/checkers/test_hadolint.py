from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jvbundler.checkers import hadolint
from jvbundler.values.problem import Place

GOOD = """\
FROM python:3.12-slim
WORKDIR /app
RUN pip install --no-cache-dir 'httpx==0.28.1'
USER 10001:10001
CMD ["python", "-m", "http.server"]
"""


@pytest.fixture(autouse=True)
def _hadolint(tool: Callable[[str], str]) -> None:
    tool("hadolint")


def test_a_good_dockerfile_has_no_problem() -> None:
    assert hadolint.check("docker/Dockerfile", GOOD) == ()


def test_a_finding_has_hadolints_rule_and_line() -> None:
    (problem,) = hadolint.check("docker/Dockerfile", GOOD.replace("'httpx==0.28.1'", "httpx"))
    assert (problem.rule, problem.severity) == ("hadolint DL3013", "warning")
    assert problem.place == Place("docker/Dockerfile", 3, 1)
    assert problem.message.startswith("Pin versions in pip.")


def test_text_that_is_no_dockerfile_is_an_error() -> None:
    (problem,) = hadolint.check("docker/Dockerfile", "FORM python\n")
    assert (problem.rule, problem.severity) == ("hadolint DL1000", "error")


def test_a_configuration_of_the_working_folder_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".hadolint.yaml").write_text("ignored: [DL3013]\n")
    monkeypatch.chdir(tmp_path)
    assert hadolint.check("docker/Dockerfile", GOOD.replace("'httpx==0.28.1'", "httpx"))
