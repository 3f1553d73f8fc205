"""What the IAM policies of a resource grant, before and after: only a grant that is new is a risk."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from jvbundler.diff.model import Risk
from jvbundler.diff.risks.rule import Changed
from jvbundler.diff.values import canonical

# Effect, principal, action, resource, condition; the last two as canonical JSON.
Grant = tuple[str, str, str, str, str]
SHOWN_ACTIONS = 5


def wider_permissions(changed: Changed) -> Iterator[Risk]:
    before, after = set(grants(changed.old)), set(grants(changed.new))
    allowed = sorted(grant for grant in after - before if grant[0] == "Allow")
    # A new resource's trust in AWS's own services is what makes it work.
    if changed.action == "added":
        allowed = [grant for grant in allowed if not _trusts_service(grant)]
    if allowed:
        yield _risk(allowed)
    if any(grant[0] == "Deny" for grant in before - after) and changed.action != "removed":
        yield Risk("permissions", "danger", "a statement that denied something is gone or narrower")


def _risk(allowed: list[Grant]) -> Risk:
    actions = list(dict.fromkeys(action for _, _, action, _, _ in allowed))
    more = f" and {len(actions) - SHOWN_ACTIONS} more" if len(actions) > SHOWN_ACTIONS else ""
    message = f"wider permissions: {', '.join(actions[:SHOWN_ACTIONS])}{more}"
    if any(_is_unlimited(grant) for grant in allowed):
        return Risk(
            "permissions", "danger", message, "name the actions and whom they are for, instead of '*'"
        )
    return Risk("permissions", "attention", message)


def _is_unlimited(grant: Grant) -> bool:
    _, principal, action, _, condition = grant
    return action == "*" or action.endswith(":*") or (principal == '"*"' and condition == "null")


def _trusts_service(grant: Grant) -> bool:
    return '"Service"' in grant[1]


def grants(value: Any) -> Iterator[Grant]:
    """Every combination that the statements below a value name."""
    if isinstance(value, dict):
        for statement in _listed(value.get("Statement")):
            if isinstance(statement, dict):
                yield from _of_statement(statement)
        for key, child in value.items():
            if key != "Statement":
                yield from grants(child)
    elif isinstance(value, list):
        for child in value:
            yield from grants(child)


def _of_statement(statement: dict[str, Any]) -> Iterator[Grant]:
    effect = str(statement.get("Effect", ""))
    principals = [canonical(p) for p in _principals(statement.get("Principal"))]
    actions = [str(a) for a in _listed(statement.get("Action"))]
    actions += [f"all but {a}" for a in _listed(statement.get("NotAction"))]
    resources = [canonical(r) for r in _listed(statement.get("Resource"))]
    resources += [f"all but {canonical(r)}" for r in _listed(statement.get("NotResource"))]
    condition = canonical(statement.get("Condition"))
    for principal, action, resource in product(principals, actions, resources or [""]):
        yield effect, principal, action, resource, condition


def _principals(value: Any) -> list[Any]:
    if isinstance(value, dict):
        found = [{kind: name} for kind, names in value.items() for name in _listed(names)]
        return ["*" if p == {"AWS": "*"} else p for p in found]
    return [value]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
