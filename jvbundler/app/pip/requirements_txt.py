"""Reads a requirements.txt of the app line by line. Options for pip are left out, each with a warning."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from jvbundler.app.model import REQUIREMENTS, Wish
from jvbundler.app.reading import file_bytes, outside, shown
from jvbundler.files import leads_outside
from jvbundler.values.problem import Place, Problem, error, warning

_INCLUDE = re.compile(r"(?:-r|--requirement)(?:\s+|=|(?<=-r))(.+)")
_ADDRESS = re.compile(r"(?:[a-z]+\+)?[a-z]+://|\.{0,2}/|[^\s@]+\.(?:whl|tar\.gz|zip)$", re.IGNORECASE)
_LINE_OPTION = re.compile(r"\s+--?(?:hash|config-settings?|global-option)[=\s].*")


def read_requirements(root: Path, shown_as: str, problems: list[Problem]) -> tuple[Wish, ...]:
    """The requirements of `requirements.txt` and of the files it includes with `-r`."""
    return requirements_of(root / REQUIREMENTS, REQUIREMENTS, root, shown_as, problems)


def requirements_of(
    path: Path, by: str, root: Path, shown_as: str, problems: list[Problem]
) -> tuple[Wish, ...]:
    """The requirements of a file of this kind that is somewhere in the app, and what it includes."""
    wishes = _read(path, root, shown_as, problems, set())
    return tuple(wish._replace(by=by) for wish in wishes)


def _read(path: Path, root: Path, shown_as: str, problems: list[Problem], seen: set[str]) -> Iterator[Wish]:
    seen.add(_real(path))
    file = shown(shown_as, _relative(path, root))
    data = file_bytes(path, file, root, problems)
    if data is None:
        return
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(error("JVB204", Place(file), f"'{file}' is not UTF-8 text", "save it as UTF-8"))
        return
    for place, line in _logical_lines(content, file):
        include = _INCLUDE.fullmatch(line)
        if include:
            target = path.parent / include[1].strip().strip("\"'")
            yield from _included(target, place, root, shown_as, problems, seen)
        else:
            yield from _wish(line, place, problems)


def _included(
    target: Path, place: Place, root: Path, shown_as: str, problems: list[Problem], seen: set[str]
) -> Iterator[Wish]:
    if leads_outside(target, root):
        problems.append(outside(_relative(target, root), place))
    elif not os.path.isfile(target):  # noqa: PTH113 (Path.is_file raises for a name that is too long)
        problems.append(error("JVB204", place, f"there is no file '{_relative(target, root)}' to include"))
    elif _real(target) not in seen:
        yield from _read(target, root, shown_as, problems, seen)


def _wish(line: str, place: Place, problems: list[Problem]) -> Iterator[Wish]:
    if re.match(r"(?:-e|--editable)\b", line) or (_ADDRESS.match(line) and " @ " not in line):
        hint = "write 'name @ https://…' or 'name @ git+https://…'; the app's own code need not be installed"
        problems.append(
            error("JVB204", place, f"'{line}' names no package that an image could install", hint)
        )
        return
    if line.startswith("-"):
        problems.append(_left_out(line, place))
        return
    text = _LINE_OPTION.sub("", line)
    if text != line:
        problems.append(_left_out(line[len(text) :].strip(), place))
    yield Wish(text.strip(), REQUIREMENTS, place)


def _left_out(option: str, place: Place) -> Problem:
    hint = "'jvbundler lock' writes hashes to requirements.lock; an index is set where the image is built"
    return warning("JVB204", place, f"'{option}' is left out: it is an option for pip, not a package", hint)


def _logical_lines(content: str, file: str) -> Iterator[tuple[Place, str]]:
    """Lines without comments and blanks; one that ends in a backslash is joined with the next."""
    pending, start = "", 0
    for number, raw in enumerate(content.splitlines(), 1):
        start = start or number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            pending += raw[:-1]
            continue
        line = re.sub(r"(?:^|\s+)#.*", "", pending + raw)
        if line.strip():
            yield Place(file, start, len(line) - len(line.lstrip()) + 1), line.strip()
        pending, start = "", 0
    if pending.strip():
        yield Place(file, start), pending.strip()


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL: there is no such file
        return str(path)


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
