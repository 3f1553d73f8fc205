"""The resource types that our templates come to, each made by public calls of moto's APIs.

So botocore checks every shape, and what CloudFormation "made" can be read back through the same APIs.
A type that is not here is refused: nothing is skipped in silence.
"""
# moto and boto3 have no types.
# mypy: disable-error-code="import-not-found,import-untyped,no-any-return"

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

Properties = dict[str, Any]
# What Ref and GetAtt give: `Ref`, and attributes by name.
Values = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """`update` is None where CloudFormation, or moto, replaces the resource."""

    service: str
    create: Callable[[Any, Properties, str], Values]
    delete: Callable[[Any, Values], Any]
    update: Callable[[Any, Properties, Values], Values] | None = None


def lower_first(value: Any) -> Any:
    """The keys as the older APIs spell them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower_first(item) for key, item in value.items()}
    return [lower_first(item) for item in value] if isinstance(value, list) else value


def tags_by_key(properties: Properties) -> dict[str, str]:
    tags = properties.get("Tags", {})
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def picked(properties: Properties, *names: str) -> Properties:
    return {name: properties[name] for name in names if name in properties}


def nothing(client: Any, values: Values) -> None:
    """Gone with the resource that it belongs to."""


# ---- CloudWatch


def create_log_group(client: Any, properties: Properties, name: str) -> Values:
    name = properties.get("LogGroupName", name)
    kms = {"kmsKeyId": properties["KmsKeyId"]} if "KmsKeyId" in properties else {}
    client.create_log_group(logGroupName=name, tags=tags_by_key(properties), **kms)
    return update_log_group(client, properties, {"Ref": name})


def update_log_group(client: Any, properties: Properties, old: Values) -> Values:
    name = old["Ref"]
    if "RetentionInDays" in properties:
        client.put_retention_policy(logGroupName=name, retentionInDays=properties["RetentionInDays"])
    found = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    return {"Ref": name, "Arn": found["arn"]}


def put_alarm(client: Any, properties: Properties, name: str) -> Values:
    name = properties.get("AlarmName", name)
    client.put_metric_alarm(**{**properties, "AlarmName": name})
    found = client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    return {"Ref": name, "Arn": found["AlarmArn"]}


# ---- IAM


def create_role(client: Any, properties: Properties, name: str) -> Values:
    name = properties.get("RoleName", name)[:64]
    trust = json.dumps(properties["AssumeRolePolicyDocument"])
    plain = picked(properties, "PermissionsBoundary", "Tags", "Description")
    role = client.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **plain)["Role"]
    values = {"Ref": name, "Arn": role["Arn"], "RoleId": role["RoleId"]}
    try:
        return update_role(client, properties, values)
    except ClientError:
        delete_role(client, values)
        raise


def update_role(client: Any, properties: Properties, old: Values) -> Values:
    clear_role(client, old)
    for arn in properties.get("ManagedPolicyArns", []):
        client.attach_role_policy(RoleName=old["Ref"], PolicyArn=arn)
    for policy in properties.get("Policies", []):
        document = json.dumps(policy["PolicyDocument"])
        client.put_role_policy(RoleName=old["Ref"], PolicyName=policy["PolicyName"], PolicyDocument=document)
    return old


def clear_role(client: Any, values: Values) -> None:
    name = values["Ref"]
    for policy in client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        client.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for inline in client.list_role_policies(RoleName=name)["PolicyNames"]:
        client.delete_role_policy(RoleName=name, PolicyName=inline)


def delete_role(client: Any, values: Values) -> None:
    clear_role(client, values)
    client.delete_role(RoleName=values["Ref"])


# ---- ECR


def create_repository(client: Any, properties: Properties, name: str) -> Values:
    name = properties.get("RepositoryName", name.lower())
    made = client.create_repository(
        repositoryName=name,
        imageTagMutability=properties.get("ImageTagMutability", "MUTABLE"),
        imageScanningConfiguration=lower_first(properties.get("ImageScanningConfiguration", {})),
        encryptionConfiguration=lower_first(properties["EncryptionConfiguration"]),
        tags=properties.get("Tags", []),
    )["repository"]
    values = {"Ref": name, "Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]}
    return update_repository(client, properties, values)


def update_repository(client: Any, properties: Properties, old: Values) -> Values:
    name = old["Ref"]
    mutability = properties.get("ImageTagMutability", "MUTABLE")
    client.put_image_tag_mutability(repositoryName=name, imageTagMutability=mutability)
    if "LifecyclePolicy" in properties:
        text = properties["LifecyclePolicy"]["LifecyclePolicyText"]
        client.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=text)
    if "RepositoryPolicyText" in properties:
        text = json.dumps(properties["RepositoryPolicyText"])
        client.set_repository_policy(repositoryName=name, policyText=text)
    return old


# ---- EFS and Route 53


def create_access_point(client: Any, properties: Properties, name: str) -> Values:
    wanted = picked(properties, "FileSystemId", "PosixUser", "RootDirectory")
    user = wanted.get("PosixUser", {})
    wanted["PosixUser"] = {key: int(value) for key, value in user.items()}
    root = wanted.get("RootDirectory", {})
    info = root.get("CreationInfo", {})
    wanted["RootDirectory"] = {**root, "CreationInfo": {**info, **numbers(info, "OwnerUid", "OwnerGid")}}
    made = client.create_access_point(ClientToken=name, Tags=properties.get("AccessPointTags", []), **wanted)
    return {"Ref": made["AccessPointId"], "Arn": made["AccessPointArn"]}


def numbers(properties: Properties, *names: str) -> dict[str, int]:
    return {name: int(properties[name]) for name in names if name in properties}


def change_records(action: str) -> Callable[[Any, Properties], None]:
    def change(client: Any, properties: Properties) -> None:
        changes = [{"Action": action, "ResourceRecordSet": record} for record in properties["RecordSets"]]
        client.change_resource_record_sets(
            HostedZoneId=properties["HostedZoneId"], ChangeBatch={"Changes": changes}
        )

    return change


def create_records(client: Any, properties: Properties, name: str) -> Values:
    change_records("UPSERT")(client, properties)
    return {"Ref": name, **properties}


# ---- Lambda


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


# ---- HTTP API


def create_http_api(client: Any, properties: Properties, name: str) -> Values:
    body = properties["Body"]
    made = client.create_api(
        Name=body["info"]["title"],
        ProtocolType="HTTP",
        Tags={tag["name"]: "" for tag in body.get("tags", [])},
        **cors(body),
        **picked(properties, "DisableExecuteApiEndpoint"),
    )
    put_routes(client, made["ApiId"], body)
    return {"Ref": made["ApiId"], "ApiId": made["ApiId"], "ApiEndpoint": made["ApiEndpoint"]}


def update_http_api(client: Any, properties: Properties, old: Values) -> Values:
    api, body = old["Ref"], properties["Body"]
    for route in client.get_routes(ApiId=api)["Items"]:
        client.delete_route(ApiId=api, RouteId=route["RouteId"])
    for integration in client.get_integrations(ApiId=api)["Items"]:
        client.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])
    put_routes(client, api, body)
    client.update_api(ApiId=api, Name=body["info"]["title"], **cors(body))
    return old


def cors(body: dict[str, Any]) -> Properties:
    stated = body.get("x-amazon-apigateway-cors")
    if not stated:
        return {}
    return {"CorsConfiguration": {key[:1].upper() + key[1:]: value for key, value in stated.items()}}


def put_routes(client: Any, api: str, body: dict[str, Any]) -> None:
    """moto has no ImportApi, so the routes of the OpenAPI document are made one by one."""
    for path, methods in body.get("paths", {}).items():
        for method, operation in methods.items():
            stated = operation["x-amazon-apigateway-integration"]
            integration = client.create_integration(
                ApiId=api,
                IntegrationType=stated["type"].upper(),
                IntegrationUri=stated["uri"],
                IntegrationMethod=stated["httpMethod"],
                PayloadFormatVersion=stated["payloadFormatVersion"],
                **({"TimeoutInMillis": stated["timeoutInMillis"]} if "timeoutInMillis" in stated else {}),
            )
            any_method = method == "x-amazon-apigateway-any-method"
            key = "$default" if path == "/$default" else f"{'ANY' if any_method else method.upper()} {path}"
            target = f"integrations/{integration['IntegrationId']}"
            client.create_route(ApiId=api, RouteKey=key, Target=target)


def create_http_stage(client: Any, properties: Properties, name: str) -> Values:
    client.create_stage(**properties)
    return {"Ref": properties["StageName"], "ApiId": properties["ApiId"]}


def delete_http_stage(client: Any, values: Values) -> None:
    client.delete_stage(ApiId=values["ApiId"], StageName=values["Ref"])


def create_http_domain(client: Any, properties: Properties, name: str) -> Values:
    made = client.create_domain_name(**properties)
    stated = made["DomainNameConfigurations"][0]
    return {
        "Ref": made["DomainName"],
        "RegionalDomainName": stated.get("ApiGatewayDomainName", f"d.{made['DomainName']}"),
        "RegionalHostedZoneId": stated.get("HostedZoneId", "Z0000000000000000000"),
    }


def create_mapping(client: Any, properties: Properties, name: str) -> Values:
    # moto wants a key where the API takes none for the root of the domain.
    made = client.create_api_mapping(**{"ApiMappingKey": "", **properties})
    return {"Ref": made["ApiMappingId"], "DomainName": properties["DomainName"]}


def delete_mapping(client: Any, values: Values) -> None:
    client.delete_api_mapping(DomainName=values["DomainName"], ApiMappingId=values["Ref"])


# ---- REST API


def create_rest_api(client: Any, properties: Properties, name: str) -> Values:
    body = properties["Body"]
    configuration = lower_first(properties.get("EndpointConfiguration", {"Types": ["EDGE"]}))
    title = properties.get("Name", body["info"]["title"])
    api = client.create_rest_api(name=title, endpointConfiguration=configuration)["id"]
    return {**put_methods(client, api, body), "Ref": api}


def update_rest_api(client: Any, properties: Properties, old: Values) -> Values:
    root = old["RootResourceId"]
    for resource in client.get_resources(restApiId=old["Ref"])["items"]:
        if resource["id"] != root:
            client.delete_resource(restApiId=old["Ref"], resourceId=resource["id"])
        for method in resource.get("resourceMethods", {}) if resource["id"] == root else ():
            client.delete_method(restApiId=old["Ref"], resourceId=root, httpMethod=method)
    return {**put_methods(client, old["Ref"], properties["Body"]), "Ref": old["Ref"]}


def put_methods(client: Any, api: str, body: dict[str, Any]) -> Values:
    root = next(r["id"] for r in client.get_resources(restApiId=api)["items"] if r["path"] == "/")
    for path, methods in body["paths"].items():
        resource = root
        for segment in filter(None, path.split("/")):
            resource = client.create_resource(restApiId=api, parentId=resource, pathPart=segment)["id"]
        for method, operation in methods.items():
            name = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            put_method(client, {"restApiId": api, "resourceId": resource, "httpMethod": name}, operation)
    return {"RootResourceId": root}


def put_method(client: Any, place: Properties, operation: dict[str, Any]) -> None:
    client.put_method(authorizationType="NONE", **place)
    stated = operation["x-amazon-apigateway-integration"]
    given = {
        "integrationHttpMethod": stated.get("httpMethod", "POST"),
        **({"uri": stated["uri"]} if "uri" in stated else {}),
        **({"timeoutInMillis": stated["timeoutInMillis"]} if "timeoutInMillis" in stated else {}),
        **({"requestTemplates": stated["requestTemplates"]} if "requestTemplates" in stated else {}),
    }
    client.put_integration(type=stated["type"].upper(), **place, **given)


def create_rest_deployment(client: Any, properties: Properties, name: str) -> Values:
    wanted = lower_first(picked(properties, "RestApiId", "Description", "StageName"))
    return {"Ref": client.create_deployment(**wanted)["id"]}


def create_rest_stage(client: Any, properties: Properties, name: str) -> Values:
    wanted = lower_first(picked(properties, "RestApiId", "StageName", "DeploymentId", "TracingEnabled"))
    client.create_stage(tags=tags_by_key(properties), **wanted)
    values = {"Ref": properties["StageName"], "RestApiId": properties["RestApiId"]}
    return update_rest_stage(client, properties, values)


def update_rest_stage(client: Any, properties: Properties, old: Values) -> Values:
    changes = {"/deploymentId": properties["DeploymentId"]}
    for setting in properties.get("MethodSettings", []):
        scope = f"/{setting['ResourcePath'].lstrip('/') or '*'}/{setting['HttpMethod']}"
        for name in ("BurstLimit", "RateLimit"):
            if f"Throttling{name}" in setting:
                changes[f"{scope}/throttling/{lower_first({name: 0}).popitem()[0]}"] = str(
                    setting[f"Throttling{name}"]
                )
    operations = [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]
    client.update_stage(restApiId=old["RestApiId"], stageName=old["Ref"], patchOperations=operations)
    return old


def delete_rest_stage(client: Any, values: Values) -> None:
    client.delete_stage(restApiId=values["RestApiId"], stageName=values["Ref"])


def create_rest_domain(client: Any, properties: Properties, name: str) -> Values:
    wanted = lower_first(properties)
    wanted.pop("tags", None)
    made = client.create_domain_name(**wanted)
    return {
        "Ref": made["domainName"],
        "RegionalDomainName": made.get("regionalDomainName", f"d.{made['domainName']}"),
        "RegionalHostedZoneId": made.get("regionalHostedZoneId", "Z0000000000000000000"),
    }


def create_base_path(client: Any, properties: Properties, name: str) -> Values:
    client.create_base_path_mapping(**lower_first(properties))
    return {"Ref": name, "Domain": properties["DomainName"], "Path": properties.get("BasePath", "(none)")}


def delete_base_path(client: Any, values: Values) -> None:
    client.delete_base_path_mapping(domainName=values["Domain"], basePath=values["Path"])


KINDS = {
    "AWS::ApiGateway::BasePathMapping": Kind("apigateway", create_base_path, delete_base_path),
    "AWS::ApiGateway::Deployment": Kind("apigateway", create_rest_deployment, nothing),
    "AWS::ApiGateway::DomainName": Kind(
        "apigateway", create_rest_domain, lambda c, v: c.delete_domain_name(domainName=v["Ref"])
    ),
    "AWS::ApiGateway::RestApi": Kind(
        "apigateway", create_rest_api, lambda c, v: c.delete_rest_api(restApiId=v["Ref"]), update_rest_api
    ),
    "AWS::ApiGateway::Stage": Kind("apigateway", create_rest_stage, delete_rest_stage, update_rest_stage),
    "AWS::ApiGatewayV2::Api": Kind(
        "apigatewayv2", create_http_api, lambda c, v: c.delete_api(ApiId=v["Ref"]), update_http_api
    ),
    "AWS::ApiGatewayV2::ApiMapping": Kind("apigatewayv2", create_mapping, delete_mapping),
    "AWS::ApiGatewayV2::DomainName": Kind(
        "apigatewayv2", create_http_domain, lambda c, v: c.delete_domain_name(DomainName=v["Ref"])
    ),
    "AWS::ApiGatewayV2::Stage": Kind("apigatewayv2", create_http_stage, delete_http_stage),
    "AWS::CloudWatch::Alarm": Kind(
        "cloudwatch",
        put_alarm,
        lambda c, v: c.delete_alarms(AlarmNames=[v["Ref"]]),
        lambda c, p, v: put_alarm(c, p, v["Ref"]),
    ),
    "AWS::ECR::Repository": Kind(
        "ecr", create_repository, lambda c, v: c.delete_repository(repositoryName=v["Ref"]), update_repository
    ),
    "AWS::EFS::AccessPoint": Kind(
        "efs", create_access_point, lambda c, v: c.delete_access_point(AccessPointId=v["Ref"])
    ),
    "AWS::IAM::Role": Kind("iam", create_role, delete_role, update_role),
    "AWS::Lambda::Alias": Kind("lambda", create_alias, delete_alias, update_alias),
    "AWS::Lambda::Function": Kind(
        "lambda", create_function, lambda c, v: c.delete_function(FunctionName=v["Ref"]), update_function
    ),
    "AWS::Lambda::Permission": Kind("lambda", create_permission, delete_permission),
    "AWS::Lambda::Url": Kind("lambda", create_url, delete_url),
    "AWS::Lambda::Version": Kind("lambda", create_version, nothing),
    "AWS::Logs::LogGroup": Kind(
        "logs",
        create_log_group,
        lambda c, v: c.delete_log_group(logGroupName=v["Ref"]),
        update_log_group,
    ),
    "AWS::Route53::RecordSetGroup": Kind("route53", create_records, change_records("DELETE")),
}
