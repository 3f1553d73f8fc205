"""The one door for reading: a regular file of a bounded size comes through, all else is an error at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from jvbundler.files import read_file


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def a_link_to_a_pipe(path: Path) -> None:
    os.mkfifo(f"{path}-")
    path.symlink_to(f"{path}-")


def a_large_file(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 33)


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "a pipe, not a file"),
    "a link to a pipe": (a_link_to_a_pipe, "a pipe, not a file"),
    "a socket": (a_socket, "a socket, not a file"),
    "a device without an end": (lambda p: p.symlink_to("/dev/zero"), "a device, not a file"),
    "a folder": (Path.mkdir, "Is a directory"),
    "a file that is too large": (a_large_file, "larger than 1 MiB"),
    "a file that does not tell its size": (lambda p: p.symlink_to("/proc/kallsyms"), "larger than 1 MiB"),
    "a link to itself": (lambda p: p.symlink_to(p), "Too many levels of symbolic links"),
    "nothing": (lambda p: None, "No such file or directory"),
}


@pytest.mark.parametrize(("make", "words"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_an_error_at_once(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    make(tmp_path / "it")
    with pytest.raises(OSError, match=words) as failure:
        read_file(tmp_path / "it")
    assert str(failure.value.filename) == str(tmp_path / "it")


@pytest.mark.parametrize("name", ["a\0b", "a" * 300, "\ud800"])
def test_what_is_no_name_is_an_error_of_the_same_kind(name: str) -> None:
    with pytest.raises(OSError, match=r"not a valid file name|File name too long"):
        read_file(name)


def test_a_file_comes_whole_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"x" * 200_000)
    assert read_file(tmp_path / "it", 200_000) == b"x" * 200_000
    with pytest.raises(OSError, match="larger than"):
        read_file(tmp_path / "it", 199_999)


def test_a_link_is_followed_unless_that_is_ruled_out(tmp_path: Path) -> None:
    (tmp_path / "it").write_text("x")
    (tmp_path / "link").symlink_to("it")
    assert read_file(tmp_path / "link") == b"x"
    with pytest.raises(OSError, match="a symbolic link"):
        read_file(tmp_path / "link", follow_links=False)
