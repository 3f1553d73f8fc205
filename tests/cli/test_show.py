"""`show`: each value of an environment with its origin; `show --graph`: a picture of what runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.render.text.escaping import mermaid_label
from tests.cli.conftest import Run

DEPLOY = """\
version: "1.0"
secrets: [OPENAI_API_KEY]
environment:
  LEVEL: low
  TOKEN_OF: ${OPENAI_API_KEY}
kubernetes:
  enabled: true
  namespace: acme
  persistence: {enabled: true, size: 5Gi}
  ingress:
    enabled: true
    rules:
      - host: support.example.com
lambda: {enabled: true, region: eu-central-1}
environments:
  dev: {}
  prod:
    environment:
      LEVEL: high
"""


@pytest.fixture
def shown(app: Path, jvbundler: Run) -> Any:
    (app / "deploy.yaml").write_text(DEPLOY)

    def values(*arguments: str, **env: str) -> dict[str, dict[str, Any]]:
        done = jvbundler("show", "support", "-e", "prod", "--json", *arguments, **env)
        assert done.returncode == 0, done.stderr
        return {value.pop("key"): value for value in json.loads(done.stdout)["values"]}

    return values


def test_every_value_has_its_origin(shown: Any) -> None:
    found = shown("--set", "server.port=9000", "--all")
    file = "support/deploy.yaml"
    assert found["kubernetes.namespace"] == {"value": "acme", "origin": "file", "file": file, "line": 8}
    assert found["environment.LEVEL"] == {"value": "high", "origin": "environment", "file": file, "line": 19}
    assert found["server.port"] == {"value": 9000, "origin": "command line"}
    assert found["lambda.function.memory"] == {"value": 1024, "origin": "default"}


def test_only_what_is_set_is_shown_without_all(shown: Any) -> None:
    assert "lambda.function.memory" not in shown()
    assert "lambda.region" in shown()


def test_no_value_of_a_secret_is_shown(app: Path, jvbundler: Run, shown: Any) -> None:
    values = {"OPENAI_API_KEY": "sk-canary-canary-canary"}
    assert shown(**values)["environment.TOKEN_OF"]["value"] == "(secret)"
    assert shown()["secrets"]["value"] == ["OPENAI_API_KEY"]
    for form in ((), ("--json",), ("--graph",)):
        done = jvbundler("show", "support", "-e", "prod", "--all", *form, **values)
        assert "canary" not in done.stdout + done.stderr


def test_people_get_the_place(app: Path, jvbundler: Run, shown: Any) -> None:
    lines = jvbundler("show", "support", "-e", "prod").stdout.splitlines()
    [level] = [line for line in lines if line.startswith("environment.LEVEL ")]
    assert level.split(None, 2)[1:] == ['"high"', "support/deploy.yaml:19, environment prod"]


def test_the_picture_has_what_runs(app: Path, jvbundler: Run, shown: Any) -> None:
    done = jvbundler("show", "support", "-e", "prod", "--graph")
    lines = done.stdout.splitlines()
    assert lines[0] == "flowchart LR"
    for line in (
        '  client(["Client"])',
        '    api["API Gateway"]',
        '    function["Function<br/>support-prod"]',
        '    ingress["Ingress<br/>support.example.com"]',
        '    service["Service<br/>support:80"]',
        '    volume[("Volume<br/>5Gi")]',
        "  client --> ingress",
        "  ingress --> service",
        "  service --> pods",
        "  pods --> volume",
        "  secret_1 -.-> pods",
    ):
        assert line in lines
    assert "OPENAI_API_KEY" in done.stdout
    picture = json.loads(jvbundler("show", "support", "-e", "prod", "--graph", "--json").stdout)["mermaid"]
    assert f"{picture}\n" == done.stdout


def test_the_readme_of_the_output_has_the_same_picture(app: Path, jvbundler: Run, shown: Any) -> None:
    assert jvbundler("render", "support").returncode == 0
    readme = (app / "deploy/README.md").read_text()
    for environment in ("dev", "prod"):
        picture = jvbundler("show", "support", "-e", environment, "--graph").stdout
        assert f"```mermaid\n{picture}```\n" in readme


# What a label may hold: no quote, bracket, backtick, element, directive or comment of Mermaid.
LABEL = re.compile(r'"(?:[\w .,:/-]|#\d+;|<br/>)*"')


@given(st.lists(st.text(max_size=40), max_size=4))
def test_a_label_is_only_a_label(lines: list[str]) -> None:
    label = mermaid_label(lines)
    assert LABEL.fullmatch(label)
    assert label.count("<br/>") == max(len([line for line in lines if line]) - 1, 0)
    assert label.isprintable()


@pytest.mark.parametrize(
    "text", ['"] --> x', "%%{init: {}}%%", "`**bold**`", "<script>", "1. list", "- list", "#quot;", "a;b"]
)
def test_what_mermaid_obeys_is_an_entity(text: str) -> None:
    label = mermaid_label([text])
    assert text not in label
    plain = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label)
    assert plain == f'"{text}"'


def test_one_of_several_environments_has_to_be_named(jvbundler: Run, shown: Any) -> None:
    done = jvbundler("show", "support")
    assert (done.returncode, done.stdout) == (2, "")
    assert "which environment? choose one with -e: dev, prod" in done.stderr


def test_the_hosts_that_actions_call(app: Path, jvbundler: Run, shown: Any) -> None:
    (agent,) = app.glob("agents/*/*/agent.yaml")
    ref = "/".join(agent.parts[-3:-1])
    asked = ("show", "support", "-e", "prod", "--hosts")
    agent.write_text(f"agent: {ref}\nactions: [{{action: jvagent/openai_lm}}]\n")
    found = json.loads(jvbundler(*asked, "--json").stdout)
    (host,) = found["hosts"]
    assert (found["environment"], host["host"], host["port"]) == ("prod", "api.openai.com", 443)
    assert (host["action"], host["setting"]) == ("jvagent/openai_lm", "context.api_endpoint")
    assert host["file"].endswith("/jvagent/action/model/language/openai/openai.py")
    (line,) = jvbundler(*asked).stdout.splitlines()
    assert line.split()[:2] == ["api.openai.com:443", "jvagent/openai_lm"]
    agent.write_text(agent.read_text().replace("lm}", "lm, context: {api_endpoint: '${URL}'}}"))
    assert jvbundler(*asked).stdout.startswith("what context.api_endpoint says ")
    agent.write_text(f"agent: {ref}\n")
    assert jvbundler(*asked).stdout == "no action is known to call a host\n"
