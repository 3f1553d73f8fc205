"""What the field's own checkers say of the rendered files: nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from jvbundler.checkers.cfn import check_template
from tests.render.lambda_.files import files, toml

Sam = Callable[..., str]

CHECKOUT = Path(__file__).resolve().parents[3]
VPC = """
  vpc:
    enabled: true
    subnet_ids: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
    security_group_ids: [sg-0123456789abcdef0]
"""
SECRETS = "secrets: [OPENAI_API_KEY, {name: DATABASE_URI, lambda: {secret_id: prod/database, json_key: uri}}]"

CASES = {
    "an HTTP API": """
lambda:
  enabled: true
""",
    "a named stage of an HTTP API": """
lambda:
  enabled: true
  api_gateway: {stage_name: prod, throttling: {rate_limit: 100, burst_limit: 200}}
""",
    "a REST API": """
lambda:
  enabled: true
  api_gateway: {type: REST, throttling: {rate_limit: 100}}
""",
    "a REST API for several origins": """
lambda:
  enabled: true
  api_gateway:
    type: REST
    cors: {allow_origins: [https://a.example.com, https://b.example.com], allow_credentials: true}
""",
    "a REST API that streams": """
lambda:
  enabled: true
  invoke_mode: response_stream
  function: {timeout: 300}
  api_gateway: {type: REST}
""",
    "a Function URL": """
lambda:
  enabled: true
  api_gateway: {enabled: false}
  function_url: {enabled: true, auth_type: NONE, cors: {allow_methods: [GET, POST, OPTIONS]}}
""",
    "a Function URL that streams": """
lambda:
  enabled: true
  invoke_mode: response_stream
  api_gateway: {enabled: false}
  function_url: {enabled: true, cors: {enabled: false}}
""",
    "a VPC and EFS that are asked for": """
lambda:
  enabled: true
  vpc: {enabled: true}
  efs: {enabled: true}
""",
    "a VPC and a file system": f"""
lambda:
  enabled: true
  efs: {{enabled: true, file_system_id: fs-0123456789abcdef0, root_directory: /acme}}
  {VPC}
""",
    "a VPC and an access point": f"""
lambda:
  enabled: true
  efs:
    enabled: true
    access_point_arn: arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-0123456789abcdef0
  {VPC}
""",
    "a role that is given": """
lambda:
  enabled: true
  iam: {role_arn: "arn:aws:iam::123456789012:role/acme"}
""",
    "an image for arm64": """
image: {build: {platform: linux/arm64}}
lambda:
  enabled: true
""",
    "secrets as parameters": f"""
{SECRETS}
lambda:
  enabled: true
""",
    "secrets that CloudFormation resolves": f"""
{SECRETS}
lambda:
  enabled: true
  secrets: {{source: secretsmanager}}
""",
    "secrets that the app fetches": f"""
{SECRETS}
lambda:
  enabled: true
  secrets: {{source: arn}}
""",
    "alarms that nobody hears": """
lambda:
  enabled: true
  alarms: {enabled: true}
""",
    "a domain that is asked for": """
lambda:
  enabled: true
  api_gateway:
    custom_domain: {enabled: true, base_path: support}
""",
    "an edge domain": """
lambda:
  enabled: true
  api_gateway:
    type: REST
    endpoint_type: EDGE
    custom_domain:
      enabled: true
      disable_default_endpoint: true
      domain_name: api.example.com
      certificate_arn: arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
      base_path: support
      hosted_zone_id: Z0123456789ABCDEFGHIJ
""",
    "DynamoDB and S3": """
environment:
  JVSPATIAL_DB_TYPE: dynamodb
  JVSPATIAL_FILE_STORAGE_PROVIDER: s3
lambda:
  enabled: true
""",
    "a literal dollar": """
environment: {GREETING: "Hello $${name}"}
lambda:
  enabled: true
""",
    "three environments": """
lambda:
  enabled: true
environments:
  dev: {lambda: {api_gateway: {access_logs: false}}}
  staging: {lambda: {region: eu-west-1}}
  prod: {lambda: {account_id: 123456789012}}
""",
    "everything": (CHECKOUT / "golden/everything/deploy.yaml").read_text(),
    "the predecessor's file": (CHECKOUT / "golden/predecessor/deploy.yaml").read_text(),
}


@pytest.fixture
def sam(tool: Callable[[str], str], tmp_path: Path) -> Sam:
    """Runs sam: no telemetry, no look for a newer version, no credentials."""
    home = str(tmp_path / "home")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": home,
        "COLUMNS": "200",
    }

    def run(*arguments: str) -> str:
        command = [tool("sam"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.mark.parametrize("case", CASES)
def test_cfn_lint_finds_nothing(case: str) -> None:
    """Neither in the files as they are, nor in what SAM makes of the template."""
    for path, text in files(CASES[case]).items():
        if path.endswith(".yaml"):
            assert check_template(path, text) == ()


@pytest.mark.parametrize("case", CASES)
def test_sam_finds_nothing(case: str, tmp_path: Path, sam: Sam) -> None:
    for path, text in files(CASES[case]).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for folder in tmp_path.glob("lambda/*"):
        # `lint` and `region` come from samconfig.toml.
        config = ("--config-file", str(folder / "samconfig.toml"), "--config-env", folder.name)
        said = sam("validate", "-t", str(folder / "template.yaml"), *config)
        assert "is a valid SAM Template" in said


def test_sam_knows_every_key_of_samconfig(sam: Sam) -> None:
    """sam says nothing about a key that it does not know."""
    sections = toml(files(CASES["everything"])["lambda/default/samconfig.toml"])["default"]
    assert set(sections) == {"deploy", "validate", "logs", "delete"}
    for command, section in sections.items():
        options = sam(command, "--help")
        for key in section["parameters"]:
            assert f"--{key.replace('_', '-')}" in options
