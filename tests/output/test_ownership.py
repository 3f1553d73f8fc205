"""Whatever is rendered, edited and added: our files are exactly right, and others are untouched."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jvbundler.output.drift import drift
from jvbundler.output.write import write_output
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import OutputRefused

NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "f/a"])
RENDER = st.tuples(st.just("render"), st.dictionaries(NAMES, st.sampled_from(["1\n", "2\n"])))
FOREIGN = st.tuples(st.just("foreign"), st.sampled_from(["x", "d/x", "d/e/x", "g/x"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(RENDER, FOREIGN), min_size=1, max_size=8))
def test_renders_own_their_files_and_no_others(steps: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary, "out")
        ours: dict[str, str] = {}
        foreign: dict[str, str] = {}
        for kind, what in steps:
            if kind == "foreign":
                path = out / str(what)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("theirs")
                foreign[str(what)] = "theirs"
            else:
                assert isinstance(what, dict)
                artifacts = [Artifact(path, text) for path, text in what.items()]
                write_output(out, artifacts, force=False)
                ours = what
                assert not drift(out, artifacts)
        found = {p.relative_to(out).as_posix(): p.read_text() for p in out.rglob("*") if p.is_file()}
        found.pop("jvbundler.lock.json", None)
        assert found == {**ours, **foreign}


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, st.just("1\n"), min_size=1), st.dictionaries(NAMES, st.just("2\n")), NAMES)
def test_an_edit_of_a_file_is_never_lost(first: dict[str, str], second: dict[str, str], edited: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary, "out")
        write_output(out, [Artifact(*item) for item in first.items()], force=False)
        if edited in first:
            (out / edited).write_text("edited")
            with pytest.raises(OutputRefused, match=re.escape(edited)):
                write_output(out, [Artifact(*item) for item in second.items()], force=False)
            assert (out / edited).read_text() == "edited"
