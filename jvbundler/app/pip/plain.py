"""Merges the requirements that most actions have (`name`, `name>=1.2`, `name>=1,<2`) without `packaging`.

Importing `packaging` takes longer than rendering an app. Whatever is not plainly mergeable is left to it; a
property test holds the two to the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jvbundler.app.model import PipRequirement, Wish

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Python makes no number of thousands of digits.
_RELEASE = r"([0-9]{1,20}(?:\.[0-9]{1,20})*)"
_PLAIN = re.compile(
    rf"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*\s*(?:>={_RELEASE})?(?:,?\s*<{_RELEASE})?", re.ASCII
)


def leading_name(text: str) -> str:
    """The canonical name at the start of a requirement, empty when it starts with something else."""
    found = _NAME.match(text)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def plain_requirement(name: str, wishes: Sequence[Wish]) -> PipRequirement | None:
    """The one requirement that all `wishes` for a package come to, None where that is not plain to see."""
    found = [_PLAIN.fullmatch(wish.text) for wish in wishes]
    bounds = [(match[1], match[2]) for match in found if match and not _glued(match)]
    if len(bounds) < len(found):
        return None
    lower = max((low for low, _ in bounds if low), key=lambda low: (_numbers(low), low), default="")
    uppers = {high for _, high in bounds if high}
    upper = uppers.pop() if uppers else ""
    if uppers or (upper and _numbers(lower or "0") >= _numbers(upper)):
        return None
    spec = ",".join([f">={lower}"] * bool(lower) + [f"<{upper}"] * bool(upper))
    return PipRequirement(name + spec, name, tuple(sorted({wish.by for wish in wishes})), wishes[0].place)


def _glued(match: re.Match[str]) -> bool:
    """A comma must stand between two bounds and nowhere else."""
    return ("," in match[0]) != bool(match[1] and match[2])


def _numbers(version: str) -> tuple[int, ...]:
    """The release as `packaging` compares it: trailing zeros do not count."""
    return tuple(int(part) for part in re.sub(r"(?:\.0+)+$", "", version).split("."))
