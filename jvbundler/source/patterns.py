"""Whether a text matches a regular expression from a file, in a bounded number of steps.

The expression and the text may be hostile, and Python's own matcher backtracks without a limit. Here all the
positions where a part can end are followed at once, so that nothing is tried twice.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as sre
    from re import _parser as sre_parse
else:
    import sre_constants as sre
    import sre_parse

LONGEST_PATTERN = 200
LONGEST_TEXT = 4096
# A version, a name or a region takes under a thousand.
_MOST_STEPS = 200_000
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_NOT_DIGIT: lambda char: not char.isdecimal(),
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    sre.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
    sre.CATEGORY_NOT_WORD: lambda char: not (char.isalnum() or char == "_"),
}


_ANCHORS = (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING, sre.AT_END, sre.AT_END_STRING)


class BadPattern(Exception):
    """The expression cannot be used; the text says why."""


def parsed(pattern: str) -> Any:
    """The expression, ready for `matches`. BadPattern if it is not valid, or uses what is not supported."""
    if len(pattern) > LONGEST_PATTERN:
        raise BadPattern(f"is longer than {LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what a later Python may read differently
            tree = sre_parse.parse(pattern)
    except (re.error, OverflowError, RecursionError) as failure:
        raise BadPattern(f"is not a regular expression: {failure}") from None
    if tree.state.flags & ~re.UNICODE:
        raise BadPattern("has flags, which are not available")
    _refuse_others(tree)
    return tree


def _refuse_others(items: Any) -> None:
    """BadPattern for what `_Matcher` does not know: looking around or back, flags, word boundaries."""
    for kind, argument in items:
        if kind is sre.BRANCH:
            for branch in argument[1]:
                _refuse_others(branch)
        elif kind is sre.SUBPATTERN and not argument[1] and not argument[2]:
            _refuse_others(argument[3])
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            _refuse_others(argument[2])
        elif not (kind in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN) or argument in _ANCHORS):
            raise BadPattern(
                "has something other than characters, classes, groups, '|', repetitions, '^' and '$'"
            )


def matches(pattern: Any, text: str) -> bool:
    """Whether all of the text matches. BadPattern where finding out takes too long."""
    if len(text) > LONGEST_TEXT:
        return False
    return len(text) in _Matcher(text).ends(pattern, {0})


class _Matcher:
    """Follows the parts of an expression through one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._steps = 0

    def ends(self, items: Iterable[tuple[Any, Any]], starts: set[int]) -> set[int]:
        """Where the items, one after the other, can end when they begin at one of `starts`."""
        for kind, argument in items:
            self._steps += 1 + len(starts)
            if self._steps > _MOST_STEPS:
                raise BadPattern("takes too many steps")
            starts = self._item(kind, argument, starts)
        return starts

    def _item(self, kind: Any, argument: Any, starts: set[int]) -> set[int]:
        if kind is sre.BRANCH:
            return {end for branch in argument[1] for end in self.ends(branch, starts)}
        if kind is sre.SUBPATTERN:
            return self.ends(argument[3], starts)
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            least, most, inner = argument
            return self._repeated(least, int(most), inner, starts)
        if kind is sre.AT:
            return self._at(argument, starts)
        return {at + 1 for at in starts if self._is_in(kind, argument, self._text[at : at + 1])}

    def _repeated(self, least: int, most: int, items: Any, starts: set[int]) -> set[int]:
        for _ in range(least if starts else 0):
            starts = self.ends(items, starts)
        found, new, times = set(starts), starts, least
        while new and times < most:
            new = self.ends(items, new) - found
            found |= new
            times += 1
        return found

    def _at(self, where: Any, starts: set[int]) -> set[int]:
        is_start = where in (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING)
        return starts & {0 if is_start else len(self._text)}

    def _is_in(self, kind: Any, argument: Any, char: str) -> bool:
        if kind is sre.LITERAL:
            return char == chr(argument)
        if kind is sre.NOT_LITERAL:
            return char not in ("", chr(argument))
        if kind is sre.ANY:
            return char not in ("", "\n")
        is_negated = argument[0][0] is sre.NEGATE
        return bool(char) and is_negated != any(_is_of(member, char) for member in argument)


def _is_of(member: tuple[Any, Any], char: str) -> bool:
    kind, argument = member
    if kind is sre.RANGE:
        return bool(argument[0] <= ord(char) <= argument[1])
    if kind is sre.CATEGORY:
        return _CATEGORIES[argument](char)
    return kind is sre.LITERAL and ord(char) == argument
