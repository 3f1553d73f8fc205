"""Each case renders to exactly its `expected/`: no file differs, none is missing, none is astray."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.golden.cases import CASES, GOLDEN, UPDATE, app_of, environ, jvbundler, tree


@pytest.mark.parametrize("case", CASES)
def test_case_renders_to_its_expected_output(case: str, tmp_path: Path) -> None:
    app = app_of(case, tmp_path)
    jvbundler("render", cwd=app, env=environ(case))
    rendered, expected = app / "deploy", GOLDEN / case / "expected"
    if UPDATE:
        shutil.rmtree(expected, ignore_errors=True)
        shutil.copytree(rendered, expected)
    assert tree(rendered) == tree(expected), "run `make golden` and review the difference"


@pytest.mark.parametrize("case", CASES)
def test_a_second_render_finds_the_output_current(case: str, tmp_path: Path) -> None:
    app = app_of(case, tmp_path)
    shutil.copytree(GOLDEN / case / "expected", app / "deploy")
    jvbundler("render", "--check", cwd=app, env=environ(case))


def test_every_folder_of_golden_is_a_case() -> None:
    folders = {path.name for path in GOLDEN.iterdir() if path.is_dir()}
    assert folders == {*CASES, "app", "invalid"}
