"""Reads .env.example: the variables an app uses, for `init`. Never reads .env, which has the secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jvbundler.app.model import Variable
from jvbundler.app.reading import exists, file_bytes, shown
from jvbundler.values.problem import Place, Problem
from jvbundler.values.secret_names import looks_secret
from jvbundler.values.secret_values import contains_secret

NAME = ".env.example"
_ASSIGNMENT = r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)"
# Upper case only, so that a sentence with an equals sign stays a comment.
_COMMENTED = r"\s*#\s?([A-Z][A-Z0-9_]*)=(.*)"
_BANNER = r"\W*"


def read_env_example(root: Path, shown_as: str, problems: list[Problem]) -> tuple[Variable, ...]:
    file = shown(shown_as, NAME)
    if not exists(root / NAME, file, problems):
        return ()
    data = file_bytes(root / NAME, file, root, problems)
    return parse_env_example((data or b"").decode("utf-8-sig", errors="replace"), file)


def parse_env_example(content: str, file: str) -> tuple[Variable, ...]:
    """The variables in the order of the file, each once; an assignment counts more than a commented one."""
    found: dict[str, Variable] = {}
    for variable in _variables(content, file):
        known = found.get(variable.name)
        if known is None or known.commented or not variable.commented:
            found[variable.name] = variable
    return tuple(found.values())


def _variables(content: str, file: str) -> Iterator[Variable]:
    lines = iter(enumerate(content.splitlines(), 1))
    comment: list[str] = []
    for number, line in lines:
        commented = line.lstrip().startswith("#")
        match = re.fullmatch(_COMMENTED if commented else _ASSIGNMENT, line) if "=" in line else None
        if match:
            raw = match[2] if commented else _whole_value(match[2], lines)
            place = Place(file, number, match.start(1) + 1)
            yield _variable(match[1], _unquoted(raw), " ".join(comment), commented, place)
            comment = []
        elif commented and not re.fullmatch(_BANNER, line):
            comment.append(line.lstrip().lstrip("#").strip())
        else:
            comment = []


def _variable(name: str, value: str, comment: str, commented: bool, place: Place) -> Variable:
    secret = looks_secret(name) or contains_secret(value)
    return Variable(name, "" if secret else value, secret, comment, commented, place)


def _whole_value(raw: str, lines: Iterator[tuple[int, str]]) -> str:
    """The value with the following lines when a quote stays open, as a private key's does."""
    raw = raw.strip()
    quote = raw[:1]
    if quote not in ('"', "'") or quote in raw[1:]:
        return raw
    following: list[str] = []
    for _, line in lines:
        following.append(line)
        if quote in line:
            return "\n".join([raw, *following])
    return raw


def _unquoted(raw: str) -> str:
    raw = raw.strip()
    quoted = re.match(r"""(?s)(["'])(.*?)\1""", raw)
    if quoted:
        return quoted[2]
    return re.sub(r"(?:^|\s+)#.*", "", raw).strip()
