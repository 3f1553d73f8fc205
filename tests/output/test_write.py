"""The output folder: exactly ours changes, and nothing of anybody else's."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest

from jvbundler.output.lockfile import LOCK
from jvbundler.output.paths import refuse_folder
from jvbundler.output.write import WriteResult, write_output
from jvbundler.output.writer_lock import only_writer
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import OutputRefused


def write(folder: Path, *artifacts: Artifact, force: bool = False) -> WriteResult:
    return write_output(folder, artifacts, force=force, inputs="sha256:0")


def files(folder: Path) -> list[str]:
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())
    return sorted(path for path in found if path != LOCK)


A = Artifact("docker/Dockerfile", "FROM python\n")
B = Artifact("kubernetes/base/hpa.yaml", "kind: HorizontalPodAutoscaler\n")


def test_the_lock_lists_every_file_with_its_digest(tmp_path: Path) -> None:
    write(tmp_path / "out", B, A)
    text = (tmp_path / "out" / LOCK).read_text()
    lock = json.loads(text)
    assert text.endswith("}\n")
    assert list(lock) == ["jvbundler", "schema", "inputs", "files"]
    assert list(lock["files"]) == [A.path, B.path]


def test_a_second_write_touches_nothing(tmp_path: Path) -> None:
    write(tmp_path / "out", A, B)
    before = {p: p.stat().st_mtime_ns for p in [tmp_path, *tmp_path.rglob("*")]}
    result = write(tmp_path / "out", A, B)
    assert result == WriteResult((), (), (A.path, B.path))
    assert {p: p.stat().st_mtime_ns for p in [tmp_path, *tmp_path.rglob("*")]} == before


def test_other_inputs_with_the_same_outcome_leave_the_lock_alone(tmp_path: Path) -> None:
    write(tmp_path / "out", A)
    before = (tmp_path / "out" / LOCK).read_bytes()
    write_output(tmp_path / "out", [A], force=False, inputs="sha256:1")
    assert (tmp_path / "out" / LOCK).read_bytes() == before


def test_stale_files_go_with_their_empty_folders_and_foreign_ones_stay(tmp_path: Path) -> None:
    write(tmp_path, A, B)
    (tmp_path / "docker" / "notes.md").write_text("mine")
    result = write(tmp_path, Artifact("README.md", "x\n"))
    assert result.deleted == (A.path, B.path)
    assert files(tmp_path) == ["README.md", "docker/notes.md"]
    assert not (tmp_path / "kubernetes").exists()


def test_a_file_becomes_a_folder_and_a_folder_a_file(tmp_path: Path) -> None:
    write(tmp_path, Artifact("a", "1\n"), Artifact("b/c/d", "1\n"))
    write(tmp_path, Artifact("a/x", "2\n"), Artifact("b", "2\n"))
    assert files(tmp_path) == ["a/x", "b"]
    write(tmp_path, Artifact("a", "1\n"), Artifact("b/c/d", "1\n"))
    assert files(tmp_path) == ["a", "b/c/d"]


def test_a_hand_edited_file_stops_the_write_and_force_gives_it_up(tmp_path: Path) -> None:
    write(tmp_path, A, B)
    (tmp_path / A.path).write_text("FROM mine\n")
    (tmp_path / B.path).write_text("kind: Mine\n")
    with pytest.raises(OutputRefused) as refused:
        write(tmp_path, Artifact(A.path, "FROM new\n"))
    for word in ("docker/Dockerfile", "hpa.yaml", "--force", "kubernetes.patches", "templates eject"):
        assert word in str(refused.value)
    assert (tmp_path / B.path).read_text() == "kind: Mine\n"
    write(tmp_path, Artifact(A.path, "FROM new\n"), force=True)
    assert files(tmp_path) == [A.path]


def test_an_edit_that_is_what_we_would_write_is_no_edit(tmp_path: Path) -> None:
    write(tmp_path, A)
    (tmp_path / A.path).write_text("FROM new\n")
    assert write(tmp_path, Artifact(A.path, "FROM new\n")).unchanged == (A.path,)


def test_line_ends_of_a_windows_checkout_are_no_edit(tmp_path: Path) -> None:
    write(tmp_path, A)
    (tmp_path / A.path).write_bytes(b"FROM python\r\n")
    assert write(tmp_path, A).written == (A.path,)
    assert (tmp_path / A.path).read_bytes() == b"FROM python\n"


def test_a_lost_final_newline_is_an_edit(tmp_path: Path) -> None:
    write(tmp_path, A)
    (tmp_path / A.path).write_bytes(b"FROM python")
    with pytest.raises(OutputRefused, match="edited by hand"):
        write(tmp_path, A)


def test_a_foreign_file_in_the_way_stops_the_write(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / A.path).write_text("FROM theirs\n")
    with pytest.raises(OutputRefused, match="not written by jvbundler"):
        write(tmp_path, A, B)
    assert files(tmp_path) == [A.path]
    write(tmp_path, A, B, force=True)
    assert (tmp_path / A.path).read_text() == A.text


def test_a_lost_lock_is_made_again_where_the_files_are_right(tmp_path: Path) -> None:
    write(tmp_path, A)
    lock = (tmp_path / LOCK).read_bytes()
    (tmp_path / LOCK).unlink()
    write(tmp_path, A)
    assert (tmp_path / LOCK).read_bytes() == lock


def test_files_that_are_kept_stay_in_the_lock(tmp_path: Path) -> None:
    write(tmp_path, A, B)
    result = write_output(tmp_path, [], force=False, keep=lambda path: path.startswith("kubernetes/"))
    assert result.deleted == (A.path,)
    assert list(json.loads((tmp_path / LOCK).read_text())["files"]) == [B.path]


@pytest.mark.parametrize("broken", ["<<<<<<< HEAD\n", "[]", '{"files": {"../x": ""}, "inputs": ""}', ""])
def test_a_lock_that_cannot_be_trusted_stops_the_write(tmp_path: Path, broken: str) -> None:
    (tmp_path / LOCK).write_text(broken)
    with pytest.raises(OutputRefused, match="restore it from git"):
        write(tmp_path, A)


def test_the_lock_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text('{"schema": 2}')
    with pytest.raises(OutputRefused, match="newer jvbundler"):
        write(tmp_path, A)


@pytest.mark.parametrize("link", ["docker", "docker/Dockerfile", LOCK, ".jvbundler-staging"])
def test_nothing_is_written_through_a_link(tmp_path: Path, link: str) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    out = tmp_path / "out"
    (out / link).parent.mkdir(parents=True)
    (out / link).symlink_to(target)
    with pytest.raises(OutputRefused, match="symbolic link"):
        write(out, A, force=True)
    assert list(target.iterdir()) == []


def test_a_link_to_where_a_folder_is_in_the_way_is_refused_before_the_commit(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "Dockerfile").mkdir(parents=True)
    out = tmp_path / "out"
    out.mkdir()
    (out / "docker").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputRefused, match="symbolic link"):
        write(out, A)
    assert [p.name for p in out.iterdir()] == ["docker"]


def test_what_others_put_into_the_staging_folder_is_not_deleted(tmp_path: Path) -> None:
    notes = tmp_path / ".jvbundler-staging" / "mine" / "notes.md"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine")
    with pytest.raises(OutputRefused, match="is not ours, or holds something that is not: remove it"):
        write(tmp_path, A)
    assert notes.exists()


def test_a_pipe_in_the_place_of_the_staging_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".jvbundler-staging")
    with pytest.raises(OutputRefused, match="is not ours"):
        write(tmp_path, A)


def test_an_owned_file_that_became_a_link_is_not_followed_to_be_deleted(tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    write(out, A)
    other.write_text(A.text)
    (out / A.path).unlink()
    (out / A.path).symlink_to(other)
    with pytest.raises(OutputRefused, match="symbolic link"):
        write(out, B)
    assert other.exists()


def test_folders_with_more_than_output_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, repository, app = tmp_path / "home", tmp_path / "repository", tmp_path / "app"
    (repository / ".git" / "hooks").mkdir(parents=True)
    (app / "agents").mkdir(parents=True)
    home.mkdir()
    (tmp_path / "link").symlink_to(home)
    monkeypatch.setenv("HOME", str(home))
    refused = [
        *(home, tmp_path, tmp_path / "link", repository, repository / ".git" / "hooks"),
        *(app, app / "agents", app / "agents" / "out", app / ".." / "app"),
    ]
    for folder in refused:
        with pytest.raises(OutputRefused):
            write_output(folder, [A], force=True, protected=[app])
    with pytest.raises(OutputRefused, match="root of the file system"):
        refuse_folder(Path("/"), [])
    assert write_output(app / "deploy", [A], force=False, protected=[app]).written == (A.path,)


def test_a_folder_with_an_app_in_it_is_no_output_folder(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("app: x\n")
    with pytest.raises(OutputRefused, match="a jvagent app"):
        write(tmp_path, A)


@pytest.mark.parametrize(
    "paths",
    [
        *(["../x"], ["/x"], ["a\\b"], ["a//b"], ["C:x"], ["a\nb"], [LOCK], [".jvbundler-journal.json"]),
        *(["A.yaml", "a.yaml"], ["caf\u00e9", "cafe\u0301"], ["a", "a/b"], ["x", "x"]),
    ],
)
def test_a_target_that_renders_an_impossible_path_is_a_bug(tmp_path: Path, paths: list[str]) -> None:
    with pytest.raises(ValueError, match=r"path|file"):
        write(tmp_path / "out", *(Artifact(path, "") for path in paths))
    assert not (tmp_path / "out").exists()


def test_the_case_of_a_name_can_change(tmp_path: Path) -> None:
    write(tmp_path, Artifact("Prod.yaml", "1\n"))
    write(tmp_path, Artifact("prod.yaml", "1\n"))
    assert files(tmp_path) == ["prod.yaml"]


def test_a_name_that_changes_its_case_survives_where_case_is_ignored(tmp_path: Path) -> None:
    write(tmp_path, Artifact("Prod.yaml", "1\n"))
    # What such a file system shows: one file under both names.
    (tmp_path / "prod.yaml").hardlink_to(tmp_path / "Prod.yaml")
    assert write(tmp_path, Artifact("prod.yaml", "1\n")).written == ("prod.yaml",)


def test_two_writers_do_not_mix(tmp_path: Path) -> None:
    with only_writer(tmp_path), pytest.raises(OutputRefused, match="another render is writing"):
        write(tmp_path, A)
    assert write(tmp_path, A).written == (A.path,)


def test_a_full_disk_leaves_the_old_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, A)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        with pytest.raises(OutputRefused, match="cannot write to"):
            write(out, B, Artifact("big/big.yaml", "x" * 20_000))
        with pytest.raises(OutputRefused, match="cannot write to"):
            write(tmp_path / "new" / "out", Artifact("big/big.yaml", "x" * 20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(p.name for p in out.rglob("*")) == ["Dockerfile", "docker", LOCK]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("output", ["file", "file/out", "docker-is-a-file"])
def test_a_file_in_place_of_a_folder_is_told_in_one_line(tmp_path: Path, output: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "docker-is-a-file").mkdir()
    (tmp_path / "docker-is-a-file" / "docker").write_text("mine")
    with pytest.raises(OutputRefused) as refused:
        write(tmp_path / output, A, force=True)
    assert "\n" not in str(refused.value)
    assert (tmp_path / "docker-is-a-file" / "docker").read_text() == "mine"


def test_a_pipe_in_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "README.md")
    with pytest.raises(OutputRefused, match="not an ordinary file"):
        write(tmp_path, Artifact("README.md", "x\n"), force=True)


def test_a_journal_from_elsewhere_reaches_nothing_outside(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("x")
    out = tmp_path / "out"
    out.mkdir()
    journal = {"delete": ["../precious"], "write": {LOCK: "0"}, "folders": []}
    (out / ".jvbundler-journal.json").write_text(json.dumps(journal))
    with pytest.raises(OutputRefused, match="not ours"):
        write(out, A)
    assert precious.exists()
