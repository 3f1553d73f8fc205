"""A reference with a filter or an operator, such as `{{ app.name | replace("_", "-") }}`: its value.

Jinja2 parses it, and is imported only where such a reference is written. It is evaluated here, node by node,
not by Jinja2: what is not in `_NODES` or filters.py does not exist. There is no arithmetic and no loop, so
that an expression takes as many steps as it has nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from jvbundler.source.filters import (
    FILTERS,
    METHODS,
    TESTS,
    Failed,
    Missing,
    NotAllowed,
    Offer,
    Path,
    checked,
    shown,
    text_of,
)
from jvbundler.source.wording import did_you_mean, one_line
from jvbundler.values.node import Node

if TYPE_CHECKING:
    from jvbundler.source.references import Resolver

LONGEST_EXPRESSION = 1000  # characters
_ENVIRONMENT = Environment(autoescape=False)  # nothing is rendered by it
_HINT = "check the expression; {{ '{{' }} writes two literal braces"
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "lt": lambda left, right: bool(left < right),
    "lteq": lambda left, right: bool(left <= right),
    "gt": lambda left, right: bool(left > right),
    "gteq": lambda left, right: bool(left >= right),
    "in": lambda left, right: bool(left in right),
    "notin": lambda left, right: bool(left not in right),
}


class _Map:
    """A map of the file; its values are resolved on demand, so that no false cycle is reported."""

    __slots__ = ("keys", "path")

    def __init__(self, path: Path, keys: tuple[str, ...]) -> None:
        self.path, self.keys = path, keys

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self.keys


class _Scope:
    """What an expression sees of the tree. It notes the secrets that it touches, and their stand-ins."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.secret = ""
        self.secret_texts: list[object] = []

    def value(self, path: Path) -> Any:
        try:
            node = self.resolver.referred(path)
        except KeyError:
            return Missing(shown(path))
        if node.secret:
            self.secret = self.secret or node.secret
            self.secret_texts.append(node.value)
        if isinstance(node.value, (dict, list)):
            self.resolver.spend(len(node.value))
        if isinstance(node.value, dict):
            return _Map(path, tuple(node.value))
        if isinstance(node.value, list):
            return [self.value((*path, index)) for index in range(len(node.value))]
        return node.value

    def made(self, text: str) -> str:
        """A text that the expression made, if it is not too long."""
        self.resolver.spend(len(text))
        return checked(text)

    def below(self, value: Any, key: Any) -> Any:
        """`value.key` and `value[key]`."""
        if isinstance(value, _Map):
            return self.value((*value.path, str(key)))
        if isinstance(value, Missing):
            return Missing(f"{value.name}.{key}")
        is_index = isinstance(key, int) and not isinstance(key, bool)
        if isinstance(value, (list, str)) and is_index and 0 <= key < len(value):
            return value[key]
        raise NotAllowed(f"there is no '{one_line(str(key))}' in a single value or list")


def evaluate(expression: str, resolver: Resolver) -> Node:
    """The value of the expression as a node without a place of its own. Failed where it has none."""
    if len(expression) > LONGEST_EXPRESSION:
        hint = "write the value out, or split it into several"
        raise Failed(f"an expression is longer than {LONGEST_EXPRESSION:,} characters", hint)
    scope = _Scope(resolver)
    try:
        value = _value(_parsed(expression), scope)
        if isinstance(value, Missing):
            raise resolver.unknown(tuple(value.name.split(".")))
        if isinstance(value, (_Map, list)):
            hint = "end it with a filter that makes one value, such as '| join(\",\")'"
            raise NotAllowed("is not a single value", hint)
        # The same object: a filter may make an equal text from something else.
        if scope.secret and not any(value is text for text in scope.secret_texts):
            hint = f"refer to '{scope.secret}' by its key alone"
            raise NotAllowed("uses the value of a secret, which is not known here", hint)
    except (NotAllowed, TemplateSyntaxError, TypeError, RecursionError) as failure:
        raise _explained(failure, expression) from None
    return Node(value, resolver.root.place, secret=scope.secret)


def _parsed(expression: str) -> nodes.Node:
    parser = Parser(_ENVIRONMENT, expression, state="variable")
    tree = parser.parse_expression()
    if not parser.stream.eos:
        raise NotAllowed(
            f"'{one_line(str(parser.stream.current), 40)}' is where the expression should end", _HINT
        )
    return tree


def _explained(failure: Exception, expression: str) -> Failed:
    """What failed, in the user's terms."""
    where = f"'{{{{{one_line(expression, 100)}}}}}'"
    if isinstance(failure, NotAllowed):
        separator = " " if str(failure).startswith(("is ", "looks ")) else ": "
        return Failed(f"{where}{separator}{failure}", failure.hint)
    if isinstance(failure, RecursionError):
        return Failed(f"{where}: nested too deep", "write it with fewer brackets")
    if isinstance(failure, TypeError):
        return Failed(f"{where}: values of two kinds cannot be compared", "compare numbers with numbers")
    return Failed(f"{where}: {getattr(failure, 'message', failure)}", _HINT)


def _value(node: nodes.Node, scope: _Scope) -> Any:
    for kind, evaluated in _NODES.items():
        if isinstance(node, kind):
            return evaluated(node, scope)
    raise NotAllowed(_WORDS.get(type(node).__name__, f"'{type(node).__name__}' is not available"))


def _present(node: nodes.Node, scope: _Scope) -> Any:
    """The value of a part that has to have one."""
    value = _value(node, scope)
    if isinstance(value, Missing):
        raise scope.resolver.unknown(tuple(value.name.split(".")))
    return value


def _concatenated(node: nodes.Concat, scope: _Scope) -> str:
    return scope.made("".join(text_of(_present(part, scope)) for part in node.nodes))


def _compared(node: nodes.Compare, scope: _Scope) -> bool:
    left = _present(node.expr, scope)
    for operand in node.ops:
        right = _present(operand.expr, scope)
        if not _COMPARISONS[operand.op](left, right):
            return False
        left = right
    return True


def _chosen(node: nodes.CondExpr, scope: _Scope) -> Any:
    if _truth(node.test, scope):
        return _value(node.expr1, scope)
    return _value(node.expr2, scope) if node.expr2 is not None else ""


def _truth(node: nodes.Node, scope: _Scope) -> bool:
    return _is_true(_value(node, scope))


def _is_true(value: Any) -> bool:
    return not isinstance(value, Missing) and bool(value)


def _conjunction(node: nodes.And, scope: _Scope) -> Any:
    left = _value(node.left, scope)
    return _value(node.right, scope) if _is_true(left) else left


def _disjunction(node: nodes.Or, scope: _Scope) -> Any:
    left = _value(node.left, scope)
    return left if _is_true(left) else _value(node.right, scope)


def _filtered(node: nodes.Filter, scope: _Scope) -> Any:
    offer = _offered("filter", node.name, FILTERS)
    assert node.node is not None, "a block of a template is not an expression"
    value = (_value if node.name == "default" else _present)(node.node, scope)
    return _applied(offer, node.name, value, node, scope)


def _tested(node: nodes.Test, scope: _Scope) -> Any:
    return _applied(_offered("test", node.name, TESTS), node.name, _value(node.node, scope), node, scope)


def _called(node: nodes.Call, scope: _Scope) -> Any:
    if not isinstance(node.node, nodes.Getattr):
        raise NotAllowed("functions are not available")
    name = node.node.attr
    return _applied(_offered("method", name, METHODS), name, _present(node.node.node, scope), node, scope)


def _offered(kind: str, name: str, offers: Mapping[str, Offer]) -> Offer:
    if name in offers:
        return offers[name]
    there = f"known here: {', '.join(offers)}"
    raise NotAllowed(f"there is no {kind} '{one_line(name)}'", did_you_mean(name, offers) or there)


def _applied(offer: Offer, name: str, value: Any, node: Any, scope: _Scope) -> Any:
    least, most = offer.arguments
    named = node.kwargs or node.dyn_args or node.dyn_kwargs
    if named or not least <= len(node.args) <= most:
        count = str(least) if least == most else f"{least} or {most}"
        raise NotAllowed(
            f"'{name}' takes {count} argument{'' if most == 1 else 's'} in brackets, without names"
        )
    result = offer.apply(value, *(_present(argument, scope) for argument in node.args))
    return scope.made(result) if isinstance(result, str) else result


_NODES: dict[type[nodes.Node], Callable[[Any, _Scope], Any]] = {
    nodes.Const: lambda node, scope: node.value,
    nodes.TemplateData: lambda node, scope: node.data,
    nodes.Name: lambda node, scope: scope.value((node.name,)),
    nodes.Getattr: lambda node, scope: scope.below(_value(node.node, scope), node.attr),
    nodes.Getitem: lambda node, scope: scope.below(_value(node.node, scope), _present(node.arg, scope)),
    nodes.List: lambda node, scope: [_present(item, scope) for item in node.items],
    nodes.Concat: _concatenated,
    nodes.Compare: _compared,
    nodes.CondExpr: _chosen,
    nodes.Not: lambda node, scope: not _truth(node.node, scope),
    nodes.And: _conjunction,
    nodes.Or: _disjunction,
    nodes.Filter: _filtered,
    nodes.Test: _tested,
    nodes.Call: _called,
}
_WORDS = {
    name: f"'{sign}' is not available: there is no arithmetic"
    for name, sign in (
        ("Add", "+"),
        ("Sub", "-"),
        ("Mul", "*"),
        ("Div", "/"),
        ("FloorDiv", "//"),
        ("Mod", "%"),
        ("Pow", "**"),
        ("Neg", "-"),
        ("Pos", "+"),
    )
}
