"""One file is written whole, over nobody else's, and through no link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jvbundler.files import replace_file
from jvbundler.output.single import write_file
from jvbundler.values.problem import OutputRefused


def test_a_link_that_was_planted_under_the_staged_name_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    (tmp_path / ".it.jvbundler").symlink_to(victim)
    assert write_file(tmp_path / "it", "ours", force=False)
    assert victim.read_text() == "theirs"
    assert (tmp_path / "it").read_text() == "ours"
    assert not (tmp_path / "it").is_symlink()


def test_a_link_in_the_place_of_the_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    (tmp_path / "it").symlink_to(victim)
    with pytest.raises(OutputRefused, match="is a symbolic link: '--force' replaces it with a file"):
        write_file(tmp_path / "it", "ours", force=False, is_ours=lambda text: True)
    assert write_file(tmp_path / "it", "ours", force=True)
    assert (victim.read_text(), (tmp_path / "it").read_text()) == ("theirs", "ours")
    assert not (tmp_path / "it").is_symlink()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "it")
    with pytest.raises(OutputRefused, match="is not a file"):
        write_file(tmp_path / "it", "ours", force=True)


def test_permissions_are_those_of_the_file_before_and_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "new", "x", force=False)
        (tmp_path / "old").touch()
        (tmp_path / "old").chmod(0o600)
        write_file(tmp_path / "old", "x", force=True)
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "old")] == [0o640, 0o600]


def test_what_cannot_be_put_in_place_leaves_no_file_behind(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path / "it", b"x", mode=0o644)
    assert [path.name for path in tmp_path.iterdir()] == ["it"]
