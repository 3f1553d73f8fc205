"""`render --check`: what differs, and in which way."""

from __future__ import annotations

from pathlib import Path

from jvbundler.output.drift import drift
from jvbundler.output.lockfile import LOCK
from jvbundler.output.write import write_output
from jvbundler.values.artifact import Artifact

FILES = [Artifact(name, "1\n") for name in ("edited", "missing", "orphaned", "same", "stale")]
WANTED = [
    *(Artifact(name, "1\n") for name in ("edited", "missing", "same")),
    *(Artifact("stale", "2\n"), Artifact("foreign", "1\n")),
]


def test_each_kind_of_drift_is_told_apart(tmp_path: Path) -> None:
    write_output(tmp_path, FILES, force=False)
    (tmp_path / "edited").write_text("by hand\n")
    (tmp_path / "missing").unlink()
    (tmp_path / "foreign").write_text("theirs\n")
    (tmp_path / "unrelated").write_text("theirs\n")
    found = drift(tmp_path, WANTED)
    assert (found.stale, found.missing, found.orphaned) == (("stale",), ("missing",), ("orphaned",))
    assert (found.edited, found.foreign) == (("edited",), ("foreign",))


def test_a_current_folder_has_none(tmp_path: Path) -> None:
    write_output(tmp_path, FILES, force=False)
    (tmp_path / "same").write_bytes(b"1\r\n")
    assert not drift(tmp_path, FILES)


def test_an_orphan_that_was_edited_is_an_edit(tmp_path: Path) -> None:
    write_output(tmp_path, FILES, force=False)
    (tmp_path / "orphaned").write_text("by hand\n")
    found = drift(tmp_path, [artifact for artifact in FILES if artifact.path != "orphaned"])
    assert found.edited == ("orphaned",)


def test_a_folder_that_was_never_rendered_misses_everything(tmp_path: Path) -> None:
    found = drift(tmp_path / "none", FILES[:1])
    assert found.missing == ("edited", LOCK)


def test_a_lock_that_lists_other_files_is_stale(tmp_path: Path) -> None:
    write_output(tmp_path, FILES, force=False)
    lock = tmp_path / LOCK
    lock.write_text(lock.read_text().replace('"same": "', '"same": "0'))
    assert drift(tmp_path, FILES).stale == (LOCK,)
