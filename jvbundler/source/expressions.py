"""A reference with filters or operators, such as `{{ app.name | replace("_", "-") }}`, by jinja2.

It is imported only where such a reference is written. Evaluation is sandboxed and the same every time:
there is no randomness, and nothing that can grow without limit by multiplication.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import ChainableUndefined, StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from jvbundler.source.reference_path import Failed, Path, shown
from jvbundler.source.wording import did_you_mean
from jvbundler.values.node import Node

_LONGEST_PRODUCT = 1_000_000


class _Missing(ChainableUndefined, StrictUndefined):
    """So that `lambda.vpc.id | default("")` works where the whole section is missing."""

    __slots__ = ()


class _Environment(SandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})

    def __init__(self) -> None:
        super().__init__(undefined=_Missing)
        self.globals.clear()
        del self.filters["random"]

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise TypeError("'**' is not available")
        for text, times in ((left, right), (right, left)):
            if isinstance(text, (str, list, tuple)) and isinstance(times, int):
                _check_length(len(text) * times)
        return super().call_binop(context, operator, left, right)


def _check_length(length: int) -> None:
    if length > _LONGEST_PRODUCT:
        raise TypeError("the result is too long")


_ENVIRONMENT = _Environment()


class _Scope:
    """What an expression sees of the tree. It notes the names that are missing and the secrets it touches."""

    def __init__(self, root: Node, referred: Callable[[Path], Node]) -> None:
        self.root = root
        self._referred = referred
        self.missing: list[Path] = []
        self.secret = ""

    def value(self, path: Path) -> Any:
        try:
            node = self._referred(path)
        except KeyError:
            self.missing.append(path)
            raise
        self.secret = self.secret or node.secret
        if isinstance(node.value, dict):
            return _Map(self, path, tuple(node.value))
        if isinstance(node.value, list):
            return [self.value((*path, index)) for index in range(len(node.value))]
        return node.value


class _Map:
    """A map whose values are resolved when they are asked for, so that no false cycle comes up."""

    __slots__ = ("_keys", "_path", "_scope")

    def __init__(self, scope: _Scope, path: Path, keys: tuple[str, ...]) -> None:
        self._scope, self._path, self._keys = scope, path, keys

    def __getitem__(self, key: str) -> Any:
        return self._scope.value((*self._path, key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        raise TypeError(f"'{shown(self._path)}' is a map, not a single value")


def evaluate(
    expression: str, root: Node, referred: Callable[[Path], Node], unknown: Callable[[Path], Failed]
) -> Node:
    """The value of the expression as a node without a place of its own. Failed where it has none.

    `referred` is the resolved node at a path of `root`, `unknown` the failure of a path that is not there.
    """
    scope = _Scope(root, referred)
    try:
        names = find_undeclared_variables(_ENVIRONMENT.parse("{{" + expression + "}}"))
        compiled = _ENVIRONMENT.compile_expression(expression, undefined_to_none=False)
        result = compiled(_visible(sorted(names), scope))
    except Failed:
        raise
    except Exception as failure:  # a filter may raise anything
        if not scope.secret:  # else its text, which is not the value, was what failed
            raise _explained(failure, expression, scope, unknown) from None
        result = None
    if isinstance(result, Undefined):
        raise _unknown(expression, scope, unknown)
    if not isinstance(result, (str, int, float, type(None))) and not scope.secret:
        hint = "end it with a filter that makes one value, such as '| join(\",\")'"
        raise Failed(f"'{{{{{expression}}}}}' is not a single value", hint)
    value = str(result) if isinstance(result, str) else result
    return Node(value, root.place, secret=scope.secret)


def _visible(names: list[str], scope: _Scope) -> dict[str, Any]:
    top = scope.root.value
    known = set(top) if isinstance(top, dict) else set()
    scope.missing += [(name,) for name in names if name not in known]
    return {name: scope.value((name,)) for name in names if name in known}


def _explained(
    failure: Exception, expression: str, scope: _Scope, unknown: Callable[[Path], Failed]
) -> Failed:
    """What failed, in the user's terms."""
    if isinstance(failure, UndefinedError) and scope.missing:
        return _unknown(expression, scope, unknown)
    words = failure.message if isinstance(failure, TemplateSyntaxError) else str(failure)
    return Failed(f"'{{{{{expression}}}}}': {words}", _hint(words or ""))


def _hint(words: str) -> str:
    named = re.match(r"No filter named '(\w+)'", words)
    if named:
        return did_you_mean(named[1], _ENVIRONMENT.filters) or "use one of Jinja's filters"
    return "check the expression; {{ '{{' }} writes two literal braces"


def _unknown(expression: str, scope: _Scope, unknown: Callable[[Path], Failed]) -> Failed:
    if scope.missing:
        return unknown(scope.missing[-1])
    return Failed(f"'{{{{{expression}}}}}' has no value", "refer to a key of this file")
