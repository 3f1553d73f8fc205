"""requirements.lock: what it was made from, whether that is still current, and the command that makes it.

Runs nothing: the workflow feeds `lock_input` to `lock_command` and writes `lock_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from jvbundler.app.model import LockState
from jvbundler.app.reading import exists, file_bytes, shown
from jvbundler.files import MIB
from jvbundler.values.problem import Place, Problem, error

NAME = "requirements.lock"
# A hash takes 80 characters, and a package has dozens of them.
MAX_BYTES = 16 * MIB
_HEADER = r"# jvbundler lock: (sha256:[0-9a-f]{64})\s*"
_JVSPATIAL = r"^jvspatial(?:\[[^\]\n]*\])?==([0-9A-Za-z.+!-]{1,64})"
_PINNED = r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?:\[[^\]\n]*\])?(?:==| @ )"
# Docker's and Lambda's names → those of `uv pip compile --python-platform`.
_PLATFORMS = {
    "linux/amd64": "x86_64-unknown-linux-gnu",
    "linux/arm64": "aarch64-unknown-linux-gnu",
    "x86_64": "x86_64-unknown-linux-gnu",
    "arm64": "aarch64-unknown-linux-gnu",
}


def lock_digest(
    requirements: Iterable[str], *, python_version: str, jvagent_version: str, platforms: Iterable[str]
) -> str:
    """`sha256:…` of everything that decides the lock's content; `requirements` are the specs to install."""
    import hashlib
    import json

    inputs = {
        "requirements": sorted(set(requirements)),
        "python": python_version,
        "jvagent": jvagent_version,
        "platforms": _uv_platforms(platforms),
    }
    return "sha256:" + hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def lock_input(requirements: Iterable[str]) -> str:
    """What `lock_command` reads from its standard input."""
    return "".join(f"{line}\n" for line in sorted(set(requirements)))


def lock_command(*, python_version: str, platforms: Sequence[str], uv: str = "uv") -> list[str]:
    """The argv that resolves standard input to pinned requirements with hashes on standard output.

    uv resolves for one platform at a time; for several it makes one file with markers (`--universal`).
    """
    wanted = _uv_platforms(platforms)
    target = ["--python-platform", wanted[0]] if len(wanted) == 1 else ["--universal"]
    options = ["--generate-hashes", "--no-header", "--quiet", "--python-version", python_version]
    return [uv, "pip", "compile", "-", *options, *target]


def lock_text(uv_output: str, digest: str) -> str:
    """The file's text: our header, then what uv wrote."""
    body = "".join(f"{line.rstrip()}\n" for line in uv_output.strip("\n").splitlines())
    return f"# jvbundler lock: {digest}\n# Do not edit; regenerate with: jvbundler lock\n{body}"


def read_lock(root: Path, shown_as: str, problems: list[Problem]) -> LockState | None:
    """The app's lock, None if it has none."""
    file = shown(shown_as, NAME)
    there = exists(root / NAME, file, problems)
    data = file_bytes(root / NAME, file, root, problems, MAX_BYTES) if there else None
    if data is None:
        return None
    text = data.decode("utf-8", errors="replace")
    pinned = re.search(_JVSPATIAL, text, re.MULTILINE)
    jvspatial = pinned[1] if pinned else ""
    names = frozenset(name.lower() for name in re.findall(_PINNED, text, re.MULTILINE))
    for number, line in enumerate(text.splitlines(), 1):
        found = re.fullmatch(_HEADER, line)
        if found:
            return LockState(found[1], Place(file, number), jvspatial, names)
    return LockState("", Place(file), jvspatial, names)


def is_current(lock: LockState | None, digest: str) -> bool:
    return lock is not None and lock.digest == digest


def lock_problem(lock: LockState | None, digest: str) -> Problem | None:
    """JVB210 for a lock that was made from other inputs than those of `digest`."""
    if lock is None or is_current(lock, digest):
        return None
    why = "was made from other requirements, Python, platforms or jvagent" if lock.digest else "is not ours"
    return error("JVB210", lock.place, f"'{NAME}' {why}", "run 'jvbundler lock', or delete the file")


def _uv_platforms(platforms: Iterable[str]) -> list[str]:
    return sorted({_PLATFORMS.get(platform, platform) for platform in platforms})
