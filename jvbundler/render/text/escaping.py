"""Values → text that means the same in the file that it is printed in: YAML, a Dockerfile, TOML, a shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

from jvbundler.render.text import yaml_text


class Verbatim(str):
    """Text that is printed as it is."""

    __slots__ = ()


def docker_word(value: object) -> str:
    """A value of ENV, ARG or LABEL: in double quotes, so that only `\\`, `"` and `$` mean something."""
    text = str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


def toml_value(value: object) -> str:
    """A TOML value: its basic strings are JSON's, but for the delete character, which TOML wants escaped."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


ESCAPES: dict[str, Callable[[object], str]] = {
    ".yaml.j2": yaml_text.flow,
    "Dockerfile.j2": docker_word,
    ".toml.j2": toml_value,
}


@lru_cache
def escape_of(template: str) -> Callable[[object], str]:
    """What escapes the values that a template prints, by the name of its file."""
    return next((escape for suffix, escape in ESCAPES.items() if template.endswith(suffix)), str)


def block(value: object, indent: int = 0) -> Verbatim:
    return Verbatim(yaml_text.block(value, indent))


def to_json(value: object) -> Verbatim:
    return Verbatim(json.dumps(value, ensure_ascii=False))


def shell(value: object) -> Verbatim:
    """Always in single quotes: a reader need not know which characters are safe without."""
    return Verbatim("'" + str(value).replace("'", "'\"'\"'") + "'")


FILTERS: dict[str, Callable[..., Verbatim]] = {
    "block": block,
    "json": to_json,
    "shell": shell,
    "verbatim": Verbatim,
}
