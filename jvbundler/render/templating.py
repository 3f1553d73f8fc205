"""Templates → text: the one module that knows Jinja2. What a template prints is escaped for its kind of file.

In `*.yaml.j2` every printed value is a YAML scalar, or a flow collection; in `Dockerfile.j2` a double-quoted
word; in `*.toml.j2` a TOML value. `| block(n)` prints a value over several lines, `| shell` a shell word,
`| json` a JSON text, `| verbatim` text that has been checked against a pattern already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jvbundler.errors import InputError
from jvbundler.packaged import packaged_path
from jvbundler.problem import Place, error
from jvbundler.render import yaml_text

if TYPE_CHECKING:
    from jinja2 import Environment


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


def escape_of(name: str) -> Callable[[object], str]:
    return next((escape for suffix, escape in ESCAPES.items() if name.endswith(suffix)), str)


def block(value: object, indent: int = 0) -> Verbatim:
    return Verbatim(yaml_text.block(value, indent))


def to_json(value: object) -> Verbatim:
    return Verbatim(json.dumps(value, ensure_ascii=False))


def shell(value: object) -> Verbatim:
    """Always in single quotes: a reader need not know which characters are safe without."""
    return Verbatim("'" + str(value).replace("'", "'\"'\"'") + "'")


FILTERS = {"block": block, "json": to_json, "shell": shell, "verbatim": Verbatim}


TEMPLATES = packaged_path("templates")
COMPILED = packaged_path("compiled")


@lru_cache
def environment(escape: Callable[[object], str], overrides: Path | None) -> Environment:
    """The templates whose output `escape` escapes: the user's, else the compiled ones, else their text."""
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined
    from jinja2.runtime import Undefined

    def finalize(value: object) -> object:
        # An undefined value is left to StrictUndefined, which names it.
        return value if isinstance(value, (Verbatim, Undefined)) else escape(value)

    ours = ModuleLoader(COMPILED) if COMPILED.is_dir() else FileSystemLoader(TEMPLATES)
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(overrides), ours]) if overrides else ours,
        undefined=StrictUndefined,
        finalize=finalize,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(FILTERS)
    return made


def render(name: str, context: Mapping[str, Any], overrides: Path | None = None) -> str:
    """The text of template `name` (`kubernetes/service.yaml.j2`) for `context`.

    `overrides` is the folder of `--templates`: a template that is there takes the place of ours.
    A template that fails is the user's mistake where it is an override, and then names its line.
    """
    from jinja2 import TemplateError

    try:
        return environment(escape_of(name), overrides).get_template(name).render(context)
    except (TemplateError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as failure:
        if overrides is None or not (overrides / name).is_file():
            raise
        place = Place(f"{overrides}/{name}", line_of(failure, f"{overrides}/{name}"))
        problem = error(
            "JVB120",
            place,
            f"the template failed: {failure}",
            "`jvbundler templates show` prints the original",
        )
        raise InputError(problems=[problem]) from failure


def compile_templates(folder: Path) -> None:
    """Writes every template into `folder` as a Python module, for the wheel."""
    for escape in {*ESCAPES.values(), str}:
        made = environment(escape, None)
        names = [name for name in made.list_templates() if escape_of(name) is escape]
        made.compile_templates(folder, filter_func=names.__contains__, zip=None, ignore_errors=False)


def line_of(failure: BaseException, file: str) -> int:
    """The template's line that failed: a syntax error knows it, else Jinja2 put it into the traceback."""
    line = getattr(failure, "lineno", None)
    trace = failure.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line or 1
