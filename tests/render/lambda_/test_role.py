"""The role has what this configuration needs, and nothing else."""

from __future__ import annotations

from typing import Any

from tests.render.lambda_.files import app, template

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
SELF_INVOKE = {"lambda:InvokeFunction"}
ACCESS_POINT = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0"


def statements(deploy_yaml: str, *configured: tuple[str, str]) -> list[dict[str, Any]]:
    role = template(deploy_yaml, app(*configured))["Resources"]["Role"]["Properties"]
    found: list[dict[str, Any]] = role["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def actions(deploy_yaml: str, *configured: tuple[str, str]) -> set[str]:
    return {action for found in statements(deploy_yaml, *configured) for action in found["Action"]}


def statement(deploy_yaml: str, action: str) -> dict[str, Any]:
    """The one statement that allows `action`."""
    (found,) = (s for s in statements(deploy_yaml) if action in s["Action"])
    return found


def test_the_least_is_to_log_and_to_invoke_itself() -> None:
    assert actions("lambda: {enabled: true}") == LOGS | SELF_INVOKE
    assert actions("lambda: {enabled: true, deferred_tasks: false}") == LOGS


def test_it_logs_to_its_own_group_and_makes_none() -> None:
    logs = statement("lambda: {enabled: true}", "logs:PutLogEvents")
    assert logs["Resource"] == [{"Fn::GetAtt": ["LogGroup", "Arn"]}]


def test_it_invokes_the_function_by_name() -> None:
    """`!GetAtt Function.Arn` would make role and function wait for each other."""
    invoke = statement("lambda: {enabled: true, function: {name: acme}}", "lambda:InvokeFunction")
    assert invoke["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:acme"}
    ]


def test_a_given_account_stands_in_every_arn() -> None:
    deploy_yaml = "lambda: {enabled: true, account_id: 123456789012, function: {name: acme}}"
    invoke = statement(deploy_yaml, "lambda:InvokeFunction")
    assert invoke["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:123456789012:function:acme"}
    ]


def test_a_vpc_needs_network_interfaces() -> None:
    assert "ec2:CreateNetworkInterface" in actions("lambda: {enabled: true, vpc: {enabled: true}}")


def test_a_file_system_is_mounted_through_its_access_point_only() -> None:
    efs = f"{{enabled: true, file_system_id: fs-0123456789abcdef0, access_point_arn: '{ACCESS_POINT}'}}"
    mount = statement(f"lambda: {{enabled: true, efs: {efs}}}", "elasticfilesystem:ClientMount")
    assert mount["Action"] == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    assert mount["Resource"][0]["Fn::Sub"].endswith("file-system/fs-0123456789abcdef0")
    assert mount["Condition"] == {"StringEquals": {"elasticfilesystem:AccessPointArn": ACCESS_POINT}}


def test_a_made_access_point_is_on_the_file_system_that_is_asked_for() -> None:
    mount = statement("lambda: {enabled: true, efs: {enabled: true}}", "elasticfilesystem:ClientMount")
    assert mount["Resource"][0]["Fn::Sub"].endswith("file-system/${FileSystemId}")
    access_point = {"Fn::GetAtt": ["AccessPoint", "Arn"]}
    assert mount["Condition"] == {"StringEquals": {"elasticfilesystem:AccessPointArn": access_point}}


def test_tracing_needs_x_ray() -> None:
    assert "xray:PutTraceSegments" in actions("lambda: {enabled: true, tracing: true}")


def test_dynamodb_is_open_for_the_tables_of_the_app_only() -> None:
    tables = statement(
        """
environment:
  JVSPATIAL_DB_TYPE: dynamodb
  JVSPATIAL_DYNAMODB_TABLE_NAME: acme
  JVSPATIAL_LOG_DB_REGION: eu-west-1
lambda: {enabled: true, account_id: 123456789012}
""",
        "dynamodb:PutItem",
    )
    assert [resource["Fn::Sub"] for resource in tables["Resource"]] == [
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:123456789012:table/acme_*",
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:123456789012:table/acme_*/index/*",
        "arn:${AWS::Partition}:dynamodb:eu-west-1:123456789012:table/jvspatial_logs_*",
        "arn:${AWS::Partition}:dynamodb:eu-west-1:123456789012:table/jvspatial_logs_*/index/*",
    ]


def test_a_database_that_app_yaml_chooses_counts_too() -> None:
    assert "dynamodb:PutItem" in actions("lambda: {enabled: true}", ("JVSPATIAL_DB_TYPE", "dynamodb"))


def test_logs_in_dynamodb_open_the_tables_of_the_logs_only() -> None:
    environment = "environment: {JVSPATIAL_DB_TYPE: mongodb, JVSPATIAL_LOG_DB_TYPE: dynamodb}"
    tables = statement(f"{environment}\nlambda: {{enabled: true}}", "dynamodb:PutItem")
    assert {resource["Fn::Sub"].split(":table/")[1] for resource in tables["Resource"]} == {
        "jvspatial_logs_*",
        "jvspatial_logs_*/index/*",
    }


def test_s3_is_open_for_the_bucket_of_the_app_only() -> None:
    deploy_yaml = """
environment: {JVSPATIAL_FILE_STORAGE_PROVIDER: s3, JVSPATIAL_S3_BUCKET_NAME: acme-files}
lambda: {enabled: true}
"""
    assert statement(deploy_yaml, "s3:PutObject")["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::acme-files/*"}
    ]
    assert statement(deploy_yaml, "s3:ListBucket")["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::acme-files"}
    ]


def test_a_name_that_looks_like_a_reference_is_none() -> None:
    deploy_yaml = """
environment: {JVSPATIAL_FILE_STORAGE_PROVIDER: s3, JVSPATIAL_S3_BUCKET_NAME: "$${AWS::StackName}"}
lambda: {enabled: true}
"""
    assert statement(deploy_yaml, "s3:ListBucket")["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::${!AWS::StackName}"}
    ]


def test_secrets_may_be_read_only_where_the_app_fetches_them() -> None:
    parameters = "{secrets: [OPENAI_API_KEY], lambda: {enabled: true}}"
    assert "secretsmanager:GetSecretValue" not in actions(parameters)
    fetched = statement(
        "lambda: {enabled: true, secrets: {source: arn, secret_id: prod/acme}}",
        "secretsmanager:GetSecretValue",
    )
    # Secrets Manager adds six characters to a name.
    (resource,) = fetched["Resource"]
    assert resource["Fn::Sub"].endswith(":secret:prod/acme-??????")


def test_a_whole_arn_of_a_secret_is_taken_as_it_is() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:acme-a1B2c3"
    deploy_yaml = f"lambda: {{enabled: true, secrets: {{source: arn, secret_id: '{arn}'}}}}"
    assert statement(deploy_yaml, "secretsmanager:GetSecretValue")["Resource"] == [arn]


def test_the_key_of_the_variables_may_be_used() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    deploy_yaml = f"lambda: {{enabled: true, kms_key_arn: '{key}'}}"
    assert statement(deploy_yaml, "kms:Decrypt")["Resource"] == [key]


def test_what_the_user_adds() -> None:
    orders = {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:eu-west-1:123456789012:orders",
    }
    role = template(f"""
lambda:
  enabled: true
  iam:
    role_name: acme
    policies: ["arn:aws:iam::aws:policy/AmazonBedrockReadOnly"]
    permissions_boundary: arn:aws:iam::123456789012:policy/boundary
    statements: [{orders}]
""")["Resources"]["Role"]["Properties"]
    assert role["RoleName"] == "acme"
    assert role["ManagedPolicyArns"] == ["arn:aws:iam::aws:policy/AmazonBedrockReadOnly"]
    assert role["PermissionsBoundary"] == "arn:aws:iam::123456789012:policy/boundary"
    assert role["Policies"][0]["PolicyDocument"]["Statement"][-1] == orders


def test_a_given_role_is_used_as_it_is() -> None:
    role = "arn:aws:iam::123456789012:role/acme"
    found = template(f"lambda: {{enabled: true, iam: {{role_arn: '{role}'}}}}")
    assert "Role" not in found["Resources"]
    assert found["Resources"]["Function"]["Properties"]["Role"] == role
    assert found["Outputs"]["RoleArn"]["Value"] == role
