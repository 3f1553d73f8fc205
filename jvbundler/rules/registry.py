"""All rules, sorted by id: those with a check, and those that are raised where files are read or rendered."""

from __future__ import annotations

from jvbundler.rules import (
    app,
    both,
    database,
    endpoints,
    environments,
    kubernetes,
    kubernetes_names,
    kubernetes_scale,
    lambda_,
    probes,
    secrets,
    storage,
)
from jvbundler.rules.elsewhere import RAISED_ELSEWHERE
from jvbundler.rules.rule import REGISTERED, Rule

# Importing a module registers its rules.
MODULES = (
    app,
    both,
    database,
    endpoints,
    environments,
    kubernetes,
    kubernetes_names,
    kubernetes_scale,
    lambda_,
    probes,
    secrets,
    storage,
)

RULES: tuple[Rule, ...] = tuple(sorted((*REGISTERED, *RAISED_ELSEWHERE), key=lambda rule: rule.id))
RULES_BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}
