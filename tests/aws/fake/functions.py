"""The resource types of Lambda."""
# moto and boto3 have no types.
# mypy: disable-error-code="import-not-found,import-untyped,no-any-return"

from __future__ import annotations

from typing import Any

from tests.aws.fake.kind import Properties, Values, picked, tags_by_key


def create_function(client: Any, properties: Properties, name: str) -> Values:
    wanted = {"FunctionName": name, **properties, "Tags": tags_by_key(properties)}
    reserved = wanted.pop("ReservedConcurrentExecutions", None)
    made = client.create_function(**wanted)
    reserve(client, made["FunctionName"], reserved)
    return {"Ref": made["FunctionName"], "Arn": made["FunctionArn"]}


def update_function(client: Any, properties: Properties, old: Values) -> Values:
    wanted = {**properties, "FunctionName": old["Ref"]}
    for name in ("Tags", "PackageType"):
        wanted.pop(name, None)
    architectures = wanted.pop("Architectures", ["x86_64"])
    client.update_function_code(FunctionName=old["Ref"], Architectures=architectures, **wanted.pop("Code"))
    reserve(client, old["Ref"], wanted.pop("ReservedConcurrentExecutions", None))
    client.update_function_configuration(**wanted)
    return old


def reserve(client: Any, name: str, number: int | None) -> None:
    if number is not None:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=number)


def create_version(client: Any, properties: Properties, name: str) -> Values:
    made = client.publish_version(FunctionName=properties["FunctionName"])
    return {"Ref": made["FunctionArn"], "Version": made["Version"]}


def create_alias(client: Any, properties: Properties, name: str) -> Values:
    made = client.create_alias(**picked(properties, "FunctionName", "FunctionVersion", "Name"))
    return {"Ref": made["AliasArn"], **properties}


def update_alias(client: Any, properties: Properties, old: Values) -> Values:
    client.update_alias(**picked(properties, "FunctionName", "FunctionVersion", "Name"))
    return old


def delete_alias(client: Any, values: Values) -> None:
    client.delete_alias(FunctionName=values["FunctionName"], Name=values["Name"])


def split_arn(function: str) -> tuple[str, dict[str, str]]:
    """The function and the qualifier of an ARN that may have one."""
    words = function.split(":")
    return ":".join(words[:7]), {"Qualifier": words[7]} if len(words) == 8 else {}


def create_url(client: Any, properties: Properties, name: str) -> Values:
    wanted = dict(properties)
    function, qualifier = split_arn(wanted.pop("TargetFunctionArn"))
    qualifier = {"Qualifier": wanted.pop("Qualifier")} if "Qualifier" in wanted else qualifier
    made = client.create_function_url_config(FunctionName=function, **qualifier, **wanted)
    return {"Ref": made["FunctionArn"], "FunctionUrl": made["FunctionUrl"], "Function": function}


def delete_url(client: Any, values: Values) -> None:
    client.delete_function_url_config(FunctionName=values["Function"])


def create_permission(client: Any, properties: Properties, name: str) -> Values:
    wanted = dict(properties)
    function, qualifier = split_arn(wanted.pop("FunctionName"))
    client.add_permission(FunctionName=function, StatementId=name, **qualifier, **wanted)
    return {"Ref": name, "FunctionName": function, **qualifier}


def delete_permission(client: Any, values: Values) -> None:
    qualifier = picked(values, "Qualifier")
    client.remove_permission(FunctionName=values["FunctionName"], StatementId=values["Ref"], **qualifier)
