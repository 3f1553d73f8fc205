"""Text → scalar, by PyYAML's YAML 1.1 rules. It must not know where the text came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from yaml import ScalarNode
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from jvbundler.values.node import Scalar

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
# A longer number is a text: it is no setting, and a base-60 number takes time quadratic in its length.
_LONGEST_NUMBER = 100


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
