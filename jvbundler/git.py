"""The only way to run git, in a repository that somebody else may have set up.

None of the repository's hooks and file system monitors is started, no question is asked, and variables that
git sets for its own hooks do not lead to another repository than that of the folder.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path

from jvbundler.runner import Completed, run

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
    folder: Path,
    *arguments: str,
    environ: Mapping[str, str],
    input: bytes | None = None,
    expected: Container[int] = (0,),
    timeout_seconds: float = SECONDS,
) -> Completed:
    """What git says in `folder`. Raises ToolFailed for an exit code that is not `expected`."""
    return run(
        ["git", "-C", str(folder), *OPTIONS, *arguments],
        env=environ_for_git(environ),
        input=input,
        timeout_seconds=timeout_seconds,
        expected=expected,
    )


def environ_for_git(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that git gets."""
    return {**{name: value for name, value in environ.items() if name not in _OF_HOOKS}, **_QUIET}
