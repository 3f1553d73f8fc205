"""Every id in the package is documented, every documented id is raised, and the words are complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from jvbundler.rules.documentation import GROUPS, rules_reference
from jvbundler.rules.engine import RULES
from jvbundler.rules.rule import Rule

PACKAGE = Path(__file__).resolve().parents[2] / "jvbundler"
# The words of rules, not the places that raise them.
WORDS = ("elsewhere.py", "reference.py")


def ids_in_the_package() -> set[str]:
    files = [path for path in PACKAGE.rglob("*.py") if path.name not in WORDS]
    return {found for path in files for found in re.findall(r"\bJVB[0-9]{3}\b", path.read_text("utf-8"))}


def test_what_is_raised_is_documented_and_what_is_documented_is_raised() -> None:
    # JVB412 and JVB304 stand as examples in help texts; both exist.
    assert ids_in_the_package() == {rule.id for rule in RULES}


def test_ids_are_unique_and_sorted_into_groups() -> None:
    ids = [rule.id for rule in RULES]
    assert ids == sorted(set(ids))
    assert {rule_id[:4] for rule_id in ids} == set(GROUPS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_title_paragraph_and_source(rule: Rule) -> None:
    assert rule.text.endswith("."), "a paragraph is whole sentences"
    assert rule.title
    assert rule.source
    assert not rule.title.endswith(".")
    assert not rule.source.endswith(".")
    assert f"### {rule.id}\n" in rules_reference()


@pytest.mark.usefixtures("unmeasured")
def test_the_rules_import_nothing_heavy() -> None:
    code = (
        "import sys, jvbundler.rules\n"
        "print(sorted(set(sys.modules) & {'yaml', 'jinja2', 'jsonschema', 'packaging', 'subprocess'}))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.strip() == "[]"
