"""Whether version specifiers leave any version, and the shortest equal spelling of a set of them.

Answers for the specifiers alone: which versions an index really has is for the resolver to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.specifiers import Specifier, SpecifierSet
    from packaging.version import Version

_ORDER = ("===", "==", "~=", ">=", ">", "!=", "<=", "<")


def satisfiable(specifiers: SpecifierSet) -> bool:
    """Whether some version, pre-releases included, satisfies all of them.

    Every specifier begins or ends its range at its own version, so if any version fits, one fits that is
    written in a specifier or is directly beside one.
    """
    if all(one.operator in (">=", ">", "~=") for one in specifiers) and len(specifiers) <= 1:
        return True
    return any(specifiers.contains(version, prereleases=True) for version in _candidates(specifiers))


def _candidates(specifiers: Iterable[Specifier]) -> Iterator[str]:
    versions = [version for one in specifiers if (version := _bound(one)) is not None]
    width = max((len(version.release) for version in versions), default=1)
    yield "0"
    yield "0.dev0"
    for version in versions:
        yield str(version)
        yield from _beside(version, width)
    yield from (one.version for one in specifiers if one.operator == "===")


def _beside(version: Version, width: int) -> Iterator[str]:
    """Versions just below and just above; `width` is the length of the longest release number."""
    epoch = f"{version.epoch}!" if version.epoch else ""
    numbers = list(version.release)
    release = ".".join(map(str, numbers))
    padded = ".".join(map(str, numbers + [0] * (width - len(numbers))))
    yield f"{epoch}{release}.dev0"
    yield f"{epoch}{release}"
    yield f"{epoch}{release}.post{(version.post if version.post is not None else -1) + 1}"
    yield f"{epoch}{padded}.0.1"
    for length in range(1, len(numbers) + 1):
        bumped = [*numbers[: length - 1], numbers[length - 1] + 1]
        yield epoch + ".".join(map(str, bumped))
        yield epoch + ".".join(map(str, bumped)) + ".dev0"
    if version.pre:
        kind, number = version.pre
        yield f"{epoch}{release}{kind}{number + 1}"
        yield f"{epoch}{release}{kind}{number}.post{(version.post if version.post is not None else -1) + 1}"


def _bound(one: Specifier) -> Version | None:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one.version.removesuffix(".*"))
    except InvalidVersion:  # only `===` may hold such text
        return None


def specifier_text(specifiers: SpecifierSet) -> str:
    """The set as text, lower bounds first, without the bounds that others imply: `>=1.2,!=1.5,<2`."""
    kept = _without_implied(list(specifiers))
    return ",".join(str(one) for one in sorted(kept, key=lambda one: (_ORDER.index(one.operator), str(one))))


def _without_implied(specifiers: list[Specifier]) -> list[Specifier]:
    """Of several bounds of a kind, the strictest. Bounds on pre-releases stay: they also permit those."""
    kept = [one for one in specifiers if one.operator not in (">=", ">", "<=", "<") or _is_pre(one)]
    for operator, strictest in ((">=", max), (">", max), ("<=", min), ("<", min)):
        bounds = [one for one in specifiers if one.operator == operator and not _is_pre(one)]
        if bounds:
            kept.append(strictest(bounds, key=lambda one: (_version(one), str(one))))
    return kept


def _is_pre(one: Specifier) -> bool:
    bound = _bound(one)
    return bound is not None and bound.is_prerelease


def _version(one: Specifier) -> Version:
    from packaging.version import Version

    return Version(one.version)
