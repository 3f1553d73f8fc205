"""What goes into sam's parameter file comes out of sam as it went in, or not at all."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Execution, execute
from jvbundler.values.problem import ToolFailed

# sam's own reading of `--parameter-overrides`, for a path a line.
READER = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
for line in sys.stdin:
    found = CfnParameterOverridesType().convert((f"ImageUri=x", f"file://{line.strip()}"), None, None)
    print(json.dumps(found), flush=True)
"""
# An environment variable holds no NUL; a surrogate alone is no text.
values = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1)
awkward = st.text(st.sampled_from("\\'\" \n\tabé{}$#:&"), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def sam_reads(tool: Callable[[str], str]) -> Iterator[Callable[[Path], dict[str, str]]]:
    # The tool of the tests has a venv of its own.
    python = Path(tool("sam")).resolve().parent / "python"
    reader = subprocess.Popen(
        [str(python), "-c", READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    stdin, stdout = reader.stdin, reader.stdout

    def read(path: Path) -> dict[str, str]:
        stdin.write(f"{path}\n")
        stdin.flush()
        found: dict[str, str] = json.loads(stdout.readline())
        return found

    yield read
    reader.communicate(timeout=10)


def handed_over(value: str, folder: Path) -> Path:
    """The parameter file, as the tool finds it while it runs."""
    copy = folder / "copy.yaml"
    command = Command(
        ("cp", "{parameters}", str(copy)), "copy it", parameter_file=(("TokenSecret", "TOKEN"),)
    )
    environ = {"TOKEN": value, "PATH": os.environ["PATH"]}
    execute(command, Execution(environ, lambda event: None))
    return copy


@given(value=st.one_of(values, awkward))
@example(r'"a \" b", c=\ d\\ "')
@example("'")
@example('""')
@example("\\ ")
@example("$include")
def test_every_value_comes_out_of_sam_as_it_went_in(
    sam_reads: Callable[[Path], dict[str, str]], tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert sam_reads(handed_over(value, folder))["TokenSecret"] == value


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process grows beyond 8 bytes; Python ignores the signal that says so."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_the_tool_does_not_run_and_no_file_stays(
    full_disk: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    events: list[str] = []
    command = Command(
        ("touch", str(tmp_path / "ran"), "{parameters}"), "run", parameter_file=(("A", "TOKEN"),)
    )
    execution = Execution({"TOKEN": "correct horse"}, lambda event: events.append(event.kind))
    with pytest.raises(ToolFailed, match="cannot make a file for the tool: file too large"):
        execute(command, execution)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert events == ["started", "failed"]
