"""One app's life on AWS, with the real `sam` and `aws`: what they make is what deploy.yaml says."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.aws.account import ACCOUNT, REGION, REGISTRY, Account
from tests.aws.commands import SECRETS, jvbundler, status, stub_docker, write_app

DEPLOY = f"""
app: {{name: story}}
image:
  tag: 1.0.0
environment: {{LOG_LEVEL: INFO}}
secrets: [JVAGENT_ADMIN_PASSWORD, JVSPATIAL_JWT_SECRET_KEY]
lambda:
  enabled: true
  region: {REGION}
  account_id: {ACCOUNT}
  function: {{memory: 2048, timeout: 20, ephemeral_storage: 1024, description: Tells a story}}
  ecr: {{keep_images: 7}}
  environment: {{JVSPATIAL_DB_TYPE: mongodb, JVSPATIAL_LOG_DB_TYPE: mongodb}}
  iam:
    role_name: story-role
    policies: [arn:aws:iam::aws:policy/AmazonBedrockReadOnly]
    statements: [{{Effect: Allow, Action: sqs:SendMessage, Resource: "*"}}]
  api_gateway:
    cors: {{allow_origins: [https://app.example.com], max_age: 600}}
    throttling: {{rate_limit: 20, burst_limit: 40}}
  logs: {{retention_days: 90}}
  provisioned_concurrency: 1
  alarms: {{enabled: true, errors: 5}}
  tags: {{team: support}}
checks: {{ignore: []}}
"""


def test_an_app_is_deployed_changed_rolled_back_and_destroyed(aws: Account, tmp_path: Path) -> None:
    app = write_app(tmp_path / "story", DEPLOY)
    stubs = stub_docker(tmp_path)
    # The image that the stub of docker claims to push; ECR has to have it before the stack can use it.
    jvbundler(aws, app, "render")
    waits = jvbundler(aws, app, "next", expected=1, path=stubs).stdout
    assert [line[2:] for line in waits.splitlines() if line[2:3].isdigit()] == [
        "1. say where the database is",
        "2. say where the database is",
        "3. create the secrets JVAGENT_ADMIN_PASSWORD and JVSPATIAL_JWT_SECRET_KEY",
        "4. build, push and deploy",
    ]
    first = deploy_repository_and_push(aws, app, stubs, tmp_path)

    told = jvbundler(aws, app, "deploy", "lambda", "--health-timeout", "0", "--json", variables=SECRETS)
    deployed = json.loads(told.stdout)
    assert deployed["image"] == f"{REGISTRY}/story@{first}"
    assert all(value not in told.stdout + told.stderr for value in SECRETS.values())
    # Nobody answers behind the API of a fake account.
    assert "1. mend it: " in jvbundler(aws, app, "next", expected=1, path=stubs).stdout
    check_function(aws, first)
    check_api(aws)
    check_role(aws)
    check_logs_and_repository(aws)
    check_alarms(aws)
    check_logs_command(aws, app)

    second = aws.push("story", "1.0.1")
    # No secret is in the environment: both keep the values that they have.
    words = ("deploy", "lambda", "--all", "--health-timeout", "0")
    jvbundler(aws, app, *words, path=stubs, variables={"PUSHED_DIGEST": second})
    assert f"digest: {second}" in (app / "deploy.yaml").read_text()
    check_function(aws, second, version="2")
    found = status(aws, app)
    assert (found["function"]["alias"], found["function"]["version"]) == ("live", "2")
    assert found["image"] == {"running": f"{REGISTRY}/story@{second}", "rendered": second}

    told = jvbundler(aws, app, "rollback", "lambda", "--yes")
    assert f"to {first} (1.0.0, pushed " in told.stderr
    check_function(aws, first, version="3")
    found = status(aws, app, expected=1)
    assert found["drifted"] == [f"the function runs the image {first}, but deploy.yaml means {second}"]
    jvbundler(aws, app, "rollback", "lambda", "--yes", "--to-version", "2")
    check_function(aws, second, version="4")

    kept = log_groups(aws)
    told = jvbundler(aws, app, "destroy", "lambda", "--yes")
    stays = told.stderr.partition("stays:\n")[2]
    for line in (*(f"Logs::LogGroup {name}" for name in kept), "ECR::Repository story with 2 images"):
        assert f"  {line}" in stays
    assert log_groups(aws) == kept
    assert not [f for f in aws.api("lambda").list_functions()["Functions"] if f["FunctionName"] == "story"]
    assert len(aws.api("ecr").describe_images(repositoryName="story")["imageDetails"]) == 2
    assert "does not exist" in status(aws, app, expected=1)["unhealthy"][0]

    # A new stack of this name has log groups of its own, and is no obstacle to the old ones.
    jvbundler(aws, app, "deploy", "lambda", "--health-timeout", "0", variables=SECRETS)
    assert len(log_groups(aws)) == 4
    check_logs_command(aws, app)

    jvbundler(aws, app, "destroy", "lambda", "--yes", "--delete-ecr", "--delete-logs")
    assert log_groups(aws) == []
    names = [r["repositoryName"] for r in aws.api("ecr").describe_repositories()["repositories"]]
    assert "story" not in names


def deploy_repository_and_push(aws: Account, app: Path, stubs: Path, folder: Path) -> str:
    """The first push: the repository is made before docker pushes to it."""
    words = ("deploy", "lambda", "--push")
    jvbundler(aws, app, *words, expected=4, path=stubs, variables={"PUSHED_DIGEST": "sha256:none"})
    digest = aws.push("story", "1.0.0")
    jvbundler(aws, app, *words, path=stubs, variables={"PUSHED_DIGEST": digest})
    build = [json.loads(line) for line in (folder / "docker.log").read_text().splitlines()][-1]
    assert build[:2] == ["buildx", "build"]
    assert f"{REGISTRY}/story:1.0.0" in build
    assert f"digest: {digest}" in (app / "deploy.yaml").read_text()
    return digest


def check_function(aws: Account, digest: str, version: str = "1") -> None:
    lambda_ = aws.api("lambda")
    found = lambda_.get_function(FunctionName="story")
    assert found["Code"]["ResolvedImageUri"] == f"{REGISTRY}/story@{digest}"
    function = found["Configuration"]
    assert (function["MemorySize"], function["Timeout"]) == (2048, 20)
    assert function["EphemeralStorage"] == {"Size": 1024}
    assert (function["Description"], function["Architectures"]) == ("Tells a story", ["x86_64"])
    assert function["Role"] == f"arn:aws:iam::{ACCOUNT}:role/story-role"
    variables = function["Environment"]["Variables"]
    expected = {"LOG_LEVEL": "INFO", "JVSPATIAL_DB_TYPE": "mongodb", **SECRETS}
    assert {name: variables.get(name) for name in expected} == expected
    assert found["Tags"]["team"] == "support"
    alias = lambda_.get_alias(FunctionName="story", Name="live")
    assert alias["FunctionVersion"] == version
    policy = lambda_.get_policy(FunctionName="story", Qualifier="live")["Policy"]
    assert "apigateway.amazonaws.com" in policy


def check_api(aws: Account) -> None:
    gateway = aws.api("apigatewayv2")
    api = next(a for a in gateway.get_apis()["Items"] if a["Name"] == "story")
    assert api["CorsConfiguration"]["AllowOrigins"] == ["https://app.example.com"]
    assert api["CorsConfiguration"]["MaxAge"] == 600
    routes = gateway.get_routes(ApiId=api["ApiId"])["Items"]
    assert [route["RouteKey"] for route in routes] == ["$default"]
    integrations = gateway.get_integrations(ApiId=api["ApiId"])["Items"]
    assert [i["TimeoutInMillis"] for i in integrations] == [20_000]
    assert [i["PayloadFormatVersion"] for i in integrations] == ["2.0"]
    assert "function:story:live" in integrations[0]["IntegrationUri"]
    stage = gateway.get_stages(ApiId=api["ApiId"])["Items"][0]
    assert stage["StageName"] == "$default"
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 20
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 40
    assert "log-group:/aws/vendedlogs/api/story/" in stage["AccessLogSettings"]["DestinationArn"]


def check_role(aws: Account) -> None:
    iam = aws.api("iam")
    attached = iam.list_attached_role_policies(RoleName="story-role")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AmazonBedrockReadOnly"]
    inline = iam.get_role_policy(RoleName="story-role", PolicyName="function")["PolicyDocument"]
    actions = [statement["Action"] for statement in inline["Statement"]]
    assert ["logs:CreateLogStream", "logs:PutLogEvents"] in actions
    assert "sqs:SendMessage" in actions


def log_groups(aws: Account) -> list[str]:
    """Those of the function and of its API, of every stack of this name."""
    groups = aws.api("logs").describe_log_groups()["logGroups"]
    return [g["logGroupName"] for g in groups if "/story/" in g["logGroupName"]]


def check_logs_and_repository(aws: Account) -> None:
    stack = aws.api("cloudformation").describe_stacks(StackName="story")["Stacks"][0]
    identity = stack["StackId"].rpartition("/")[2]
    names = [f"/aws/lambda/story/{identity}", f"/aws/vendedlogs/api/story/{identity}"]
    assert log_groups(aws) == names
    groups = aws.api("logs").describe_log_groups()["logGroups"]
    assert {g["retentionInDays"] for g in groups if g["logGroupName"] in names} == {90}
    ecr = aws.api("ecr")
    repository = ecr.describe_repositories(repositoryNames=["story"])["repositories"][0]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    rules = json.loads(ecr.get_lifecycle_policy(repositoryName="story")["lifecyclePolicyText"])["rules"]
    assert rules[1]["selection"]["countNumber"] == 7


def check_logs_command(aws: Account, app: Path) -> None:
    stack = aws.api("cloudformation").describe_stacks(StackName="story")["Stacks"][0]
    group = next(o["OutputValue"] for o in stack["Outputs"] if o["OutputKey"] == "LogGroupName")
    logs, where = aws.api("logs"), {"logGroupName": group, "logStreamName": "one"}
    logs.create_log_stream(**where)
    now = int(time.time() * 1000)
    messages = ("first words", "ERROR second words", "last words")
    events = [{"timestamp": now - 3000 + i, "message": text} for i, text in enumerate(messages)]
    logs.put_log_events(**where, logEvents=events)
    told = jvbundler(aws, app, "logs", "lambda", "--tail", "2").stdout
    assert [text in told for text in messages] == [False, True, True]
    told = jvbundler(aws, app, "logs", "lambda", "--filter", "ERROR").stdout
    assert [text in told for text in messages] == [False, True, False]


def check_alarms(aws: Account) -> None:
    found = aws.api("cloudwatch").describe_alarms(AlarmNames=["story-errors"])["MetricAlarms"]
    assert [(alarm["Threshold"], alarm["Namespace"]) for alarm in found] == [(5, "AWS/Lambda")]
