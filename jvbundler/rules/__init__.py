"""What is wrong with a project although its file is valid: one function per rule (docs/rules.md)."""

from __future__ import annotations

from jvbundler.rules.artifacts import check_artifacts
from jvbundler.rules.engine import check_project, without_waived
from jvbundler.rules.output import check_output
from jvbundler.rules.registry import RULES, RULES_BY_ID
from jvbundler.rules.rule import Rule

__all__ = [
    "RULES",
    "RULES_BY_ID",
    "Rule",
    "check_artifacts",
    "check_output",
    "check_project",
    "without_waived",
]
