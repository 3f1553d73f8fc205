"""The environment variables of the function: the user's, the secrets, and what the platform needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.render.lambda_.files import app, template

SECRETS = "secrets: [OPENAI_API_KEY]"


def variables(deploy_yaml: str, *configured: tuple[str, str]) -> dict[str, Any]:
    resources = template(deploy_yaml, app(*configured))["Resources"]
    found: dict[str, Any] = resources["Function"]["Properties"]["Environment"]["Variables"]
    return found


def test_secrets_are_parameters_that_are_never_shown() -> None:
    found = template(f"{SECRETS}\nlambda: {{enabled: true}}")
    assert found["Parameters"]["OpenaiApiKeySecret"] == {
        "Type": "String",
        "Description": "Value of OPENAI_API_KEY",
        "NoEcho": True,
    }
    assert variables(f"{SECRETS}\nlambda: {{enabled: true}}")["OPENAI_API_KEY"] == {
        "Ref": "OpenaiApiKeySecret"
    }
    assert "Secret" not in str(found["Outputs"])


def test_secrets_whose_names_differ_only_in_their_underscores_have_parameters_of_their_own() -> None:
    found = variables("{secrets: [ACME_TOKEN, ACME__TOKEN, _ACME_TOKEN], lambda: {enabled: true}}")
    names = {found[name]["Ref"] for name in ("ACME_TOKEN", "ACME__TOKEN", "_ACME_TOKEN")}
    assert names == {"AcmeTokenSecret", "AcmeTokenSecret2", "AcmeTokenSecret3"}


def test_cloudformation_resolves_secrets_of_secrets_manager() -> None:
    found = variables("""
app: {name: acme}
secrets: [OPENAI_API_KEY, {name: DATABASE_URI, lambda: {secret_id: prod/database, json_key: uri}}]
lambda: {enabled: true, secrets: {source: secretsmanager}}
""")
    assert found["OPENAI_API_KEY"] == "{{resolve:secretsmanager:acme:SecretString:OPENAI_API_KEY}}"
    assert found["DATABASE_URI"] == "{{resolve:secretsmanager:prod/database:SecretString:uri}}"


def test_the_app_can_be_left_to_fetch_its_secrets() -> None:
    found = variables(f"{SECRETS}\nlambda: {{enabled: true, secrets: {{source: arn, secret_id: prod/acme}}}}")
    assert "OPENAI_API_KEY" not in found
    assert found["OPENAI_API_KEY_SECRET_ARN"] == {
        "Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:prod/acme"
    }


def test_the_adapter_learns_to_stream() -> None:
    assert "AWS_LWA_INVOKE_MODE" not in variables("lambda: {enabled: true}")
    found = variables("lambda: {enabled: true, invoke_mode: response_stream, api_gateway: {type: REST}}")
    assert found["AWS_LWA_INVOKE_MODE"] == "response_stream"


@pytest.mark.parametrize(
    ("api", "prefix"),
    [
        ("{}", None),
        ("{stage_name: prod}", "/prod"),
        ("{custom_domain: {enabled: true, base_path: support}}", None),
        ("{type: REST, stage_name: prod}", None),
        ("{type: REST, custom_domain: {enabled: true, base_path: support}}", "/support"),
        ("{enabled: false, stage_name: prod}", None),
    ],
)
def test_the_adapter_removes_what_the_gateway_leaves_in_front_of_a_path(api: str, prefix: str | None) -> None:
    found = variables(f"lambda: {{enabled: true, api_gateway: {api}}}")
    assert found.get("AWS_LWA_REMOVE_BASE_PATH") == prefix


def test_an_init_that_takes_too_long_goes_on_during_the_first_request() -> None:
    assert variables("lambda: {enabled: true}")["AWS_LWA_ASYNC_INIT"] == "true"
    assert "AWS_LWA_ASYNC_INIT" not in variables("lambda: {enabled: true, async_init: false}")


def test_deferred_tasks_reach_the_route_that_the_app_serves() -> None:
    assert "AWS_LWA_PASS_THROUGH_PATH" not in variables("lambda: {enabled: true}")
    found = variables("lambda: {enabled: true}", ("JVSPATIAL_API_PREFIX", "/v2/"))
    assert found["AWS_LWA_PASS_THROUGH_PATH"] == "/v2/_internal/deferred"


def test_deferred_tasks_can_be_turned_off() -> None:
    found = variables("lambda: {enabled: true, deferred_tasks: false}")
    assert found["JVSPATIAL_DEFERRED_INVOKE_DISABLED"] == "true"
    assert found["JVSPATIAL_DEFERRED_TASK_PROVIDER"] == "none"


@pytest.mark.parametrize(
    ("deploy_yaml", "jvspatial", "value"),
    [
        ("lambda: {enabled: true}", "==0.0.17", None),
        ("lambda: {enabled: true}", "==0.1.0", "true"),
        ("lambda: {enabled: true, deferred_tasks: false}", "==0.1.0", None),
        (
            "lambda: {enabled: true, environment: {JVSPATIAL_DEFERRED_INVOKE_ALLOW_LOOPBACK: no}}",
            "==0.1.0",
            "no",
        ),
    ],
)
def test_a_jvspatial_that_asks_for_it_is_told_to_trust_the_adapter(
    deploy_yaml: str, jvspatial: str, value: str | None
) -> None:
    made = template(deploy_yaml, app()._replace(jvspatial=jvspatial))
    found = made["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
    assert found.get("JVSPATIAL_DEFERRED_INVOKE_ALLOW_LOOPBACK") == value


def test_tables_and_files_are_kept_in_the_region_of_the_function() -> None:
    found = variables("""
environment: {JVSPATIAL_DB_TYPE: dynamodb, JVSPATIAL_FILE_STORAGE_PROVIDER: s3}
lambda: {enabled: true}
""")
    assert found["JVSPATIAL_DYNAMODB_REGION"] == {"Ref": "AWS::Region"}
    assert found["JVSPATIAL_S3_REGION"] == {"Ref": "AWS::Region"}
    assert found["JVSPATIAL_S3_BUCKET_NAME"] == {"Ref": "FilesBucketName"}


def test_a_variable_of_deploy_yaml_wins() -> None:
    found = variables("""
environment: {AWS_LWA_INVOKE_MODE: buffered}
lambda: {enabled: true, invoke_mode: response_stream}
""")
    assert found["AWS_LWA_INVOKE_MODE"] == "buffered"
