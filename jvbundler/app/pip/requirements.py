"""Merges pip requirements: one line per package and marker, or a problem that names both sides.

What most actions have (`name`, `name>=1.2`, `name>=1,<2`) is merged without `packaging`, whose import takes
longer than rendering an app. The rest is left to it; a property test checks that both give the same answers.

Must not resolve: which versions exist, and what they need in turn, is for uv to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.app.model import PipRequirement, Wish
from jvbundler.values.problem import Problem, error
from jvbundler.values.safe_text import is_safe
from jvbundler.values.secret_values import contains_secret

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

_LEADING_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Python refuses to parse numbers with thousands of digits.
_VERSION = r"([0-9]{1,20}(?:\.[0-9]{1,20})*)"
_PLAIN = re.compile(
    rf"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*\s*(?:>={_VERSION})?(?:,?\s*<{_VERSION})?", re.ASCII
)


class _Parsed(NamedTuple):
    wish: Wish
    name: str
    requirement: Requirement


def merged_requirements(
    wishes: Iterable[Wish], installed: Sequence[tuple[str, str]] = ()
) -> tuple[tuple[PipRequirement, ...], tuple[Problem, ...]]:
    """One requirement per package and marker, sorted by name; the order of `wishes` does not matter.

    `installed` are the framework's own packages and the specifier each is installed by: a wish for one of
    them is dropped if it agrees, and is a conflict if not. One with extras stays.
    """
    wishes = sorted(wishes, key=lambda wish: (wish.core, wish.place, wish.by, wish.text))
    by_name: dict[str, list[Wish]] = {}
    for wish in wishes:
        by_name.setdefault(leading_name(wish.text), []).append(wish)
    merged: list[PipRequirement] = []
    others: list[Wish] = []
    for name, group in by_name.items():
        plain = None if name in dict(installed) else plain_requirement(name, group)
        if plain is None:
            others += group
        else:
            merged.append(plain)
    problems: list[Problem] = []
    merged += _merged_by_packaging(others, dict(installed), problems)
    return tuple(sorted(merged, key=lambda one: (one.name, one.spec))), tuple(problems)


def _merged_by_packaging(
    wishes: Sequence[Wish], installed: dict[str, str], problems: list[Problem]
) -> list[PipRequirement]:
    parsed = [found for wish in wishes if (found := _parsed(wish, problems))]
    groups: dict[tuple[str, str, bool], list[_Parsed]] = {}
    for one in parsed:
        if not _settled(one, installed, problems):
            key = (one.name, str(one.requirement.marker or ""), bool(one.requirement.url))
            groups.setdefault(key, []).append(one)
    return [_merged(*group, problems=problems) for group in groups.values()]


def _parsed(wish: Wish, problems: list[Problem]) -> _Parsed | None:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    if contains_secret(wish.text):
        hint = "install it from an index, whose credentials pip and uv take from a build secret"
        problems.append(
            error("JVB204", wish.place, "the address of a requirement holds a password or token", hint)
        )
        return None
    if not is_safe(wish.text.replace("\t", " ")):
        problems.append(error("JVB204", wish.place, "a requirement is one line of text", _hint("")))
        return None
    if re.search(r"[0-9]{1000}", wish.text, re.ASCII):
        # Python refuses to parse numbers with thousands of digits.
        problems.append(error("JVB204", wish.place, "a requirement has a number that is too long", _hint("")))
        return None
    try:
        requirement = Requirement(wish.text)
    except InvalidRequirement as reason:
        first = str(reason).splitlines()[0]
        why = first[:1].lower() + first[1:]
        problems.append(
            error("JVB204", wish.place, f"'{wish.text}' is not a pip requirement: {why}", _hint(wish.text))
        )
        return None
    return _Parsed(wish, canonicalize_name(requirement.name), requirement)


def _hint(text: str) -> str:
    if text.startswith("-"):
        return "write a package, such as 'requests>=2.31,<3'; an action cannot pass options to pip"
    if "://" in text or text.startswith(("git+", ".", "/")):
        return "write 'name @ https://…' or 'name @ git+https://…'"
    return "write it as in 'requests>=2.31,<3' or 'requests[socks]>=2.31; python_version < \"3.13\"'"


def _settled(one: _Parsed, installed: dict[str, str], problems: list[Problem]) -> bool:
    """Whether the framework's own requirement already covers this one, or contradicts it."""
    from packaging.specifiers import SpecifierSet

    from jvbundler.app.pip.versions import satisfiable

    if one.name not in installed or one.requirement.marker or one.requirement.url:
        return False
    if not satisfiable(SpecifierSet(installed[one.name]) & one.requirement.specifier):
        message = (
            f"'{one.wish.by}' wants '{one.wish.text}', but the image has {one.name}{installed[one.name]}"
        )
        problems.append(
            error("JVB203", one.wish.place, message, "set image.jvagent_version, or widen the requirement")
        )
        return True
    return not one.requirement.extras


def _merged(*group: _Parsed, problems: list[Problem]) -> PipRequirement:
    conflict = _url_conflict(group) if group[0].requirement.url else _version_conflict(group)
    if conflict is not None:
        problems.append(conflict)
    return PipRequirement(
        spec=_spec(group),
        name=group[0].name,
        wanted_by=tuple(sorted({one.wish.by for one in group})),
        place=group[0].wish.place,
    )


def _url_conflict(group: Sequence[_Parsed]) -> Problem | None:
    other = next((one for one in group if one.requirement.url != group[0].requirement.url), None)
    return _conflict(group[0], other) if other else None


def _version_conflict(group: Sequence[_Parsed]) -> Problem | None:
    from jvbundler.app.pip.versions import satisfiable

    if satisfiable(_intersection(group)):
        return None
    for one, other in combinations(group, 2):
        if not satisfiable(_intersection((one, other))):
            return _conflict(one, other)
    return _conflict(*group)


def _conflict(*sides: _Parsed) -> Problem:
    wanted = " and ".join(f"'{one.wish.text}' ({one.wish.by}, {one.wish.place})" for one in sides)
    message = f"no version of '{sides[0].name}' can satisfy {wanted}"
    if len(sides) == 1:
        message = f"no version of '{sides[0].name}' can satisfy '{sides[0].wish.text}'"
    others = [one.wish.place for one in sides[1:]]
    return error(
        "JVB203", sides[0].wish.place, message, "change one of them so that the two overlap", *others
    )


def _intersection(group: Sequence[_Parsed]) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet

    result = SpecifierSet()
    for one in group:
        result &= one.requirement.specifier
    return result


def _spec(group: Sequence[_Parsed]) -> str:
    """`name[extra1,extra2]>=1,<2; marker`, or `name[extra] @ url ; marker` (the space ends the URL)."""
    from packaging.utils import canonicalize_name

    from jvbundler.app.pip.versions import specifier_text

    first = group[0].requirement
    extras = sorted({canonicalize_name(extra) for one in group for extra in one.requirement.extras})
    head = group[0].name + (f"[{','.join(extras)}]" if extras else "")
    if first.url:
        return f"{head} @ {first.url}" + (f" ; {first.marker}" if first.marker else "")
    return f"{head}{specifier_text(_intersection(group))}" + (f"; {first.marker}" if first.marker else "")


def leading_name(text: str) -> str:
    """The canonical name at the start of a requirement, empty if it starts with something else."""
    found = _LEADING_NAME.match(text)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def plain_requirement(name: str, wishes: Sequence[Wish]) -> PipRequirement | None:
    """The one requirement that all `wishes` for a package amount to, None if they are not simple."""
    found = [_PLAIN.fullmatch(wish.text) for wish in wishes]
    bounds = [(match[1], match[2]) for match in found if match and not _glued(match)]
    if len(bounds) < len(found):
        return None
    lower = max((low for low, _ in bounds if low), key=lambda low: (_release(low), low), default="")
    uppers = {high for _, high in bounds if high}
    upper = uppers.pop() if uppers else ""
    if uppers or (upper and _release(lower or "0") >= _release(upper)):
        return None
    spec = ",".join([f">={lower}"] * bool(lower) + [f"<{upper}"] * bool(upper))
    return PipRequirement(name + spec, name, tuple(sorted({wish.by for wish in wishes})), wishes[0].place)


def _glued(match: re.Match[str]) -> bool:
    """Whether commas are missing: one must be between two bounds, and nowhere else."""
    return ("," in match[0]) != bool(match[1] and match[2])


def _release(version: str) -> tuple[int, ...]:
    """The release as `packaging` compares it: trailing zeros do not count."""
    return tuple(int(part) for part in re.sub(r"(?:\.0+)+$", "", version).split("."))
