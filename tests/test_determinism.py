"""The same input gives the same bytes, whatever the machine is like."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.cases import GOLDEN, ROOT, app_of, environ, jvbundler, tree

CASE = "everything"


def rendered(folder: Path, **extra: str) -> dict[str, str]:
    app = app_of(CASE, folder)
    jvbundler("render", cwd=app, env={**environ(CASE), **extra})
    return tree(app / "deploy")


@pytest.mark.parametrize(
    "extra",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4242"},
        {"LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
        {"TZ": "Pacific/Kiritimati"},
        {"HOME": "/nonexistent", "USER": "somebody", "HOSTNAME": "elsewhere"},
        {"COLUMNS": "20", "TERM": "dumb", "NO_COLOR": "1", "CI": "true"},
    ],
    ids=str,
)
def test_the_environment_changes_nothing(extra: dict[str, str], tmp_path: Path) -> None:
    assert rendered(tmp_path, **extra) == tree(GOLDEN / CASE / "expected")


def test_neither_does_the_working_folder_nor_the_umask(tmp_path: Path) -> None:
    app = app_of(CASE, tmp_path / "a folder with spaces, ünd more")
    old = os.umask(0o077)
    try:
        jvbundler("render", str(app), cwd=tmp_path, env=environ(CASE))
    finally:
        os.umask(old)
    assert tree(app / "deploy") == tree(GOLDEN / CASE / "expected")


def other_pythons() -> list[str]:
    """The Pythons of this machine that jvbundler supports, but for the one that runs the tests."""
    names = [f"python3.{minor}" for minor in range(10, 14)]
    found = [shutil.which(name) for name in names]
    roots = sorted(Path.home().glob(".pyenv/versions/3.1[0-3]*/bin/python"))
    candidates = [*filter(None, found), *map(str, roots)]
    versions = {version_of(path): path for path in candidates}
    versions.pop(f"3.{sys.version_info.minor}", None)
    return [versions[version] for version in sorted(v for v in versions if v)]


def version_of(python: str) -> str:
    code = "import ensurepip, sys, venv; print(f'3.{sys.version_info.minor}')"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


@pytest.mark.parametrize("python", other_pythons(), ids=lambda path: Path(path).as_posix().split("/")[-3])
def test_another_python_renders_the_same(python: str, tmp_path: Path) -> None:
    subprocess.run([python, "-m", "venv", tmp_path / "venv"], check=True)
    installed = tmp_path / "venv/bin"
    subprocess.run([installed / "pip", "install", "-q", ROOT], check=True, capture_output=True)
    app = app_of(CASE, tmp_path)
    subprocess.run(
        [tmp_path / "venv/bin/jvbundler", "render"],
        cwd=app,
        check=True,
        capture_output=True,
        env={"PATH": ""},
    )
    assert tree(app / "deploy") == tree(GOLDEN / CASE / "expected")


def test_nothing_of_the_machine_is_in_the_output() -> None:
    for text in tree(GOLDEN / CASE / "expected").values():
        assert str(ROOT) not in text
    assert "time" not in json.loads(
        (GOLDEN / CASE / "expected/jvbundler.lock.json").read_text(encoding="utf-8")
    )
