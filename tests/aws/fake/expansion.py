"""What CloudFormation itself does to a template before it makes anything: the SAM transform, by AWS's own
translator, and the checks of parameters and capabilities that moto leaves out.
"""
# moto and what comes with it live in a venv of their own, and have no types.
# mypy: disable-error-code="import-not-found,import-untyped,no-any-return"

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from boto3.session import Session
from moto.cloudformation.exceptions import ValidationError
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

SAM = "AWS::Serverless-2016-10-31"


def parsed(body: str) -> dict[str, Any]:
    return yaml_parse(body)


def expanded(body: str, parameters: Mapping[str, str], region: str) -> dict[str, Any]:
    """The template without SAM in it, as CloudFormation goes on to make it."""
    template = parsed(body)
    if SAM not in json.dumps(template.get("Transform", "")):
        return template
    translator = Translator({}, Parser(), boto_session=Session(region_name=region))
    try:
        result = translator.translate(template, dict(parameters))
    except InvalidDocumentException as failure:
        causes = "; ".join(cause.message for cause in failure.causes)
        raise ValidationError(message=f"Transform {SAM} failed with: {causes}") from failure
    result.pop("Transform", None)
    return json.loads(json.dumps(result))


def check_parameters(template: Mapping[str, Any], given: Mapping[str, str]) -> None:
    declared = template.get("Parameters", {})
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [n for n, d in declared.items() if n not in given and "Default" not in d]
    if missing:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in given.items():
        pattern = declared[name].get("AllowedPattern")
        if pattern and not re.fullmatch(pattern, value):
            reason = declared[name].get("ConstraintDescription", f"must match pattern {pattern}")
            raise ValidationError(message=f"Parameter '{name}' {reason}")


def check_capabilities(template: Mapping[str, Any], given: set[str]) -> None:
    needed = set(capabilities(template))
    if "CAPABILITY_NAMED_IAM" in given:
        needed.discard("CAPABILITY_IAM")
    if needed - given:
        raise ValidationError(message=f"Requires capabilities : [{', '.join(sorted(needed - given))}]")


def capabilities(template: Mapping[str, Any]) -> Iterator[str]:
    for resource in template["Resources"].values():
        if resource["Type"].startswith("AWS::IAM::"):
            named = "RoleName" in resource.get("Properties", {})
            yield "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"


def references(value: Any) -> Iterator[str]:
    """Every name that a value refers to by Ref, GetAtt or Sub."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if key == "Ref":
            yield item
        elif key == "Fn::GetAtt":
            yield item[0] if isinstance(item, list) else item.partition(".")[0]
        elif key == "Fn::Sub":
            text = item[0] if isinstance(item, list) else item
            yield from (found.partition(".")[0] for found in re.findall(r"\$\{([^!}]+)\}", text))
            yield from references(item[1] if isinstance(item, list) else {})
        else:
            yield from references(item)


def in_order(resources: Mapping[str, Any]) -> list[str]:
    """The names of resources, each after those that it needs."""
    done: list[str] = []

    def add(name: str, above: tuple[str, ...] = ()) -> None:
        if name in above:
            raise ValidationError(message=f"Circular dependency between resources: [{', '.join(above)}]")
        if name in done or name not in resources:
            return
        depends = resources[name].get("DependsOn", [])
        listed = [depends] if isinstance(depends, str) else depends
        for needed in (*listed, *references(resources[name].get("Properties", {}))):
            add(needed, (*above, name))
        done.append(name)

    for name in resources:
        add(name)
    return done
