"""Which release of jvagent the image gets: what deploy.yaml names, else the newest that app.yaml allows.

jvagent 0.1.7 stores app.yaml's `jvagent` and never reads it, but each of its scaffolds writes one. Here `~`
means what it means in npm, a bare version means all releases with that prefix, and everything else is PEP
440.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from jvbundler.app.info import Written
from jvbundler.app.reading import text
from jvbundler.source.wording import quoted
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem, error, warning

RULE = "JVB213"
_RELEASE = r"[0-9]+(?:\.[0-9]+)*"
# Python refuses to parse numbers with thousands of digits.
_LONGEST = 200


class JvagentRelease(NamedTuple):
    """A version of jvagent, and where it is asked for: None where nobody does."""

    version: str
    place: Place | None


def is_release(version: str) -> bool:
    """Whether it is a plain release such as 0.1.7; a checkout may call itself anything."""
    return bool(re.fullmatch(_RELEASE, version, re.ASCII))


def chosen_release(
    app_yaml: Node, named: JvagentRelease | None, known: tuple[str, ...], problems: list[Problem]
) -> JvagentRelease:
    """The release for the image, and what is wrong with the constraint of app.yaml.

    `named` is what deploy.yaml or a package says, `known` are the releases to choose from, oldest first.
    """
    constraint = _constraint(app_yaml, problems)
    if constraint is None:
        return named or JvagentRelease(known[-1], None)
    wanted, place = constraint
    allowed = [version for version in known if allows(wanted, version)]
    release = named or JvagentRelease(allowed[-1] if allowed else known[-1], place)
    if allows(wanted, release.version) is None:
        message = f"{quoted(wanted)} is not a version constraint: the image gets jvagent {release.version}"
        problems.append(warning(RULE, place, message, "write one such as '~0.1.7' or '>=0.1.5,<0.2'"))
    elif named and not allows(wanted, named.version):
        message = f"app.yaml asks for jvagent {quoted(wanted)}, but the image gets {named.version}"
        problems.append(warning(RULE, place, message, "change one of the two", *_places(named)))
    elif not allowed:
        problems.append(_none_allowed(wanted, place, known))
    return release


def release_of_package(
    version: str, place: Place, named: JvagentRelease | None, problems: list[Problem]
) -> JvagentRelease | None:
    """What the image installs of a package that was given: the release that its actions are those of.

    `version` is what the package calls itself, `place` where it is given, `named` what deploy.yaml says.
    """
    if named is None and not is_release(version):
        calls = f"calls itself {quoted(version)}" if version else "has no version in its version.py"
        message = f"the given jvagent package {calls}: that is not a release that an image can install"
        hint = "set image.jvagent_version to the release that the image gets"
        problems.append(error("JVB205", place, message, hint))
    elif named is None:
        return JvagentRelease(version, place)
    elif is_release(version) and version != named.version:
        message = f"the given jvagent package is {version}, but image.jvagent_version says {named.version}"
        hint = "remove image.jvagent_version, or give the package of that release"
        problems.append(error("JVB205", named.place or place, message, hint, place))
    return named


def _places(release: JvagentRelease) -> tuple[Place, ...]:
    return (release.place,) if release.place else ()


def _constraint(app_yaml: Node, problems: list[Problem]) -> Written | None:
    wanted = text(app_yaml, "jvagent", problems).strip()
    node = find(app_yaml, ["jvagent"])
    return ((node.text or wanted), node.place) if wanted and node else None


def _none_allowed(wanted: str, place: Place, known: tuple[str, ...]) -> Problem:
    """An app for a newer jvagent may need what the older ones lack; one for an older mostly runs."""
    oldest, newest = known[0], known[-1]
    if _is_above(wanted, newest):
        message = f"{quoted(wanted)} asks for a newer jvagent than is known here: {oldest} to {newest}"
        hint = (
            "update jvbundler, or give that jvagent's package by image.jvagent_path or --jvagent; to stay on"
            f' an older one, set image.jvagent_version: "{newest}"'
        )
        return error(RULE, place, message, hint)
    message = f"no release from {oldest} to {newest} is one of {quoted(wanted)}: the image gets {newest}"
    return warning(RULE, place, message, f"write 'jvagent: ~{newest}' where the app runs on it")


@lru_cache(maxsize=1024)
def allows(constraint: str, version: str) -> bool | None:
    """Whether a version satisfies a constraint, None where that cannot be read."""
    if len(constraint) > _LONGEST:
        return None
    tilde = re.fullmatch(rf"~\s*({_RELEASE})", constraint, re.ASCII)
    if tilde and is_release(version):
        # What scaffolds write. To import `packaging` would take longer than a render.
        lower = _numbers(tilde[1])
        return lower <= _numbers(version) < _numbers(_end(tilde[1]))
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        specifiers = SpecifierSet(pep_440(constraint))
        return specifiers.contains(Version(version), prereleases=True)
    except InvalidSpecifier:
        return None
    except InvalidVersion:
        return False


def reaches(specifier: str, release: str) -> bool:
    """Whether the newest version that a specifier allows is this release or a later one.

    Of what follows no more is known than that a resolver takes the newest; one of its numbers may be any.
    """
    exact = re.fullmatch(rf"==\s*({_RELEASE})", specifier, re.ASCII)
    if exact and len(exact[1]) <= _LONGEST:
        return _numbers(exact[1]) >= _numbers(release)
    major, minor, *_ = (int(part) for part in release.split("."))
    later = (release, f"{major}.{minor}.999", *(f"{major}.{n}.999" for n in range(minor + 1, 100)), "999")
    return any(allows(specifier, version) for version in later)


def pep_440(constraint: str) -> str:
    """The constraint without npm's notation; what is neither stays as it is."""
    return ",".join(_specifier(part.strip()) for part in constraint.split(","))


def _specifier(part: str) -> str:
    tilde = re.fullmatch(rf"~\s*(({_RELEASE})[A-Za-z0-9.-]*)", part, re.ASCII)
    if tilde:
        return f">={tilde[1]},<{_end(tilde[2])}"
    if is_release(part):
        return f"=={part}.*"
    return "" if part == "*" else part


def _end(release: str) -> str:
    """What `~` ends before: the next minor release, or the next major one where no minor is given."""
    major, *rest = release.split(".")
    return f"{major}.{int(rest[0]) + 1}" if rest else str(int(major) + 1)


def _numbers(release: str) -> list[int]:
    """Comparable: trailing zeros do not count."""
    numbers = [int(part) for part in release.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def _is_above(constraint: str, newest: str) -> bool:
    """Whether one of its bounds from below is above the newest release."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    for one in SpecifierSet(pep_440(constraint)):
        try:
            above = Version(one.version.removesuffix(".*")) > Version(newest)
        except InvalidVersion:  # only `===` may hold such text
            continue
        if above and one.operator in ("==", "===", "~=", ">=", ">"):
            return True
    return False
