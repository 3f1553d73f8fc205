"""Templates → text: the only module that knows Jinja2. Printed values are escaped for the kind of file.

In `*.yaml.j2` every printed value is a YAML scalar, or a flow collection; in `Dockerfile.j2` a double-quoted
word; in `*.dockerignore.j2` a pattern of one path; in `*.toml.j2` a TOML value; in `*.md.j2` prose.
`| block(n)` prints a value over several lines, `| shell` and `| word` a word of a command, `| json` a JSON
text, `| code` a code span, `| comment` a part of a comment, `| verbatim` a value that a pattern has checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jvbundler.render.text import template_runtime
from jvbundler.render.text.escaping import FILTERS, Verbatim, escape_of, of_neutral
from jvbundler.render.text.structure import Structure, refuse_difference, structure_of
from jvbundler.values.packaged import PACKAGE, packaged_path
from jvbundler.values.problem import InputError, Place, error

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = packaged_path("templates")
# Only in the wheel: a checkout reads the text, so that an edit counts at once.
COMPILED = "compiled_templates"


def render(name: str, context: Mapping[str, Any], overrides: Path | None = None) -> str:
    """The text of template `name` (`kubernetes/service.yaml.j2`) for `context`.

    `overrides` is the folder of `--templates`: a template in it replaces ours. An override that fails is the
    user's mistake, reported with its line. A value that became more than a value is our bug: BrokenStructure.
    """
    return _overridden(name, context, overrides) if overrides else _checked(name, context)


def _checked(name: str, context: Mapping[str, Any], overrides: Path | None = None) -> str:
    """The text, after checking that its structure is what the template writes for neutral values."""
    text = _text(name, context, overrides)
    structure = structure_of(name)
    found = structure(text) if structure else []
    # Without structure, there is nothing that a value could have become.
    if structure and found:
        written = _text(name, context, overrides, is_neutral=True)
        refuse_difference(name, found, _structure(structure, written))
    return text


@lru_cache(maxsize=256)
def _structure(structure: Structure, neutral: str) -> list[str]:
    """Cached: similar apps differ only in their values."""
    return structure(neutral)


def _text(name: str, context: Mapping[str, Any], overrides: Path | None, *, is_neutral: bool = False) -> str:
    escape = escape_of(name)
    if is_compiled() and not overrides:
        return compiled(escape, is_neutral=is_neutral).render(name, context)
    return environment(escape, overrides, is_neutral=is_neutral).get_template(name).render(context)


@lru_cache
def is_compiled() -> bool:
    return (PACKAGE / f"{COMPILED}.py").is_file()


@lru_cache
def compiled(escape: Callable[[object], str], *, is_neutral: bool = False) -> template_runtime.Environment:
    templates = import_module(f"jvbundler.{COMPILED}").TEMPLATES
    return template_runtime.Environment(templates, *_escapes(escape, is_neutral=is_neutral))


def _escapes(
    escape: Callable[[object], str], *, is_neutral: bool
) -> tuple[Callable[[object], str], Mapping[str, Callable[..., Verbatim]]]:
    """The escape and the filters, or those that print neutral values."""
    if not is_neutral:
        return escape, FILTERS
    return of_neutral(escape), {name: of_neutral(made) for name, made in FILTERS.items()}


@lru_cache
def environment(
    escape: Callable[[object], str], overrides: Path | None = None, *, is_neutral: bool = False
) -> Environment:
    """The templates whose values `escape` escapes: the user's, else ours."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from jinja2.runtime import Undefined

    escaped, filters = _escapes(escape, is_neutral=is_neutral)

    def finalize(value: object) -> object:
        # An undefined value is left to StrictUndefined, which names it.
        return value if isinstance(value, (Verbatim, Undefined)) else escaped(value)

    made = Environment(
        loader=FileSystemLoader([overrides, TEMPLATES] if overrides else TEMPLATES),
        undefined=StrictUndefined,
        finalize=finalize,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(filters)
    return made


def _overridden(name: str, context: Mapping[str, Any], overrides: Path) -> str:
    from jinja2 import TemplateError

    try:
        return _checked(name, context, overrides)
    except (TemplateError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as failure:
        file = f"{overrides}/{name}"
        if not (overrides / name).is_file():
            raise
        hint = "`jvbundler templates show` prints the original"
        problem = error(
            "JVB120", Place(file, line_of(failure, file)), f"the template failed: {failure}", hint
        )
        raise InputError(problems=[problem]) from failure


def line_of(failure: BaseException, file: str) -> int:
    """The template's line that failed: from the syntax error, else from the traceback."""
    line = getattr(failure, "lineno", None)
    trace = failure.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line or 1
