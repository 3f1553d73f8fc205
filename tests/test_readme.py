"""What the README and the docs show is what happens."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.golden.cases import GOLDEN, ROOT, environ, jvbundler

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(marker: str) -> list[tuple[str, str]]:
    """The code blocks behind `<!-- marker: argument -->` with that argument."""
    found = re.findall(rf"<!-- {marker}(?:: (\S+))? -->\n```\w*\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no block marked '{marker}'"
    return found


def app(folder: Path) -> Path:
    return Path(shutil.copytree(GOLDEN / "app", folder / "app"))


def test_the_excerpt_is_what_is_rendered() -> None:
    for file, excerpt in blocks("excerpt"):
        assert excerpt in (ROOT / file).read_text(encoding="utf-8")


def test_the_example_renders_without_a_finding(tmp_path: Path) -> None:
    for _, example in blocks("run"):
        folder = app(tmp_path)
        (folder / "deploy.yaml").write_text(example, encoding="utf-8")
        done = jvbundler("render", "--strict", cwd=folder, env=environ("minimal"))
        assert done.stderr == ""


def test_the_problem_is_told_in_the_words_of_the_readme(tmp_path: Path) -> None:
    for case, words in blocks("problems"):
        folder = app(tmp_path)
        shutil.copy(ROOT / case / "deploy.yaml", folder)
        done = jvbundler("render", cwd=folder, env=environ("minimal"), expected=(2,))
        assert words.strip() in done.stderr


@pytest.mark.parametrize("commands", [["init", "render"]])
def test_the_first_commands_work_on_an_app_as_it_is(commands: list[str], tmp_path: Path) -> None:
    folder = app(tmp_path)
    for command in commands:
        jvbundler(command, cwd=folder, env=environ("minimal"))
    assert (folder / "deploy/docker/Dockerfile").is_file()


def prose(page: Path) -> str:
    """The text of a page without its code."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"(`+).*?\1", "", text)


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?:|#)([\w./-]+)", prose(page)):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_stands_in_the_readme() -> None:
    help_text = jvbundler("--help", cwd=ROOT, env=environ("minimal")).stdout
    commands = re.findall(r"^  ([a-z]+)  ", help_text, re.MULTILINE)
    assert commands
    assert [c for c in commands if not re.search(rf"[`, ]{c}[` ,]", README)] == []
