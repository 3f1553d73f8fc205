"""Ways to set up Lambda beside the usual one, deployed by the real `sam` and read back."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.aws.account import REGION, Account
from tests.aws.commands import NO_VARIABLES, ROOT, SECRETS, jvbundler, status, write_app

HEAD = """
app: {{name: {name}}}
image: {{tag: 1.0.0}}
environment: {{JVSPATIAL_DB_TYPE: mongodb, JVSPATIAL_LOG_DB_TYPE: mongodb}}
secrets: [JVAGENT_ADMIN_PASSWORD, JVSPATIAL_JWT_SECRET_KEY]
lambda:
  enabled: true
  region: {region}
"""


def app_with_image(aws: Account, folder: Path, name: str, settings: str) -> Path:
    """Its repository was made by hand, and is used as it is."""
    aws.api("ecr").create_repository(repositoryName=name)
    aws.push(name, "1.0.0")
    return write_app(folder / name, HEAD.format(name=name, region=REGION) + settings)


def test_a_rest_api_at_its_own_domain(aws: Account, tmp_path: Path) -> None:
    certificate = aws.api("acm").request_certificate(DomainName="api.example.com")["CertificateArn"]
    app = app_with_image(
        aws,
        tmp_path,
        "rest",
        """
  api_gateway:
    type: REST
    stage_name: v1
    throttling: {rate_limit: 50, burst_limit: 100}
    custom_domain: {enabled: true, domain_name: api.example.com, base_path: support}
""",
    )
    given = ("--parameter", f"CertificateArn={certificate}", "--health-timeout", "0")
    told = jvbundler(aws, app, "deploy", "lambda", *given, variables=SECRETS)
    assert "CustomDomainUrl: https://api.example.com/support" in told.stdout
    assert "the ECR repository 'rest' exists without a stack: used as it is" in told.stderr
    gateway = aws.api("apigateway")
    api = next(a for a in gateway.get_rest_apis()["items"] if a["name"] == "rest")
    resources = gateway.get_resources(restApiId=api["id"])["items"]
    paths = {r["path"]: list(r.get("resourceMethods", {})) for r in resources}
    assert "ANY" in paths["/"]
    assert "ANY" in paths["/{proxy+}"]
    stages = gateway.get_stages(restApiId=api["id"])["item"]
    assert [stage["stageName"] for stage in stages] == ["v1"]
    limits = stages[0]["methodSettings"]["*/*"]
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (50, 100)
    mappings = gateway.get_base_path_mappings(domainName="api.example.com")["items"]
    assert [(m["basePath"], m["stage"]) for m in mappings] == [("support", "v1")]


def test_what_the_network_is_called_is_asked_for_once(aws: Account, tmp_path: Path) -> None:
    ec2 = aws.api("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    blocks = ("10.0.1.0/24", "10.0.2.0/24")
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=b)["Subnet"]["SubnetId"] for b in blocks]
    group = ec2.create_security_group(GroupName="app", Description="app", VpcId=vpc)["GroupId"]
    system = aws.api("efs").create_file_system(CreationToken="app")["FileSystemId"]
    made = aws.api("route53").create_hosted_zone(Name="example.com", CallerReference="app")
    zone = made["HostedZone"]["Id"].rpartition("/")[2]
    settings = f"""
  vpc: {{enabled: true}}
  efs: {{enabled: true}}
  reserved_concurrency: 1
  api_gateway:
    custom_domain: {{enabled: true, domain_name: net.example.com, hosted_zone_id: {zone}}}
"""
    app = app_with_image(aws, tmp_path, "network", settings)

    told = jvbundler(aws, app, "deploy", "lambda", expected=2, variables=SECRETS)
    for name in ("SubnetIds", "SecurityGroupIds", "FileSystemId", "CertificateArn"):
        assert f"give it as --parameter {name}=" in told.stderr

    certificate = aws.api("acm").request_certificate(DomainName="net.example.com")["CertificateArn"]
    values = {
        "SubnetIds": ",".join(subnets),
        "SecurityGroupIds": group,
        "FileSystemId": system,
        "CertificateArn": certificate,
    }
    given = [word for name, value in values.items() for word in ("--parameter", f"{name}={value}")]
    words = ("deploy", "lambda", "--health-timeout", "0")
    jvbundler(aws, app, *words, *given, variables=SECRETS)
    function = aws.api("lambda").get_function(FunctionName="network")
    assert function["Configuration"]["VpcConfig"]["SubnetIds"] == subnets
    assert function["Concurrency"]["ReservedConcurrentExecutions"] == 1
    points = aws.api("efs").describe_access_points(FileSystemId=system)["AccessPoints"]
    assert [point["RootDirectory"]["Path"] for point in points] == ["/network"]
    assert points[0]["PosixUser"] == {"Uid": 10001, "Gid": 10001}

    mappings = aws.api("apigatewayv2").get_api_mappings(DomainName="net.example.com")["Items"]
    assert [mapping["Stage"] for mapping in mappings] == ["$default"]
    records = aws.api("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert ("net.example.com.", "A") in {(record["Name"], record["Type"]) for record in records}

    # The second time the stack knows them, and the secrets.
    told = jvbundler(aws, app, *words)
    assert "kept from the last deployment: SubnetIds, SecurityGroupIds, FileSystemId" in told.stderr


def test_a_streaming_url_with_secrets_from_secrets_manager(aws: Account, tmp_path: Path) -> None:
    app = app_with_image(
        aws,
        tmp_path,
        "streaming",
        """
  invoke_mode: response_stream
  api_gateway: {enabled: false}
  function_url: {enabled: true, auth_type: AWS_IAM, cors: {allow_origins: [https://app.example.com]}}
  secrets: {source: secretsmanager, secret_id: prod/streaming}
""",
    )
    refused = jvbundler(aws, app, "deploy", "lambda", expected=2)
    place = f"'prod/streaming' in Secrets Manager of {REGION}"
    assert f"{place} does not exist: it needs {', '.join(sorted(SECRETS))}" in refused.stderr
    store = aws.api("secretsmanager")
    first, *others = sorted(SECRETS)
    store.create_secret(Name="prod/streaming", SecretString=json.dumps({first: SECRETS[first]}))
    refused = jvbundler(aws, app, "deploy", "lambda", expected=2)
    assert f"{place} has no {', '.join(others)}" in refused.stderr
    store.put_secret_value(SecretId="prod/streaming", SecretString=json.dumps(SECRETS))
    told = jvbundler(aws, app, "deploy", "lambda")
    assert "FunctionUrl: health not checked, as it requires requests signed with IAM" in told.stderr
    chat = jvbundler(aws, app, "chat", "lambda", expected=2, variables=SECRETS)
    assert "whose requests have to be signed with IAM, which is not possible here" in chat.stderr
    lambda_ = aws.api("lambda")
    url = lambda_.get_function_url_config(FunctionName="streaming")
    assert (url["AuthType"], url["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")
    assert url["Cors"]["AllowOrigins"] == ["https://app.example.com"]
    variables = lambda_.get_function_configuration(FunctionName="streaming")["Environment"]["Variables"]
    assert {name: variables[name] for name in SECRETS} == SECRETS
    assert status(aws, app)["endpoints"] == {"FunctionUrl": url["FunctionUrl"]}


def test_a_deployment_that_fails_says_why_and_the_next_one_works(aws: Account, tmp_path: Path) -> None:
    app = app_with_image(aws, tmp_path, "failing", "  iam: {policies: []}\n")
    words = ("deploy", "lambda", "--health-timeout", "0")
    missing = ("--set", "lambda.iam.policies=[arn:aws:iam::aws:policy/NoSuchPolicy]")
    for verb, state, code in (("CREATE", "ROLLBACK_COMPLETE", 1), ("UPDATE", "UPDATE_ROLLBACK_COMPLETE", 0)):
        told = jvbundler(aws, app, *words, *missing, expected=4, variables=SECRETS)
        why = told.stderr.partition("reasons given by CloudFormation:\n")[2].splitlines()
        assert len(why) == 1
        assert why[0].startswith(f"  Role (AWS::IAM::Role) {verb}_FAILED: ")
        assert "NoSuchPolicy" in why[0]
        assert all(value not in told.stderr for value in SECRETS.values())
        # After an update that failed, all runs as before.
        found = status(aws, app, expected=code)
        assert found["stack"]["status"] == state
        assert "NoSuchPolicy" in found["stack"]["failures"][0]
        if code:
            jvbundler(aws, app, *words, "--render", variables=SECRETS)


def test_changes_are_shown_and_carried_out_only_when_agreed(aws: Account, tmp_path: Path) -> None:
    app = app_with_image(aws, tmp_path, "shown", "  iam: {policies: []}\n")
    cloudformation, words = aws.api("cloudformation"), ("deploy", "lambda", "--diff", "--health-timeout", "0")

    told = answering("n", aws, app, *words, variables=SECRETS)
    assert "+ Add                    Function                 AWS::Lambda::Function" in told
    assert "nothing was changed" in told
    # Not even the shell of a stack that CloudFormation makes for a change set.
    with pytest.raises(cloudformation.exceptions.ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName="shown")

    answering("y", aws, app, *words, variables=SECRETS)
    assert status(aws, app)["unhealthy"] == []
    bigger = ("--set", "lambda.function.memory=3008")
    told = answering("n", aws, app, *words, *bigger)
    assert "* Modify                 Function" in told
    stack = cloudformation.describe_stacks(StackName="shown")["Stacks"][0]["StackId"]
    left = cloudformation.list_change_sets(StackName="shown")["Summaries"]
    assert [s for s in left if (s["StackId"], s["ExecutionStatus"]) == (stack, "AVAILABLE")] == []
    jvbundler(aws, app, *words, *bigger, "--yes")
    function = aws.api("lambda").get_function_configuration(FunctionName="shown")
    assert function["MemorySize"] == 3008


def answering(
    answer: str, aws: Account, app: Path, *arguments: str, variables: Mapping[str, str] = NO_VARIABLES
) -> str:
    """What the command says to somebody at a terminal who gives this answer."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "jvbundler", *arguments],
        cwd=app,
        env={**aws.environ, "PYTHONPATH": str(ROOT), "CI": "true", **variables},
        stdin=theirs,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_an_optional_secret_is_a_variable_of_the_function_only_where_it_has_a_value(
    aws: Account, tmp_path: Path
) -> None:
    app = app_with_image(aws, tmp_path, "optional", "")
    config = app / "deploy.yaml"
    optional = "secrets: [{name: SERPER_API_KEY, optional: true}, "
    config.write_text(config.read_text().replace("secrets: [", optional))
    jvbundler(aws, app, "render")
    words = ("deploy", "lambda", "--health-timeout", "0")

    def variables() -> dict[str, str]:
        function = aws.api("lambda").get_function(FunctionName="optional")["Configuration"]
        found: dict[str, str] = function["Environment"]["Variables"]
        return found

    jvbundler(aws, app, *words, variables=SECRETS)
    assert "SERPER_API_KEY" not in variables()
    jvbundler(aws, app, *words, variables={**SECRETS, "SERPER_API_KEY": "canary"})
    assert variables()["SERPER_API_KEY"] == "canary"
