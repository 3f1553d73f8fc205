"""A virtual environment with exactly the packages of the image, kept in the user's cache by their digest."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.app.pip.requirements_lock import MAX_BYTES, NAME
from jvbundler.files import read_file, reason
from jvbundler.output.outside import cache_folder
from jvbundler.output.writer_lock import only_writer
from jvbundler.project.build import image_requirements, python_version
from jvbundler.runner import find_tool, follow, run
from jvbundler.values.problem import OutputRefused

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release

INSTALL_SECONDS = 1800.0
ASK_SECONDS = 30.0
BIN = "Scripts" if sys.platform == "win32" else "bin"


class Packages(NamedTuple):
    """`text` is a requirements file, `hashed` if it is the app's lock; `python` is the image's version."""

    text: str
    hashed: bool
    python: str
    index_url: str


def packages_of(release: Release) -> Packages:
    project = release.project
    hashed = project.app.lock is not None
    text = (
        read_file(release.app_root / NAME, MAX_BYTES).decode("utf-8", "replace")
        if hashed
        else "".join(f"{requirement}\n" for requirement in image_requirements(project))
    )
    return Packages(text, hashed, python_version(project), project.base.settings["image"]["index_url"])


def programs(
    packages: Packages,
    environ: Mapping[str, str],
    note: Callable[[str], None],
    on_line: Callable[[str], None],
    mask: Sequence[str],
) -> Path:
    """The folder with the environment's programs; it is made where it is missing.

    Raises ToolFailed with the installer's own words, and OutputRefused while another process makes it.
    """
    python = _python(packages.python, environ, note)
    digest = hashlib.sha256("\0".join((python, packages.index_url, packages.text)).encode()).hexdigest()
    folder = cache_folder(environ) / "environments" / digest[:32]
    done = folder / "complete"
    if not done.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with only_writer(folder):
                _make(folder, python, packages, environ, note, on_line, mask)
                done.touch()
        except OSError as failure:
            raise OutputRefused(f"cannot make '{folder}': {reason(failure)}") from failure
    return folder / "venv" / BIN


def _python(version: str, environ: Mapping[str, str], note: Callable[[str], None]) -> str:
    """The interpreter of the image's version, if there is one here; else ours."""
    name = f"python{version}"
    if sys.version_info[:2] != tuple(int(part) for part in version.split(".")[:2]):
        if find_tool(name):
            words = (name, "-c", "import sys; print(sys.executable)")
            # A shim of pyenv is there without its Python.
            done = run(words, env=environ, timeout_seconds=ASK_SECONDS, expected=range(256))
            if not done.code:
                return done.text.strip()
        ours = ".".join(map(str, sys.version_info[:2]))
        note(f"Python {version}, as in the image, is not installed here: {ours} runs the app")
    return sys.executable


def _make(
    folder: Path,
    python: str,
    packages: Packages,
    environ: Mapping[str, str],
    note: Callable[[str], None],
    on_line: Callable[[str], None],
    mask: Sequence[str],
) -> None:
    from jvbundler.pipeline.requirements_lock import uv

    venv, requirements = folder / "venv", folder / "requirements.txt"
    shutil.rmtree(venv, ignore_errors=True)
    requirements.write_text(packages.text, encoding="utf-8")
    wanted = (*(("--require-hashes",) if packages.hashed else ()), "-r", str(requirements))
    index = ("--index-url", packages.index_url) if packages.index_url else ()
    installer = find_tool(uv())
    if installer:
        made: tuple[str, ...] = (installer, "venv", "--python", python, str(venv))
        install: tuple[str, ...] = (
            installer,
            "pip",
            "install",
            "--python",
            str(venv / BIN / "python"),
            *index,
            *wanted,
        )
    else:
        made = (python, "-m", "venv", str(venv))
        install = (str(venv / BIN / "python"), "-m", "pip", "install", *index, *wanted)
    note(f"install the image's packages into {venv}, once")
    for command in (made, install):
        follow(command, on_line=on_line, env=environ, timeout_seconds=INSTALL_SECONDS, mask=mask)
