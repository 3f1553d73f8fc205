"""A CloudFormation for moto that fails where AWS fails: it expands SAM, refuses the types that it cannot
make, tells an event for each resource, and rolls back. Stock moto skips in silence and says COMPLETE.
"""
# moto and boto3 have no types.
# mypy: disable-error-code="import-not-found,import-untyped,no-any-return,misc,no-untyped-call"

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3 as untyped
from botocore.exceptions import BotoCoreError, ClientError
from moto.awslambda import models as awslambda
from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import ValidationError

from tests.aws.fake.expansion import (
    check_capabilities,
    check_parameters,
    expanded,
    in_order,
    parsed,
    references,
)
from tests.aws.fake.kinds import KINDS, Values

# No types: each service would need its own.
boto3: Any = untyped
# Of moto's server; set before it takes requests.
endpoint = ""


def client(service: str, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


class ResourceFailed(Exception):
    """The API refused a resource; the stack has told its event already."""


@dataclass
class Made:
    """A resource that is there. `properties` are as the template gives them, dynamic references and all."""

    logical_resource_id: str
    cf_resource_type: str
    properties: dict[str, Any]
    values: Values
    retained: bool

    @property
    def physical_resource_id(self) -> str:
        return str(self.values["Ref"])

    def get_cfn_attribute(self, name: str) -> Any:
        return self.values[name]

    def is_created(self) -> bool:
        return True


class Resources(parsing.ResourceMap):
    """The resources of a stack. moto's own makes one when it is looked up; this one in order."""

    stack: Stack
    resolved_parameters: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self._parsed_resources[name]

    @property
    def made(self) -> dict[str, Made]:
        return {name: r for name, r in self._parsed_resources.items() if isinstance(r, Made)}

    def __iter__(self) -> Iterator[str]:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.made)

    def update(self, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        """Make, change and delete until the stack is what the template says."""
        self._template = template
        self._resource_json_map = template["Resources"]
        self.input_parameters = parameters or {}
        self.resolved_parameters = {}
        self.load()
        conditions = self.lazy_condition_map
        wanted = {
            name: resource
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or conditions[resource["Condition"]]
        }
        order = in_order(wanted)
        for index, name in enumerate(order):
            try:
                self._put(name, wanted[name])
            except ResourceFailed:
                for other in order[index + 1 :][:1]:
                    self.tell(other, wanted[other]["Type"], "CREATE_FAILED", "Resource creation cancelled")
                raise
        self.remove([name for name in self.made if name not in wanted])

    def validate_outputs(self) -> None:
        """moto would ask its own classes for attributes; cfn-lint has looked at ours."""

    def _put(self, name: str, resource: dict[str, Any]) -> None:
        properties = parsing.clean_json(copy.deepcopy(resource.get("Properties", {})), self)
        old = self.made.get(name)
        if old and old.properties == properties and old.cf_resource_type == resource["Type"]:
            return
        verb = "UPDATE" if old else "CREATE"
        kind = KINDS[resource["Type"]]
        api = client(kind.service, self._region_name)
        self.tell(name, resource["Type"], f"{verb}_IN_PROGRESS")
        try:
            wanted = dynamic(copy.deepcopy(properties), self._region_name)
            if old and kind.update:
                values = kind.update(api, wanted, old.values)
            else:
                if old:
                    kind.delete(api, old.values)
                values = kind.create(api, wanted, f"{self.stack.name}-{name}")
        except (BotoCoreError, ClientError, KeyError) as refusal:
            said = f"Resource handler returned message: {refusal}"
            self.tell(name, resource["Type"], f"{verb}_FAILED", said)
            raise ResourceFailed(name) from refusal
        retained = resource.get("DeletionPolicy") == "Retain"
        self._parsed_resources[name] = Made(name, resource["Type"], properties, values, retained)
        self.tell(name, resource["Type"], f"{verb}_COMPLETE")

    def remove(self, names: list[str]) -> None:
        """In the opposite order of making."""
        for name in reversed(names):
            made = self._parsed_resources[name]
            kind = KINDS[made.cf_resource_type]
            if made.retained:
                self.tell(name, made.cf_resource_type, "DELETE_SKIPPED")
            else:
                kind.delete(client(kind.service, self._region_name), made.values)
                self.tell(name, made.cf_resource_type, "DELETE_COMPLETE")
            del self._parsed_resources[name]

    def delete(self) -> None:
        self.remove(list(self.made))

    def tell(self, name: str, kind: str, status: str, reason: str = "") -> None:
        made = self.made.get(name)
        self.stack.events.append(
            models.Event(
                stack_id=self.stack_id,
                stack_name=self.stack.name,
                logical_resource_id=name,
                physical_resource_id=made.physical_resource_id if made else "",
                resource_type=kind,
                resource_status=status,
                resource_status_reason=reason or None,
                resource_properties=None,
            )
        )


class Stack(models.Stack):
    """`template` is what was sent, which GetTemplate answers with; `template_dict` is its expansion."""

    def has_template(self, other: str) -> bool:
        """Never: moto would not see a change of a parameter, so create_change_set compares by itself."""
        return False

    def _create_resource_map(self) -> Resources:
        resources = Resources(
            self.stack_id,
            self.name,
            self.parameters,
            self.tags,
            account_id=self.account_id,
            region_name=self.region_name,
            template={},
            cross_stack_resources=self.cross_stack_resources,
        )
        resources.stack = self
        resources.load()
        return resources

    @property
    def parameter_list(self) -> list[dict[str, Any]]:
        """moto masks by comparing a value with names, and so never does."""
        declared = self.template_dict.get("Parameters", {})
        return [
            {"ParameterKey": name, "ParameterValue": "****" if declared[name].get("NoEcho") else value}
            for name, value in self.parameters.items()
            if name in declared
        ]

    def apply(self, template: dict[str, Any], parameters: dict[str, str]) -> None:
        self.resource_map.update(template, parameters)
        self.template_dict, self.parameters = template, parameters
        self.description = template.get("Description")
        self.output_map = self._create_output_map()

    def say(self, status: str, reason: str | None = None) -> None:
        self.status = status
        self._add_stack_event(status, reason)


def dynamic(value: Any, region: str) -> Any:
    """`{{resolve:secretsmanager:…}}` and `{{resolve:ssm:…}}` replaced, as when a resource is made."""
    if isinstance(value, dict):
        return {key: dynamic(item, region) for key, item in value.items()}
    if isinstance(value, list):
        return [dynamic(item, region) for item in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"\{\{resolve:(\w[\w-]*):([^}]+)\}\}", lambda m: resolved(m[1], m[2], region), value)


def resolved(service: str, path: str, region: str) -> str:
    if service == "ssm":
        found = client("ssm", region).get_parameter(Name=path.partition(":")[0])
        return found["Parameter"]["Value"]
    # An id may be an ARN, which has colons of its own: what follows SecretString counts from the right.
    secret, _, rest = path.partition(":SecretString:")
    text = client("secretsmanager", region).get_secret_value(SecretId=secret)["SecretString"]
    key = rest.partition(":")[0]
    return json.loads(text)[key] if key else text


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
            stack.resource_map.delete()
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


def install() -> None:
    """Put this in the place of moto's own, before its server starts."""
    backend = models.CloudFormationBackend
    _moto["get_code"] = awslambda.LambdaFunction.get_code
    awslambda.LambdaFunction.get_code = get_code
    _moto["create_change_set"] = backend.create_change_set
    models.Stack, models.ResourceMap = Stack, Resources
    for replacement in (create_change_set, execute_change_set, update_stack):
        setattr(backend, replacement.__name__, replacement)
    # Compares the values of parameters alone, and before the change set is there to fail.
    responses.CloudFormationResponse._validate_different_update = lambda *_: None
    _moto["respond"] = responses.CloudFormationResponse.create_change_set
    responses.CloudFormationResponse.create_change_set = create_change_set_with_capabilities
