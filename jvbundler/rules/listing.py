"""The list of the rules, and all about one of them, as `jvbundler rules` prints them."""

from __future__ import annotations

from jvbundler.errors import InputError
from jvbundler.rules.registry import RULES


def rule_list() -> str:
    return "".join(f"{rule.id}  {rule.severity:7}  {rule.title}\n" for rule in RULES)


def rule_text(id: str) -> str:
    """A rule's paragraph; InputError for an unknown id."""
    rule = {rule.id: rule for rule in RULES}.get(id.upper())
    if rule is None:
        raise InputError(f"there is no rule '{id}'; 'jvbundler rules' lists them all")
    source = f"\nsource: {rule.source}\n" if rule.source else ""
    return f"{rule.id} {rule.severity}: {rule.title}\n\n{rule.text}\n{source}"
