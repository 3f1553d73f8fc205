"""`explain`: an overview, a section with its keys and an example, a key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jvbundler.cli.report.explained import entry
from jvbundler.cli.report.paper import UNLIMITED, laid_out
from jvbundler.project.documentation import explain_key
from jvbundler.project.keys import keys, load_schema
from jvbundler.project.schema import check
from jvbundler.source.yaml.file import parse_yaml
from tests.cli.conftest import Run

SECTIONS = [
    path
    for path, schema in keys(load_schema(), "")
    if path and any(other.startswith((f"{path}.", f"{path}[].")) for other, _ in keys(load_schema(), ""))
]


def test_alone_it_is_an_overview(jvbundler: Run) -> None:
    done = jvbundler("explain")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    for name in load_schema()["properties"]:
        assert len([line for line in lines if line.startswith(f"  {name} ")]) == 1
    assert "jvbundler explain lambda.function.memory" in done.stdout


def test_a_section_lists_its_keys_with_defaults_one_line_each(jvbundler: Run) -> None:
    lines = jvbundler("explain", "lambda.function").stdout.splitlines()
    [memory] = [line for line in lines if line.startswith("    memory ")]
    assert "default: 1024" in memory
    assert "CPU grows with it" in memory


@pytest.mark.parametrize("section", SECTIONS)
def test_the_schema_accepts_every_example_that_is_printed(section: str) -> None:
    text = "".join(laid_out(thing, width=UNLIMITED, color=False) for thing in entry(explain_key(section)))
    example = text.split("  example:\n")[1]
    assert yaml.safe_load(example)
    root, problems = parse_yaml(example.encode(), "deploy.yaml")
    assert root is not None
    assert not problems
    settings, found = check(root)
    assert settings is not None, (example, found)


def test_what_is_printed_is_the_same_in_a_narrow_folder(tmp_path: Path, jvbundler: Run) -> None:
    """In a pipe no line is broken, whatever the terminal around says."""
    assert jvbundler("explain", "lambda", COLUMNS="20").stdout == jvbundler("explain", "lambda").stdout
