"""`chat lambda`: the address is the one of the stack, whose API leads to the real jvagent."""

from __future__ import annotations

import json
from pathlib import Path

from tests.aws import commands
from tests.aws.account import ACCOUNT, REGION, Account
from tests.aws.conftest import aws
from tests.aws.gateway import gateway
from tests.talk.conftest import SECRETS, Running
from tests.talk.provider import ANSWER

__all__ = ["aws"]

DEPLOY = f"""
app: {{name: talking}}
image: {{tag: 1.0.0}}
environment: {{JVAGENT_ADMIN_EMAIL: me@acme.example}}
secrets: [JVAGENT_ADMIN_PASSWORD, JVSPATIAL_JWT_SECRET_KEY, OPENAI_API_KEY]
lambda:
  enabled: true
  region: {REGION}
  account_id: {ACCOUNT}
  environment: {{JVSPATIAL_DB_TYPE: mongodb, JVSPATIAL_LOG_DB_TYPE: mongodb}}
"""


def test_the_agent_answers_through_the_api(aws: Account, running: Running, tmp_path: Path) -> None:
    app = commands.write_app(tmp_path / "talking", DEPLOY)
    missing = commands.jvbundler(aws, app, "invoke", "lambda", "Hello", expected=4, variables=SECRETS)
    assert "the stack 'talking' does not exist: 'jvbundler status lambda' shows its state" in missing.stderr
    aws.api("ecr").create_repository(repositoryName="talking")
    aws.push("talking", "1.0.0")
    with gateway(tmp_path, running.url) as there:
        variables = {**SECRETS, **there.environ}
        commands.jvbundler(aws, app, "deploy", "lambda", variables=variables)
        words = ("invoke", "lambda", "Hello", "--agent", "bot", "--json")
        told = json.loads(commands.jvbundler(aws, app, *words, variables=variables).stdout)
        assert (told["agent"], told["answer"]) == ("acme/bot", ANSWER)
    gone = commands.jvbundler(aws, app, *words, expected=4, variables=variables)
    assert "no answer: " in gone.stderr
    assert "'jvbundler status lambda' shows whether the app is healthy" in gone.stderr
