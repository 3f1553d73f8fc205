"""What may go wrong when a change is deployed: the tables of rules, applied to one change."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jvbundler.diff.model import LEVELS, Risk
from jvbundler.diff.risks import cloudformation, kubernetes
from jvbundler.diff.risks.rule import Changed, apply

ROWS = (*kubernetes.ROWS, *cloudformation.ROWS)
FUNCTIONS: tuple[Callable[[Changed], Iterable[Risk]], ...] = (
    kubernetes.immutable_parts,
    kubernetes.restart,
    kubernetes.open_network,
    cloudformation.removal,
    cloudformation.wider_permissions,
)


def risks_of(changed: Changed) -> tuple[Risk, ...]:
    """Each risk once, the gravest first. A note is left out if there is a graver risk of its kind."""
    found = dict.fromkeys(apply(ROWS, changed))
    found.update(dict.fromkeys(risk for rule in FUNCTIONS for risk in rule(changed)))
    grave = {risk.kind for risk in found if risk.level != "info"}
    return sorted_by_level(risk for risk in found if risk.level != "info" or risk.kind not in grave)


def sorted_by_level(risks: Iterable[Risk]) -> tuple[Risk, ...]:
    return tuple(sorted(risks, key=lambda risk: LEVELS.index(risk.level)))


def dockerfile_risks(lines: Iterable[str]) -> tuple[Risk, ...]:
    """Judges by the lines that differ. Every difference makes another image."""
    words = [(line[0], line[1:].split()) for line in lines if line[0] != " "]
    found = [Risk("image", "info", "the image is rebuilt")]
    if any(sign == "+" and _is_root(word) for sign, word in words):
        hint = "end the Dockerfile with a numeric USER other than 0"
        found.insert(0, Risk("permissions", "danger", "the image runs as root", hint))
    if any(word[:1] == ["FROM"] for _, word in words):
        found.insert(0, Risk("image", "attention", "the base image changes", "test what is built from it"))
    return sorted_by_level(found)


def _is_root(words: list[str]) -> bool:
    return words[:1] == ["USER"] and len(words) > 1 and words[1].split(":")[0] in ("0", "root")
