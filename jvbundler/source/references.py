"""`{{ app.name }}` in the values of a tree → the value of that key of the same tree, recursively.

Plain dotted names are looked up here; jinja2 is imported only for filters and other expressions. What
references make of a file is limited: in length, in depth and in total.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from jvbundler.source.filters import Failed, Path, shown
from jvbundler.source.interpolate import escaped
from jvbundler.source.wording import MOST_GUESSES, did_you_mean, one_line
from jvbundler.values.node import Node, find, scalars
from jvbundler.values.problem import Problem, error

# An expression up to its `}}`, which may also occur in its strings; then a `{{` that is never closed.
_EXPRESSION = re.compile(
    r"""\{\{((?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^'"{}]|\}(?!\})|\{(?!\{))*)\}\}|\{\{""", re.DOTALL
)
_DOTTED = re.compile(r"\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*\Z")
_LITERAL_BRACES = re.compile(r"""\s*(?:'(\{\{|\}\})'|"(\{\{|\}\})")\s*\Z""")
# CloudFormation replaces these at deploy time.
_AWS_DYNAMIC = re.compile(r"resolve:(?:ssm|ssm-secure|secretsmanager):")
_INDEX = re.compile(r"[0-9]{1,9}\Z")
_LONGEST_CHAIN = 50
_MOST_KEYS = 2000  # finding what was meant compares with every key
_LONGEST_TEXT = 1024 * 1024
# Characters, and items of lists. 100 environments with 1,000 references of 50 characters each take 5 MiB.
_ALLOWANCE = 8 * 1024 * 1024


class Allowance:
    """How much the references of one file may still produce, over all its environments."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _ALLOWANCE


def resolve_references(root: Node, allowance: Allowance | None = None) -> tuple[Node, tuple[Problem, ...]]:
    """The tree with every reference of its values replaced; a node that fails has no value.

    A value that is exactly one reference takes over the type of what it refers to. One that refers to a
    secret becomes that secret, or a text composed with it. Parts without a reference are the same objects as
    before.
    """
    resolver = Resolver(root, allowance or Allowance())
    result = resolver.tree(root, ())
    return result, tuple(dict.fromkeys(resolver.problems))


class Resolver:
    """Resolves each node of one tree once, in the order in which they refer to each other."""

    __slots__ = ("_allowance", "_chain", "_done", "problems", "root")

    def __init__(self, root: Node, allowance: Allowance) -> None:
        self.root = root
        self._allowance = allowance
        self._done: dict[Path, Node | None] = {}  # None: it failed
        self._chain: list[Path] = []
        self.problems: list[Problem] = []

    def tree(self, node: Node, path: Path) -> Node:
        value = node.value
        if isinstance(value, str):
            # A node that failed gets no value, so that nothing judges its text a second time.
            return (self._resolved(node, path) or node._replace(value=None)) if "{{" in value else node
        if isinstance(value, dict):
            entries = {key: self.tree(child, (*path, key)) for key, child in value.items()}
            same = all(entries[key] is child for key, child in value.items())
            return node if same else node._replace(value=entries)
        if isinstance(value, list):
            items = [self.tree(child, (*path, index)) for index, child in enumerate(value)]
            same = all(new is old for new, old in zip(items, value, strict=True))
            return node if same else node._replace(value=items)
        return node

    def referred(self, path: Path) -> Node:
        """The resolved node at `path`. KeyError where there is none, Failed where it cannot be resolved."""
        node = find(self.root, path)
        if node is None:
            raise KeyError(path)
        if path in self._chain:
            raise Failed(self._cycle(path), "write one of them out")
        if not isinstance(node.value, str) or "{{" not in node.value:
            return node
        resolved = self._resolved(node, path)
        if resolved is None:
            raise Failed()
        return resolved

    def spend(self, amount: int) -> None:
        """Counts what a reference produces or visits. Failed where all of them together exceed the limit."""
        self._allowance.left -= amount
        if self._allowance.left < 0:
            size = _ALLOWANCE // (1024 * 1024)
            raise Failed(
                f"the references of this file make more than {size} MiB", "use fewer, or shorter values"
            )

    def _resolved(self, node: Node, path: Path) -> Node | None:
        if path in self._done:
            return self._done[path]
        if len(self._chain) == _LONGEST_CHAIN:
            raise Failed(f"a chain of more than {_LONGEST_CHAIN} references", "refer to the value itself")
        self._chain.append(path)
        try:
            self._done[path] = self._evaluated(node)
        except Failed as failure:
            self._done[path] = None
            if failure.message:
                self.problems.append(
                    error("JVB106", node.place, one_line(failure.message, 300), failure.hint)
                )
        finally:
            self._chain.pop()
        return self._done[path]

    def _evaluated(self, node: Node) -> Node:
        parts = list(self._parts(str(node.value), node))
        secret = next((part.secret for part in parts if part.secret), node.secret)
        if secret:
            if any(part.secret and part.value is None for part in parts):
                raise Failed()
            return node._replace(value=self._joined(list(map(_escaped, parts))), secret=secret)
        if len(parts) == 1:
            return node._replace(value=parts[0].value, text=parts[0].text)
        return node._replace(value=self._joined(parts))

    def _parts(self, text: str, node: Node) -> Iterator[Node]:
        """The literal texts and the resolved values that `text` consists of."""
        end = 0
        for found in _EXPRESSION.finditer(text):
            if found.start() > end:
                yield Node(text[end : found.start()], node.place, secret=node.secret)
            end = found.end()
            if found[1] is None:
                raise Failed(
                    "a '{{' is never closed", "close it with '}}'; {{ '{{' }} writes two literal braces"
                )
            literal = _LITERAL_BRACES.match(found[1])
            if literal:
                yield Node(literal[1] or literal[2], node.place, secret=node.secret)
            elif _AWS_DYNAMIC.match(found[1]):
                yield Node(found[0], node.place, secret=node.secret)
            else:
                yield self._expression(found[1])
        if end < len(text):
            yield Node(text[end:], node.place, secret=node.secret)

    def _joined(self, parts: list[Node]) -> str:
        """The text of several parts; numbers and booleans as they are written."""
        self.spend(len(parts) + sum(len(part.value) for part in parts if isinstance(part.value, str)))
        if any(part.value is None for part in parts):
            raise Failed(
                "a reference inside a text has no value (null)", "give it a value, or use '| default'"
            )
        text = "".join(_written(part) for part in parts)
        if len(text) > _LONGEST_TEXT:
            raise Failed("references make this text longer than 1 MiB", "refer to fewer values")
        return text

    def _cycle(self, path: Path) -> str:
        names = [shown(step) for step in (*self._chain[self._chain.index(path) :], path)]
        return f"'{names[0]}' refers to itself: {' → '.join(names)}"

    def _expression(self, expression: str) -> Node:
        dotted = _DOTTED.match(expression)
        if dotted:
            return self._dotted(self._path(dotted[1]))
        from jvbundler.source.expressions import evaluate

        return evaluate(expression, self)

    def _path(self, dotted: str) -> Path:
        """The path that a dotted name means: a number is an index in a list, else a key."""
        path: Path = ()
        node: Node | None = self.root
        for step in dotted.split("."):
            in_list = node is not None and isinstance(node.value, list) and _INDEX.match(step)
            path = (*path, int(step) if in_list else step)
            node = find(self.root, path)
        return path

    def _dotted(self, path: Path) -> Node:
        try:
            node = self.referred(path)
        except KeyError:
            raise self.unknown(path) from None
        if isinstance(node.value, (dict, list)):
            kind = "map" if isinstance(node.value, dict) else "list"
            raise Failed(f"'{shown(path)}' is a {kind}, not a single value", "refer to one of its values")
        return node

    def unknown(self, path: Path) -> Failed:
        """The failure of a reference to a key that is not there."""
        leaves = scalars(self.root) if len(self.problems) < MOST_GUESSES else iter(())
        known = [shown(other) for other, _ in islice(leaves, _MOST_KEYS)]
        hint = did_you_mean(shown(path), known) or "refer to a key by its path, as in '{{ app.name }}'"
        return Failed(f"'{shown(path)}' is referred to, but is not a key of this file", hint)


def _escaped(part: Node) -> Node:
    """A part of a text in which `${NAME}` stands for a secret."""
    if part.secret or part.value is None:
        return part
    return part._replace(value=escaped(_written(part)), text="")


def _written(part: Node) -> str:
    if part.text:
        return part.text
    return str(part.value).lower() if isinstance(part.value, bool) else str(part.value)
