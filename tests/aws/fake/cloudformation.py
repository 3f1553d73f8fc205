"""A CloudFormation for moto that fails where AWS fails: it expands SAM, refuses the types that it cannot
make, tells an event for each resource, and rolls back. Stock moto skips in silence and says COMPLETE.
"""
# moto has no types.
# mypy: disable-error-code="import-not-found,import-untyped,no-any-return,misc,no-untyped-call"

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.awslambda import models as awslambda
from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import ValidationError
from moto.route53 import models as route53

from tests.aws.fake.expansion import (
    check_capabilities,
    check_parameters,
    expanded,
    in_order,
    parsed,
    references,
)
from tests.aws.fake.kinds import KINDS
from tests.aws.fake.stack import ResourceFailed, Resources, Stack


def create_change_set(backend: Any, **given: Any) -> tuple[str, str]:
    source = given["template"]
    declared = parsed(source)
    # moto gives back what it made of the values that are to stay.
    given["parameters"] = {
        name: ",".join(value) if isinstance(value, list) else value
        for name, value in given["parameters"].items()
    }
    check_parameters(declared, given["parameters"])
    template = expanded(source, given["parameters"], backend.region_name)
    for name, resource in template["Resources"].items():
        if resource["Type"] not in KINDS:
            raise ValidationError(message=f"Unrecognized resource types: [{resource['Type']}] ({name})")
    under_review = [s for s in backend.stacks.values() if s.name == given["stack_name"]]
    if given["change_set_type"] == "CREATE" and under_review:
        # AWS adds the change set to the stack that waits for one; moto would make a second stack.
        backend.stacks.pop(under_review[0].stack_id)
    text = json.dumps(template)
    change_set_id, stack_id = _moto["create_change_set"](backend, **{**given, "template": text})
    change_set = backend.change_sets[change_set_id]
    change_set.source = source
    change_set.changes = list(changes(change_set))
    if change_set.change_set_type == "UPDATE" and not change_set.changes:
        change_set.status, change_set.execution_status = "FAILED", "UNAVAILABLE"
        change_set.status_reason = (
            "The submitted information didn't contain changes. "
            "Submit different information to create a change set."
        )
    return change_set_id, stack_id


def changes(change_set: Any) -> Iterator[Any]:
    """Also those that a new value of a parameter brings about."""
    stack, new = change_set.stack, change_set.template_dict["Resources"]
    old = stack.template_dict.get("Resources", {})
    before, after = stack.parameters, change_set.parameters
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    for name in in_order(new):
        if name not in old:
            yield models.Change("Add", name, new[name]["Type"])
        elif new[name] != old[name] or changed & set(references(new[name].get("Properties", {}))):
            yield models.Change("Modify", name, new[name]["Type"])
    for name in old:
        if name not in new:
            yield models.Change("Remove", name, old[name]["Type"])


def execute_change_set(backend: Any, change_set_name: str, stack_name: str | None = None) -> None:
    change_set = backend.describe_change_set(change_set_name)
    stack, verb = backend.stacks[change_set.stack_id], change_set.change_set_type
    apply(stack, verb, change_set.template_dict, change_set.parameters, change_set.source)
    change_set.execution_status = "EXECUTE_COMPLETE"
    # Like AWS, which drops the other change sets of a stack once one was executed.
    others = [key for key, other in backend.change_sets.items() if other.stack_id == stack.stack_id]
    for key in others:
        if key != change_set.change_set_id:
            del backend.change_sets[key]


def apply(stack: Stack, verb: str, template: dict[str, Any], parameters: dict[str, str], source: str) -> None:
    before = (stack.template_dict, stack.parameters)
    stack.say(f"{verb}_IN_PROGRESS", "User Initiated")
    try:
        stack.apply(template, parameters)
    except ResourceFailed as failure:
        rollback = "ROLLBACK" if verb == "CREATE" else "UPDATE_ROLLBACK"
        stack.say(
            f"{rollback}_IN_PROGRESS", f"The following resource(s) failed to {verb.lower()}: [{failure}]."
        )
        if verb == "CREATE":
            stack.resource_map.undo_creation()
        else:
            stack.apply(*before)
        stack.say(f"{rollback}_COMPLETE")
        return
    stack.template = source
    stack.say(f"{verb}_COMPLETE")


def update_stack(
    backend: Any, name: str, template: str, role_arn: Any, parameters: list[dict[str, Any]], tags: Any
) -> Stack:
    stack = backend.get_stack(name)
    values = {
        p["ParameterKey"]: stack.parameters[p["ParameterKey"]]
        if p.get("UsePreviousValue") in (True, "true")
        else p["ParameterValue"]
        for p in parameters
    }
    check_parameters(parsed(template), values)
    body = expanded(template, values, backend.region_name)
    if body == stack.template_dict and values == stack.parameters:
        raise ValidationError(message="No updates are to be performed.")
    apply(stack, "UPDATE", body, values, template)
    return stack


def create_change_set_with_capabilities(request: Any) -> Any:
    """moto does not look at capabilities, which do not get as far as its backend."""
    given = request._get_param("Capabilities", [])
    source = request._get_param("TemplateBody")
    values = {p["ParameterKey"]: p.get("ParameterValue", "") for p in request._get_param("Parameters", [])}
    check_capabilities(expanded(source, values, request.region), set(given))
    return _moto["respond"](request)


def get_code(function: Any) -> Any:
    """moto cuts a reference at its first colon, which makes `repository@sha256@sha256:…` of a digest."""
    told = _moto["get_code"](function)
    code = told["Code"]
    if "ResolvedImageUri" in code:
        repository = re.split(r"[:@]", code["ImageUri"])[0]
        code["ResolvedImageUri"] = f"{repository}@sha256:{function.code_sha_256}"
    return told


_moto: dict[str, Any] = {}


def keep_logging_config() -> None:
    """moto forgets it, and `sam logs` finds the function's log group by it."""
    function = awslambda.LambdaFunction
    start, update, told = function.__init__, function.update_configuration, function.get_configuration

    def __init__(self: Any, account_id: str, spec: Any, region: str, version: Any = 1) -> None:
        start(self, account_id, spec, region, version)
        self.logging = spec.get("LoggingConfig")

    def update_configuration(self: Any, config_updates: Any) -> Any:
        self.logging = config_updates.get("LoggingConfig", self.logging)
        return update(self, config_updates)

    def get_configuration(self: Any, on_create: bool = False) -> Any:
        return {**told(self, on_create), "LoggingConfig": self.logging}

    for replacement in (__init__, update_configuration, get_configuration):
        setattr(function, replacement.__name__, replacement)


def install() -> None:
    """Put this in the place of moto's own, before its server starts."""
    backend = models.CloudFormationBackend
    # AWS's ids of hosted zones begin with a Z.
    zone_id = route53.create_route53_zone_id
    route53.create_route53_zone_id = lambda **given: f"Z{zone_id(**given)}"
    _moto["get_code"] = awslambda.LambdaFunction.get_code
    awslambda.LambdaFunction.get_code = get_code
    keep_logging_config()
    _moto["create_change_set"] = backend.create_change_set
    models.Stack, models.ResourceMap = Stack, Resources
    for replacement in (create_change_set, execute_change_set, update_stack):
        setattr(backend, replacement.__name__, replacement)
    # Compares the values of parameters alone, and before the change set is there to fail.
    responses.CloudFormationResponse._validate_different_update = lambda *_: None
    _moto["respond"] = responses.CloudFormationResponse.create_change_set
    responses.CloudFormationResponse.create_change_set = create_change_set_with_capabilities
