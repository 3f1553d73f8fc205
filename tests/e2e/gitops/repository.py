"""A git repository on our server, with a work tree."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.cluster import programs

AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


class Repository(NamedTuple):
    """`url` is where others pull from, `folder` the work tree."""

    url: str
    folder: Path

    def publish(self, words: str) -> str:
        """Commit all that is there, and push it; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={words}")
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        return _git(self.folder, *words)


def new_repository(server: str, root: Path, folder: Path) -> Repository:
    """`root` is the server's folder."""
    bare = root / f"{folder.parent.name}.git"
    _git(root, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    _git(bare, "config", "http.receivepack", "true")
    folder.mkdir()
    made = Repository(f"{server}/{bare.name}", folder)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("remote", "add", "origin", made.url)
    return made


def _git(folder: Path, *words: str) -> str:
    environ = programs.environ(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null")
    argv = ["git", "-C", str(folder), *AUTHOR, *words]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()
