"""Asks git about a repository, and changes nothing there: no command here writes, not even the index."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from jvbundler.runner import Completed, run, run_together
from jvbundler.values.problem import InputError

SECONDS = 60
# Git sets them for its hooks, relative to another folder than ours.
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


def git(
    base: str | Path, *arguments: str, input: bytes | None = None, expected: tuple[int, ...] = (0,)
) -> Completed:
    """What git answers in the folder `base`. Raises ToolFailed for an exit code that is not `expected`."""
    argv = ["git", *arguments]
    return run(argv, cwd=base, env=_environ(), input=input, timeout_seconds=SECONDS, expected=expected)


def git_together(base: str | Path, *calls: Sequence[str]) -> list[Completed]:
    """The same for several calls, which run at a time."""
    return run_together(
        [("git", *words) for words in calls], cwd=base, env=_environ(), timeout_seconds=SECONDS
    )


def _environ() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    # Without it, `git diff` writes what it has found out into the index.
    return {**env, "GIT_OPTIONAL_LOCKS": "0"}


def commit_of(base: str | Path, revision: str) -> str:
    """The commit that a revision of the user's means; InputError if it means none."""
    argv = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    done = git(base, *argv, expected=(0, 1, 128))
    if done.code == 0:
        return done.text.strip()
    reason = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    # GitHub's checkout, and GitLab's.
    advice = (
        "a shallow clone has only the newest: 'git fetch' it, or 'fetch-depth: 0' or 'GIT_DEPTH: 0' in CI"
    )
    raise InputError(
        f"'{revision}' is not a revision of the git repository around '{base}'"
        f"{f': {reason}' if reason else f' ({advice})'}"
    )
