"""The stacks of the fake CloudFormation, and how their resources are made, changed and deleted in order."""
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
from moto.cloudformation import models, parsing

from tests.aws.fake.expansion import (
    in_order,
)
from tests.aws.fake.kind import Values
from tests.aws.fake.kinds import KINDS

# No types: each service would need its own.
boto3: Any = untyped
# The policies that keep a resource whose stack goes.
RETAINING = ("Retain", "RetainExceptOnCreate")
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
    deletion: str

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
        deletion = resource.get("DeletionPolicy", "Delete")
        self._parsed_resources[name] = Made(name, resource["Type"], properties, values, deletion)
        self.tell(name, resource["Type"], f"{verb}_COMPLETE")

    def remove(self, names: list[str], retaining: tuple[str, ...] = RETAINING) -> None:
        """In the opposite order of making."""
        for name in reversed(names):
            made = self._parsed_resources[name]
            kind = KINDS[made.cf_resource_type]
            if made.deletion in retaining:
                self.tell(name, made.cf_resource_type, "DELETE_SKIPPED")
            else:
                kind.delete(client(kind.service, self._region_name), made.values)
                self.tell(name, made.cf_resource_type, "DELETE_COMPLETE")
            del self._parsed_resources[name]

    def delete(self) -> None:
        self.remove(list(self.made))

    def undo_creation(self) -> None:
        self.remove(list(self.made), ("Retain",))

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
