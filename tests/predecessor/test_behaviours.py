"""What jvdeploy's tests promise its users, and still holds; docs/moving-from-jvdeploy.md has what changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import jvbundler as package
from tests.cli.conftest import Run

DEPLOY: dict[str, Any] = {
    "version": "1.0",
    "app": {"name": "acme", "version": "2.0.0"},
    "image": {"name": "{{app.name}}", "tag": "{{ app.version }}"},
    "lambda": {
        "enabled": True,
        "region": "eu-west-1",
        "account_id": "123456789012",
        "function": {"name": "{{app.name}}-function"},
        "ecr": {"repository_name": "{{app.name}}-images"},
        "environment": {"LEVEL": "${LEVEL:-INFO}", "DATABASE_PASSWORD": "${DATABASE_PASSWORD}"},
    },
}


def configured(app: Path, document: dict[str, Any]) -> None:
    (app / "deploy.yaml").write_text(yaml.safe_dump(document))


def with_action(app: Path, name: str, info: str) -> None:
    folder = app / "agents/acme/helper/actions/acme" / name
    folder.mkdir(parents=True)
    (folder / "info.yaml").write_text(info)
    agent = app / "agents/acme/helper/agent.yaml"
    listed = yaml.safe_load(agent.read_text())
    listed["actions"].append({"action": f"acme/{name}"})
    agent.write_text(yaml.safe_dump(listed))


def wanting(name: str, pip: object) -> str:
    return yaml.safe_dump({"package": {"name": f"acme/{name}", "dependencies": {"pip": pip}}})


def rendered(app: Path, jvbundler: Run, *options: str, **env: str) -> dict[str, Any]:
    """The parts of the function in the template."""
    done = jvbundler("render", "support", *options, **env)
    assert done.returncode == 0, done.stderr
    text = (app / "deploy/lambda/default/template.yaml").read_text()
    assert "hunter22" not in text
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor("!", lambda _, suffix, node: f"!{suffix} {node.value}")  # type: ignore[attr-defined]
    resources = yaml.load(text, loader)["Resources"]
    (found,) = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Serverless::Function"]
    assert isinstance(found, dict)
    return found


def test_references_between_keys_and_the_name_of_the_image(app: Path, jvbundler: Run) -> None:
    configured(app, DEPLOY)
    assert rendered(app, jvbundler)["FunctionName"] == "acme-function"
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme-images"
    assert f"{image}:2.0.0" in jvbundler("push", "support", "--dry-run").stdout
    configured(app, {**DEPLOY, "lambda": {"enabled": False}, "kubernetes": {"enabled": True}})
    jvbundler("render", "support")
    assert "image: acme:2.0.0" in (app / "deploy/kubernetes/rendered/default/manifest.yaml").read_text()


def test_variables_of_the_environment_but_no_value_of_a_secret(app: Path, jvbundler: Run) -> None:
    configured(app, DEPLOY)
    function = rendered(app, jvbundler, LEVEL="WARN", DATABASE_PASSWORD="hunter22")
    variables = function["Environment"]["Variables"]
    assert variables["LEVEL"] == "WARN"
    assert variables["DATABASE_PASSWORD"].startswith("!Ref ")


def test_env_on_the_command_line_wins_and_adds(app: Path, jvbundler: Run) -> None:
    configured(app, DEPLOY)
    function = rendered(app, jvbundler, "--env", "LEVEL=DEBUG", "--env", "MORE=true")
    variables = function["Environment"]["Variables"]
    assert (variables["LEVEL"], variables["MORE"]) == ("DEBUG", "true")


@pytest.mark.parametrize(
    ("enabled", "disabled"),
    [("lambda", "kubernetes"), ("kubernetes", "lambda")],
    ids=["lambda", "kubernetes"],
)
def test_only_what_is_enabled_is_made(app: Path, jvbundler: Run, enabled: str, disabled: str) -> None:
    configured(app, {"app": {"name": "acme"}, enabled: {"enabled": True}, disabled: {"enabled": False}})
    assert jvbundler("render", "support").returncode == 0
    assert (app / "deploy" / enabled).is_dir()
    assert not (app / "deploy" / disabled).exists()
    short = {"kubernetes": "k8s"}.get(disabled, disabled)
    refused = jvbundler("deploy", short, "support", "--dry-run")
    assert refused.returncode != 0
    assert f"set '{disabled}.enabled: true'" in refused.stderr


@pytest.mark.parametrize("text", [None, "lambda: [\n", "- a\n"], ids=["missing", "no YAML", "a list"])
def test_a_deploy_yaml_that_cannot_be_used_is_named(app: Path, jvbundler: Run, text: str | None) -> None:
    (app / "deploy.yaml").unlink()
    if text is not None:
        (app / "deploy.yaml").write_text(text)
    done = jvbundler("deploy", "lambda", "support", "--dry-run")
    assert done.returncode != 0
    assert done.stderr.startswith("support/deploy.yaml:")


def dockerfile(app: Path) -> str:
    return (app / "Dockerfile").read_text()


def packages(app: Path) -> list[str]:
    return re.findall(r"^ +'([^']+)'", dockerfile(app), re.MULTILINE)


def test_the_dockerfile_installs_what_each_action_wants(app: Path, jvbundler: Run) -> None:
    with_action(app, "beta", wanting("beta", ["  httpx>=0.24 ", "", "requests<3.0.0"]))
    with_action(app, "alpha", wanting("alpha", ["httpx>=0.24", "pydantic~=2.0.0", "numpy==1.26.4"]))
    assert jvbundler("bundle", "support").returncode == 0
    text = dockerfile(app)
    for spec in ("'httpx>=0.24'", "'requests<3.0.0'", "'pydantic~=2.0.0'", "'numpy==1.26.4'"):
        assert text.count(spec) == 1, spec
    assert "# acme/alpha, acme/beta\n" in text, "who wants them, in alphabetical order"
    assert "WORKDIR /var/task\n" in text
    assert "COPY . .\n" in text


NOTHING_WANTED = {
    "no dependencies": "package: {name: acme/alpha}\n",
    "an empty list": wanting("alpha", []),
    "no list": "package: {name: acme/alpha, dependencies: {pip: }}\n",
}


@pytest.mark.parametrize("info", NOTHING_WANTED.values(), ids=NOTHING_WANTED)
def test_an_action_that_wants_nothing(app: Path, jvbundler: Run, info: str) -> None:
    jvbundler("bundle", "support")
    before = packages(app)
    with_action(app, "alpha", info)
    done = jvbundler("bundle", "support")
    assert done.returncode == 0, done.stderr
    assert packages(app) == before != []


def test_an_app_without_agents(app: Path, jvbundler: Run) -> None:
    (app / "app.yaml").write_text("app: support\n")
    (app / "agents/acme/helper/agent.yaml").unlink()
    assert jvbundler("bundle", "support").returncode == 0
    assert "'jvagent==" in dockerfile(app)


@pytest.mark.parametrize("command", ["bundle", "generate"])
def test_no_app_yaml_and_no_dockerfile(app: Path, jvbundler: Run, command: str) -> None:
    (app / "app.yaml").unlink()
    assert jvbundler(command, "support").returncode != 0
    assert not (app / "Dockerfile").exists()


def test_the_python_interface_takes_a_relative_path(
    app: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(app.parent)
    bundler = package.Bundler("support")
    assert bundler.app_root == app.resolve() == package.Bundler(app_root=app).app_root
    monkeypatch.chdir("/")
    assert bundler.generate_dockerfile()
    assert dockerfile(app)
    (app / "app.yaml").unlink()
    assert not bundler.generate_dockerfile()
    assert "JVB200" in caplog.text
