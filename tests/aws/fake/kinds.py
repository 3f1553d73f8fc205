"""The resource types that our templates come to, each made by public calls of moto's APIs.

So botocore checks every shape, and what CloudFormation "made" can be read back through the same APIs.
A type that is not here is refused: nothing is skipped in silence.
"""
# moto and boto3 have no types.
# mypy: disable-error-code="import-not-found,import-untyped,no-any-return"

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.fake.apis import (
    create_base_path,
    create_http_api,
    create_http_domain,
    create_http_stage,
    create_mapping,
    create_rest_api,
    create_rest_deployment,
    create_rest_domain,
    create_rest_stage,
    delete_base_path,
    delete_http_stage,
    delete_mapping,
    delete_rest_stage,
    update_http_api,
    update_rest_api,
    update_rest_stage,
)
from tests.aws.fake.functions import (
    create_alias,
    create_function,
    create_permission,
    create_url,
    create_version,
    delete_alias,
    delete_permission,
    delete_url,
    update_alias,
    update_function,
)
from tests.aws.fake.kind import Kind, Properties, Values, lower_first, nothing, picked, tags_by_key

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
    for record in properties["RecordSets"]:
        # The API has no default for it, as CloudFormation does.
        record.get("AliasTarget", {}).setdefault("EvaluateTargetHealth", False)
    change_records("UPSERT")(client, properties)
    return {"Ref": name, **properties}


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
