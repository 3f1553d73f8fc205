"""What lies in the system's temporary folder, where everybody may lay something first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jvbundler.output.outside import own_folder, own_path, private_file, remove_left_files
from jvbundler.values.problem import OutputRefused

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def a_link(path: Path) -> None:
    (path.parent / "victim").mkdir()
    path.symlink_to("victim")


def an_open_folder(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)


PLANTED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link": (a_link, "is a symbolic link"),
    "a link to nothing": (lambda p: p.symlink_to("gone"), "is not a folder"),
    "a file": (Path.touch, "is not a folder"),
    "a pipe": (os.mkfifo, "is not a folder"),
    "a folder that is open to all": (an_open_folder, "is open to other users"),
}


@pytest.mark.parametrize("below", ["", "locks"])
@pytest.mark.parametrize(("plant", "words"), PLANTED.values(), ids=PLANTED)
def test_what_others_laid_there_is_refused(below: str, plant: Callable[[Path], object], words: str) -> None:
    if below:
        own_path().mkdir(mode=0o700)
    plant(own_path() / below)
    with pytest.raises(OutputRefused, match=words):
        own_folder("locks")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_a_folder_of_another_user_is_refused() -> None:
    own_path().mkdir(mode=0o700)
    os.chown(own_path(), 12345, -1)
    with pytest.raises(OutputRefused, match="belongs to another user"):
        own_folder("locks")


def test_a_private_file_is_ours_alone_and_gone_afterwards(temporary: Path) -> None:
    with private_file(".yaml", b"secret") as path:
        assert path.read_bytes() == b"secret"
        assert path.stat().st_mode & 0o777 == 0o600
        assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in list(path.parents)[:3])
    assert files(temporary) == []


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_stays(temporary: Path) -> None:
    code = (
        "import os, signal\nfrom jvbundler.output.outside import private_file\n"
        "with private_file('.yaml', b'secret') as path: os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(files(temporary)) == 1
    with private_file(".yaml", b"secret") as path:
        remove_left_files()
        assert files(temporary) == [path]
        assert path.read_bytes() == b"secret"


def test_what_was_laid_among_the_private_files_does_no_harm(temporary: Path) -> None:
    victim = temporary / "victim"
    victim.mkdir()
    (victim / "theirs").touch()
    (own_folder("private") / "link").symlink_to(victim)
    (own_folder("private") / "file").touch()
    remove_left_files()
    assert (victim / "theirs").exists()
