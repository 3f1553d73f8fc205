"""The only way to run git, in a repository that somebody else may have set up.

None of the repository's hooks and file system monitors is started, no question is asked, and variables that
git sets for its own hooks do not lead to another repository than that of the folder.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from jvbundler.runner import Completed, run, run_together
from jvbundler.values.problem import InputError

SECONDS = 60.0
# What a repository's own configuration could start. `core.hooksPath` is a folder that has no file.
OPTIONS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
# Git sets them for its hooks, relative to another folder than ours.
_OF_HOOKS = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE"),
)
# A read changes nothing, not even the times in the index; nobody is asked for a password; and a refusal is
# told in the words that we look for.
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def git(
    folder: str | Path,
    *arguments: str,
    environ: Mapping[str, str],
    input: bytes | None = None,
    expected: Container[int] = (0,),
    timeout_seconds: float = SECONDS,
) -> Completed:
    """What git says in `folder`. Raises ToolFailed for an exit code that is not `expected`."""
    return run(
        _argv(folder, arguments),
        env=environ_for_git(environ),
        input=input,
        timeout_seconds=timeout_seconds,
        expected=expected,
    )


def git_together(folder: str | Path, *calls: Sequence[str], environ: Mapping[str, str]) -> list[Completed]:
    """The same for several calls, which run at a time."""
    argvs = [_argv(folder, words) for words in calls]
    return run_together(argvs, env=environ_for_git(environ), timeout_seconds=SECONDS)


def commit_of(folder: str | Path, revision: str, environ: Mapping[str, str]) -> str:
    """The commit that a revision of the user's means; InputError if it means none."""
    argv = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    done = git(folder, *argv, environ=environ, expected=(0, 1, 128))
    if done.code == 0:
        return done.text.strip()
    reason = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    # GitHub's checkout, and GitLab's.
    advice = (
        "a shallow clone has only the newest: 'git fetch' it, or 'fetch-depth: 0' or 'GIT_DEPTH: 0' in CI"
    )
    raise InputError(
        f"'{revision}' is not a revision of the git repository around '{folder}'"
        f"{f': {reason}' if reason else f' ({advice})'}"
    )


def environ_for_git(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that git gets."""
    return {**{name: value for name, value in environ.items() if name not in _OF_HOOKS}, **_QUIET}


def _argv(folder: str | Path, arguments: Sequence[str]) -> list[str]:
    return ["git", "-C", str(folder), *OPTIONS, *arguments]
