"""What compiled templates need of Jinja2, without importing it: the import would take a sixth of a render.

scripts/compile_templates.py puts each template into the wheel as the function that Jinja2 makes of it. Such a
function asks an environment for filters, attributes and other templates, and a context for variables. Both
have stand-ins here, as far as our templates use them; the build refuses a template that uses more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

from jvbundler.render.text.escaping import FILTERS, Verbatim

Value = TypeVar("Value")
Root = Callable[["Context"], Iterator[str]]
Make = Callable[["Environment"], Root]

# Jinja2's mark for a variable that the context does not have.
missing: Any = object()
_OF_EVERY_DICT = frozenset(dir(dict))


class TemplateRuntimeError(Exception):
    """One of our templates is wrong."""


def internalcode(function: Value) -> Value:
    return function


def Undefined(why: str) -> Verbatim:
    """What a condition without `else` prints if it is false."""
    return Verbatim("")


def str_join(values: Iterable[object]) -> str:
    """The result of `~` for its operands."""
    return "".join(map(str, values))


def as_text(value: object) -> str:
    """Jinja2's `string`: a text stays as it is."""
    return value if isinstance(value, str) else str(value)


def undefined(name: str) -> NoReturn:
    raise TemplateRuntimeError(f"'{name}' is undefined")


def attribute(value: Any, name: str) -> Any:
    """`value.name` as Jinja2 reads it: an attribute, else an item."""
    if type(value) is dict and name not in _OF_EVERY_DICT:
        return value[name]  # the code below gives the same result, but by way of an exception
    try:
        return getattr(value, name)
    except AttributeError:
        return value[name]


# The Jinja2 filters that have a stand-in.
OWN_FILTERS: Mapping[str, Callable[..., Any]] = {"string": as_text}


class Context:
    """The variables of one template."""

    __slots__ = ("variables",)

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.variables = variables

    def resolve_or_missing(self, name: str) -> Any:
        return self.variables.get(name, missing)

    def get_all(self) -> Mapping[str, Any]:
        return self.variables

    @staticmethod
    def call(function: Callable[..., Value], *arguments: Any, _loop_vars: object = None) -> Value:
        return function(*arguments)


class LoopContext:
    """A loop that uses `loop.first`."""

    def __init__(self, items: Iterable[Any], undefined: object) -> None:
        self._items = items
        self.first = True

    def __iter__(self) -> Iterator[tuple[Any, LoopContext]]:
        for item in self._items:
            yield item, self
            self.first = False


class Template:
    """A template that another one includes."""

    __slots__ = ("root_render_func",)

    def __init__(self, root: Root) -> None:
        self.root_render_func = root

    @staticmethod
    def new_context(variables: Mapping[str, Any], shared: bool, own: Mapping[str, Any]) -> Context:
        """The variables of the including template, and `own`, those of the loop around it."""
        return Context({**variables, **{name: value for name, value in own.items() if value is not missing}})


class Environment:
    """The templates of one kind of file. `escape` turns a printed value into text that is correct there."""

    concat = "".join
    undefined = staticmethod(undefined)
    getattr = staticmethod(attribute)
    tests: Mapping[str, Callable[[Any], bool]] = {"none": lambda value: value is None}

    def __init__(
        self,
        made: Mapping[str, Make],
        escape: Callable[[object], str],
        filters: Mapping[str, Callable[..., Any]] = FILTERS,
    ) -> None:
        self._made, self._escape = made, escape
        self.filters: Mapping[str, Callable[..., Any]] = {**filters, **OWN_FILTERS}
        self._templates: dict[str, Template] = {}

    def finalize(self, value: object) -> str:
        return value if isinstance(value, Verbatim) else self._escape(value)

    def get_template(self, name: str, parent: str = "") -> Template:
        if name not in self._templates:
            self._templates[name] = Template(self._made[name](self))
        return self._templates[name]

    get_or_select_template = get_template

    def render(self, name: str, variables: Mapping[str, Any]) -> str:
        return "".join(self.get_template(name).root_render_func(Context(variables)))
