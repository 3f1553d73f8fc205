"""The risks of changes to a SAM template: what CloudFormation replaces, deletes or opens to the world.

In its IAM policies, only a new grant is a risk.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from jvbundler.diff.model import ABSENT, Level, Risk
from jvbundler.diff.objects import SECRET_PARAMETER, canonical, within
from jvbundler.diff.risks.rule import (
    ADDED,
    PRESENT,
    Changed,
    Rule,
    appears,
    becomes,
    gone,
    is_true,
    not_true,
    shrinks,
)

FUNCTION = "AWS::Serverless::Function"
HTTP_API, REST_API = "AWS::Serverless::HttpApi", "AWS::Serverless::Api"
APIS = f"{HTTP_API}|{REST_API}"
LOG_GROUP = "AWS::Logs::LogGroup"
ACCESS_POINT = "AWS::EFS::AccessPoint"
REPOSITORY = "AWS::ECR::Repository"
ROLE, ALARM = "AWS::IAM::Role", "AWS::CloudWatch::Alarm"
# Effect, principal, action, resource, condition; the last two as canonical JSON.
Grant = tuple[str, str, str, str, str]
SHOWN_ACTIONS = 5


class Replaced(NamedTuple):
    """A property that CloudFormation documents with "Update requires: Replacement".

    `path` is where our template has it. `type` and `property` are CloudFormation's names, if SAM has others;
    tests/diff compares them with the `createOnlyProperties` of the resource's schema. The page of a type is
    docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-TYPE.html.
    """

    kind: str
    path: str
    what_is_lost: str
    is_stateful: bool
    type: str = ""
    property: str = ""


_LOGS = "its events are deleted with the old group"
_IMAGES = "a new, empty repository; the old one keeps its images and is no longer managed"
_ADDRESS = "a new function: its ARN and the address of its URL change"
_MOUNT = "a new access point: files keep the owner they have, and a new root directory is empty"
_STAGE = "a new stage: the address of the API may change"
REPLACED = (
    # aws-resource-logs-loggroup.html
    Replaced(LOG_GROUP, "LogGroupName", _LOGS, True),
    # aws-resource-efs-accesspoint.html: all but its tags
    Replaced(ACCESS_POINT, "FileSystemId", _MOUNT, True),
    Replaced(ACCESS_POINT, "PosixUser.**", _MOUNT, True),
    Replaced(ACCESS_POINT, "RootDirectory.**", _MOUNT, True),
    # aws-resource-ecr-repository.html
    Replaced(REPOSITORY, "RepositoryName", _IMAGES, True),
    Replaced(REPOSITORY, "EncryptionConfiguration.**", _IMAGES, True),
    # aws-resource-lambda-function.html
    Replaced(FUNCTION, "FunctionName", _ADDRESS, True, "AWS::Lambda::Function"),
    Replaced(FUNCTION, "PackageType", _ADDRESS, True, "AWS::Lambda::Function"),
    # aws-resource-lambda-alias.html, aws-resource-lambda-url.html (TargetFunctionArn with the alias)
    Replaced(FUNCTION, "AutoPublishAlias", "a new alias: a Function URL that goes to it gets a new address",
             False, "AWS::Lambda::Alias", "Name"),
    # aws-resource-iam-role.html
    Replaced(ROLE, "RoleName", "a new role: it does not have what others granted to the old one", False),
    # aws-resource-cloudwatch-alarm.html
    Replaced(ALARM, "AlarmName", "a new alarm, with a history of its own", False),
    # aws-resource-apigatewayv2-stage.html, aws-resource-apigateway-stage.html
    Replaced(HTTP_API, "StageName", _STAGE, False, "AWS::ApiGatewayV2::Stage"),
    Replaced(REST_API, "StageName", _STAGE, False, "AWS::ApiGateway::Stage"),
    # aws-resource-apigatewayv2-domainname.html, aws-resource-apigateway-domainname.html
    Replaced(HTTP_API, "Domain.DomainName", "a new domain: its DNS record has to follow", False,
             "AWS::ApiGatewayV2::DomainName", "DomainName"),
    Replaced(REST_API, "Domain.DomainName", "a new domain: its DNS record has to follow", False,
             "AWS::ApiGateway::DomainName", "DomainName"),
)  # fmt: skip


def _replacement(row: Replaced) -> Rule:
    name = row.path.split(".")[0]
    level: Level = "danger" if row.is_stateful else "attention"
    hint = "keep it, or save what the old one holds first" if row.is_stateful else ""
    message = f"{name} makes CloudFormation replace it: {row.what_is_lost}"
    return Rule(row.kind, f"Properties.{row.path}", "replacement", level, message, hint)


# What is lost when the resource is removed from the template, unless its policy keeps it.
STATEFUL = {
    LOG_GROUP: ("danger", "its events are deleted"),
    ACCESS_POINT: ("attention", "the function can no longer reach its files, which stay on the file system"),
    REPOSITORY: ("danger", "its images are deleted"),
    "AWS::EFS::FileSystem": ("danger", "its files are deleted"),
    "AWS::DynamoDB::Table": ("danger", "its items are deleted"),
    "AWS::S3::Bucket": ("danger", "the bucket is deleted"),
}
SERVING = (FUNCTION, HTTP_API, REST_API)
KEEPING = ("Retain", "RetainExceptOnCreate", "Snapshot")


def weakens(old: Any, new: Any) -> bool:
    return old in KEEPING and new not in KEEPING


def is_star(_: Any, new: Any) -> bool:
    return new in ("*", "'*'")


def differs(old: Any, new: Any) -> bool:
    return old is not ABSENT and new is not ABSENT


REPLACEMENT = (
    *map(_replacement, REPLACED),
    Rule("*", "Type", "immutable field", "danger",
         "CloudFormation does not change the type of a resource: the update fails",
         "give the new resource another logical id"),
    Rule(FUNCTION, "Properties.FunctionUrlConfig.AuthType", "replacement", "attention",
         "the Function URL is deleted, and its address never comes back", when=gone),
)  # fmt: skip

DATA = (
    *(Rule("*", field, "data loss", "danger", f"{field} no longer keeps what the resource holds",
           "keep it at Retain", weakens) for field in ("DeletionPolicy", "UpdateReplacePolicy")),
    Rule(LOG_GROUP, "Properties.RetentionInDays", "data loss", "danger",
         "events older than the new retention are deleted", "export them first",
         lambda old, new: shrinks(old, new) or appears(old, new)),
    Rule(REPOSITORY, "Properties.LifecyclePolicy.**", "data loss", "attention",
         "other images expire, perhaps one that a function still runs"),
)  # fmt: skip

PERMISSIONS = (
    Rule(ROLE, "Properties.ManagedPolicyArns.**", "permissions", "attention",
         "the role gets a managed policy",
         "read what the policy allows", lambda _, new: new is not ABSENT, PRESENT),
    Rule(ROLE, "Properties.PermissionsBoundary", "permissions", "danger",
         "the role may use all of its policies: no boundary limits them", when=gone),
    Rule(ROLE, "Properties.PermissionsBoundary", "permissions", "attention",
         "another boundary limits the role",
         when=differs),
    Rule(FUNCTION, "Properties.Role", "permissions", "attention", "the function runs with another role"),
    Rule(FUNCTION, "Properties.VpcConfig.**", "permissions", "attention",
         "the function reaches another network, or other rules apply to it"),
    Rule(f"{FUNCTION}|{LOG_GROUP}", "Properties.KmsKeyArn", "permissions", "attention",
         "an AWS key encrypts it instead of yours", when=gone),
    Rule(LOG_GROUP, "Properties.KmsKeyId", "permissions", "attention",
         "an AWS key encrypts it instead of yours", when=gone),
    Rule(SECRET_PARAMETER, "Default", "permissions", "danger", "a default shows the secret to every reader",
         "remove the default", lambda _, new: new is not ABSENT and new != "", PRESENT),
    Rule("Parameter", "NoEcho", "permissions", "danger",
         "the value of the parameter becomes readable to everybody who may describe the stack",
         "keep NoEcho: true", gone),
    Rule(REPOSITORY, "Properties.ImageTagMutability", "permissions", "attention",
         "a tag may be overwritten with another image", "keep IMMUTABLE", becomes("MUTABLE")),
    Rule(REPOSITORY, "Properties.ImageScanningConfiguration.ScanOnPush", "permissions", "attention",
         "images are no longer scanned", when=not_true),
)  # fmt: skip

EXPOSURE = (
    Rule(FUNCTION, "Properties.FunctionUrlConfig.AuthType", "exposure", "danger",
         "whoever has the Function URL may call the app", "use AWS_IAM, or make the app authenticate",
         becomes("NONE"), PRESENT),
    Rule(FUNCTION, "Properties.FunctionUrlConfig.AuthType", "exposure", "attention",
         "the function gets a public address, for callers that sign by IAM",
         when=becomes("AWS_IAM"), on=PRESENT),
    Rule(APIS, "", "exposure", "attention", "a public API in front of the function",
         "make sure that the app authenticates its callers", on=ADDED),
    *(Rule(f"{FUNCTION}|{APIS}", f"Properties.{path}", "exposure", "attention",
           "any web page may call it (CORS)", "name the origins", is_star, PRESENT)
      for path in ("FunctionUrlConfig.Cors.AllowOrigins.*", "CorsConfiguration.AllowOrigins.*",
                   "Cors.AllowOrigin")),
    *(Rule(FUNCTION, f"Properties.Environment.Variables.{name}", "exposure", "attention",
           "any web page may call the app (CORS)", "name the origins", is_star, PRESENT)
      for name in ("JVSPATIAL_CORS_ORIGINS", "JVAGENT_CORS_ORIGINS")),
    Rule(f"{FUNCTION}|{APIS}", "Properties.**.AllowCredentials", "exposure", "attention",
         "web pages may call it with the user's cookies", when=is_true, on=PRESENT),
    Rule(APIS, "Properties.DisableExecuteApiEndpoint", "exposure", "attention",
         "the API answers under its own address too, beside the domain", when=not_true),
    Rule(REST_API, "Properties.EndpointConfiguration.Type", "exposure", "danger",
         "a private API becomes public", "keep PRIVATE", lambda old, new: old == "PRIVATE"),
    Rule(APIS, "Properties.Domain.DomainName", "exposure", "attention", "the API answers under a domain",
         when=appears),
    Rule(APIS, "Properties.Domain.DomainName", "outage", "danger",
         "the API no longer answers under its domain",
         when=gone),
)  # fmt: skip

SCALING = (
    Rule(FUNCTION, "Properties.ImageUri", "image", "info", "another image runs"),
    Rule(FUNCTION, "Properties.Architectures.*", "image", "attention",
         "the image has to be built for the new architecture", "build and push it before you deploy"),
    Rule(FUNCTION, "Properties.Environment.**", "restart", "info", "the function restarts"),
    Rule(FUNCTION, "Properties.MemorySize", "scaling", "attention", "less memory, and less CPU",
         "compare it with the used memory in the log", shrinks),
    Rule(FUNCTION, "Properties.MemorySize", "scaling", "info", "the memory changes, and CPU with it"),
    Rule(FUNCTION, "Properties.Timeout", "scaling", "attention", "longer requests are cut off", when=shrinks),
    Rule(FUNCTION, "Properties.EphemeralStorage.Size", "scaling", "attention", "less room in /tmp",
         when=shrinks),
    Rule(FUNCTION, "Properties.ReservedConcurrentExecutions", "outage", "danger",
         "every request is throttled",
         "0 turns the function off", becomes(0), PRESENT),
    Rule(FUNCTION, "Properties.ReservedConcurrentExecutions", "scaling", "attention",
         "fewer requests at the same time; others are throttled",
         when=lambda old, new: shrinks(old, new) or appears(old, new)),
    Rule(FUNCTION, "Properties.ReservedConcurrentExecutions", "scaling", "info",
         "another limit of concurrency"),
    Rule(FUNCTION, "Properties.ProvisionedConcurrencyConfig.**", "scaling", "info",
         "another number of warm instances, which cost money while idle"),
    Rule(APIS, "Properties.DefaultRouteSettings.**", "scaling", "info", "other limits of the request rate"),
    Rule(APIS, "Properties.MethodSettings.**", "scaling", "info", "other limits of the request rate"),
)  # fmt: skip

ROWS = (*REPLACEMENT, *DATA, *PERMISSIONS, *EXPOSURE, *SCALING)


def removal(changed: Changed) -> Iterator[Risk]:
    """A resource that leaves the template is deleted, unless its old DeletionPolicy keeps it."""
    if changed.action != "removed":
        return
    if changed.kind in SERVING:
        yield Risk("outage", "danger", "it is deleted: the app stops serving through it")
    if changed.kind not in STATEFUL:
        return
    level, loss = STATEFUL[changed.kind]
    if within(changed.old, "DeletionPolicy") in KEEPING:
        yield Risk("data loss", "info", "it stays, but no stack manages it any more")
    elif level == "danger":
        hint = "first deploy with DeletionPolicy: Retain, or save what it holds"
        yield Risk("data loss", "danger", loss, hint)
    else:
        yield Risk("data loss", "attention", loss)


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
        return Risk("permissions", "danger", message, "name the actions and principals instead of '*'")
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
