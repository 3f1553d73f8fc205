"""All rules, sorted by id: those with a check, and those that are raised where files are read or rendered."""

from __future__ import annotations

from jvbundler.rules import app, database, environments, secrets, shared, storage
from jvbundler.rules.descriptions import RAISED_ELSEWHERE
from jvbundler.rules.kubernetes import names, network, probes, scale
from jvbundler.rules.lambda_ import endpoints, function
from jvbundler.rules.rule import REGISTERED, Rule

# Importing a module registers its rules.
MODULES = (
    app,
    database,
    endpoints,
    environments,
    function,
    names,
    network,
    probes,
    scale,
    secrets,
    shared,
    storage,
)

RULES: tuple[Rule, ...] = tuple(sorted((*REGISTERED, *RAISED_ELSEWHERE), key=lambda rule: rule.id))
RULES_BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}
