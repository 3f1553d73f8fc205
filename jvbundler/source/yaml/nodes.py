"""YAML events → one `Node` tree. It stops before a file can cost much memory or time.

It works on events rather than on PyYAML's node graph because a limit must hold while the file is read. A
scalar follows PyYAML's YAML 1.1 rules, wherever its text comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from yaml import ScalarNode
from yaml.constructor import SafeConstructor
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.resolver import Resolver

from jvbundler.source.wording import one_line, quoted
from jvbundler.values.node import Node, Scalar
from jvbundler.values.problem import Place, Problem, error

MAX_DEPTH = 64
MAX_ALIASED = 10_000
_CHARACTERS_PER_NODE = 128  # a long text that is repeated by aliases counts for more than one node
_MAP_TAG, _LIST_TAG = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
_OPEN = "open"
_PREFIX = "tag:yaml.org,2002:"
_CONSTRUCTOR = SafeConstructor()
_CONSTRUCT: Mapping[str, Callable[[ScalarNode], Scalar]] = {
    _PREFIX + "null": lambda node: None,
    _PREFIX + "bool": _CONSTRUCTOR.construct_yaml_bool,
    _PREFIX + "int": _CONSTRUCTOR.construct_yaml_int,
    _PREFIX + "float": _CONSTRUCTOR.construct_yaml_float,
    # Timestamps stay as written: no key holds a date, and a version such as 2024-01-01 is a text.
    _PREFIX + "timestamp": lambda node: str(node.value),
    _PREFIX + "str": lambda node: str(node.value),
}
# A longer number is a text: it is not a setting, and a base-60 number takes time quadratic in its length.
_LONGEST_NUMBER = 100


class Refused(Exception):
    """The file goes over a limit or cannot be a tree; reading stops here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Composer:
    """Builds the tree of one document; `problems` collects what does not stop it."""

    __slots__ = ("_aliased", "_anchors", "_depth", "_file", "_next", "_size", "problems")

    def __init__(self, next_event: Callable[[], Event], file: str, problems: list[Problem]) -> None:
        self._next = next_event
        self._file = file
        self._anchors: dict[str, tuple[Node, int, str] | str] = {}
        self._depth = 0
        self._size = 0  # nodes so far, including those that aliases repeat
        self._aliased = 0
        self.problems = problems

    def node(self, event: Event, key_place: Place | None = None) -> Node:
        """The node that begins with `event`, and the place of its key in an entry of a mapping."""
        if isinstance(event, ScalarEvent):
            return self._scalar(event, key_place)
        if isinstance(event, MappingStartEvent):
            return self._collection(event, self._mapping, key_place)
        if isinstance(event, SequenceStartEvent):
            return self._collection(event, self._sequence, key_place)
        # A new node: the value is shared, but its key is not.
        return self._alias(event)[0]._replace(key_place=key_place)

    def _place(self, event: Event) -> Place:
        mark: Any = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _scalar(self, event: ScalarEvent, key_place: Place | None) -> Node:
        text: str = event.value
        place = self._place(event)
        if event.tag is not None:
            node = Node(self._tagged(event, place), place, key_place)
        else:
            value = plain_scalar(text) if event.implicit[0] else text
            node = Node(value, place, key_place, text="" if isinstance(value, str) else text)
        size = 1 + len(text) // _CHARACTERS_PER_NODE
        self._size += size
        if event.anchor:
            self._anchors[event.anchor] = node, size, text
        return node

    def _tagged(self, event: ScalarEvent, place: Place) -> str | int | float | bool | None:
        text: str = event.value
        tag: str = event.tag or "!"
        if tag == "!":
            return text
        try:
            return tagged_scalar(tag, text)
        except KeyError:
            self._unknown_tag(tag, place)
        except ValueError as failure:
            self.problems.append(error("JVB101", place, f"the value is {failure}", "remove the '!!' tag"))
        return text

    def _unknown_tag(self, tag: str, place: Place) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        hint = "remove the tag, or quote a value that begins with '!'"
        if tag in ("!Ref", "!Sub", "!GetAtt", "!Join", "!If", "!ImportValue", "!Select"):
            long_form = "Ref" if tag == "!Ref" else f"Fn::{tag[1:]}"
            hint = f"write CloudFormation's long form, as in '{{\"{long_form}\": …}}'"
        self.problems.append(error("JVB101", place, f"unknown tag {quoted(shown)}", hint))

    def _collection(
        self,
        event: CollectionStartEvent,
        entries: Callable[[Place], dict[str, Node] | list[Node] | None],
        key_place: Place | None,
    ) -> Node:
        place = self._place(event)
        if event.tag and event.tag not in ("!", _MAP_TAG, _LIST_TAG):
            self._unknown_tag(event.tag, place)
        if self._depth == MAX_DEPTH:
            raise Refused(too_deep(place))
        self._depth += 1
        before = self._size
        self._size += 1
        if event.anchor:
            self._anchors[event.anchor] = _OPEN
        node = Node(entries(place), place, key_place)
        if event.anchor:
            self._anchors[event.anchor] = node, self._size - before, ""
        self._depth -= 1
        return node

    def _sequence(self, _: Place) -> list[Node]:
        items = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self.node(event))
        return items

    def _mapping(self, start: Place) -> dict[str, Node] | None:
        """The entries; None where the map is really an unquoted `{{ … }}`."""
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        is_template = False
        while not isinstance(event := self._next(), MappingEndEvent):
            if isinstance(event, ScalarEvent) and event.value == "<<" and event.implicit[0]:
                self._merge(self._next(), merged)
                continue
            place = self._place(event)
            key = self._key(event)
            value = self.node(self._next(), place)
            if key is None:
                is_template |= self._refuse_key(start, place)
                continue
            if key in own:
                self._duplicate(key, place, own[key])
            own[key] = value
        if is_template:
            return None
        return {**merged, **own} if merged else own

    def _key(self, event: Event) -> str | None:
        """The key as written (`on`, `8080`), or None where it is a map or a list."""
        if isinstance(event, ScalarEvent):
            if event.anchor or event.tag:
                self._scalar(event, None)
            return str(event.value)
        if isinstance(event, AliasEvent):
            node, text = self._alias(event)
            return None if isinstance(node.value, (dict, list)) else text
        self.node(event)
        return None

    def _refuse_key(self, start: Place, key: Place) -> bool:
        """Reports a key that is a map or list; whether it is the inner brace of an unquoted `{{ … }}`."""
        is_template = (start.line, start.column + 1) == (key.line, key.column)
        if is_template:
            self.problems.append(unquoted_template(start))
        else:
            hint = "write 'key: value' with a text as the key"
            self.problems.append(error("JVB101", key, "a key is a map or a list", hint))
        return is_template

    def _duplicate(self, key: str, place: Place, first: Node) -> None:
        where = first.key_place or first.place
        message = f"duplicate key {quoted(key)}, first written on line {where.line}"
        self.problems.append(error("JVB102", place, message, "remove one of the two", where))

    def _alias(self, event: Event) -> tuple[Node, str]:
        """The node an alias stands for, and the text of a scalar as written."""
        anchor: str = event.anchor  # type: ignore[attr-defined]
        found = self._anchors.get(anchor)
        name = one_line(anchor)
        place = self._place(event)
        if found is None:
            hint = f"write '&{name}' before the value it stands for, or quote a value that begins with '*'"
            self.problems.append(error("JVB101", place, f"alias '*{name}' has no anchor before it", hint))
            return Node(None, place), ""
        if isinstance(found, str):
            message = f"alias '*{name}' is inside the value it refers to"
            raise Refused(error("JVB101", place, message, "write the value out"))
        node, size, text = found
        self._size += size
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            message = f"aliases repeat more than {MAX_ALIASED:,} nodes"
            raise Refused(error("JVB107", place, message, "write the values out, or use fewer aliases"))
        return node, text

    def _merge(self, event: Event, merged: dict[str, Node]) -> None:
        """Adds what `<<` brings. As in PyYAML a later `<<` wins, and in one list the earlier map does."""
        place = self._place(event)
        value = self.node(event).value
        maps = value if isinstance(value, list) else [Node(value, place)]
        for node in reversed(maps):
            if isinstance(node.value, dict):
                merged.update(node.value)
            else:
                hint = "write '<<: *name', or a list of such aliases"
                self.problems.append(error("JVB101", place, "'<<' merges a value that is not a map", hint))


def unquoted_template(place: Place) -> Problem:
    """A value that begins with `{{`, which YAML reads as a map in a map."""
    return error("JVB101", place, "a value that begins with '{{' is not quoted", 'quote it: "{{ … }}"')


def too_deep(place: Place) -> Problem:
    return error("JVB107", place, f"nested deeper than {MAX_DEPTH} levels", "flatten the file")


def _resolvers() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    """PyYAML's patterns by the first character of the text, without those that leave a text a text."""
    kept = {_PREFIX + name for name in ("null", "bool", "int", "float")}
    table: dict[str, list[tuple[str, re.Pattern[str]]]] = Resolver.yaml_implicit_resolvers
    return {first: tuple(pair for pair in pairs if pair[0] in kept) for first, pairs in table.items()}


_RESOLVERS = _resolvers()


@lru_cache(maxsize=4096)
def plain_scalar(text: str) -> Scalar:
    """The value of an unquoted scalar: a number, a boolean, null or the text itself."""
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            try:
                return tagged_scalar(tag, text)
            except ValueError:
                return text
    return text


def tagged_scalar(tag: str, text: str) -> Scalar:
    """The value of `text` under a standard tag. KeyError for any other tag, ValueError for a bad text."""
    construct = _CONSTRUCT[tag]
    if len(text) > _LONGEST_NUMBER and tag != _PREFIX + "str":
        raise ValueError("longer than any number")
    try:
        return construct(ScalarNode(tag, text))
    except (ArithmeticError, LookupError, ValueError):
        raise ValueError(f"not of the type '{tag.removeprefix(_PREFIX)}'") from None


def typed_text(text: str) -> Scalar:
    """A value from outside the file, such as an environment variable, read as an unquoted scalar.

    It becomes a number only where writing the number back gives the same text: a commit id `0123456` would
    be an octal number, a version `1.10` would lose its zero, and neither can be seen in the file.
    """
    value = plain_scalar(text)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and str(value) != text:
        return text
    return value
