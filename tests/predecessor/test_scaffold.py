"""What the real `jvagent app create --deployment aws-lambda` leaves in an app's folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jvbundler.app.catalog import available_versions
from jvbundler.pipeline.bundle import is_of_scaffold
from tests.cli.conftest import Run
from tests.predecessor.conftest import Create

KEYS = "app.name, app.version, lambda.region, lambda.function.memory, lambda.function.timeout"


def test_its_deploy_example_yaml_renders_with_a_warning_for_each_old_name(
    scaffold: Path, jvbundler: Run
) -> None:
    example = scaffold / "deploy.example.yaml"
    example.write_text(example.read_text().replace("lambda:", "lambda:\n  enabled: true"))
    done = jvbundler("render", "acme", "-c", str(example), "--set", "lambda.function.timeout=30")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("JVB122 warning") == 3
    template = (example.parent / "deploy/lambda/default/template.yaml").read_text()
    assert "MemorySize: 1024\n      Timeout: 30\n" in template


def test_init_takes_its_values_over_and_says_so(scaffold: Path, jvbundler: Run) -> None:
    done = jvbundler("init", "acme", "--lambda")
    assert done.returncode == 0, done.stderr
    assert f"acme/deploy.example.yaml: taken over: {KEYS}\n" in done.stdout
    written = yaml.safe_load((scaffold / "deploy.yaml").read_text())
    assert written["app"] == {"name": "acme_app", "version": "1.0.0"}
    assert written["lambda"]["enabled"] is True
    assert written["lambda"]["region"] == "us-east-1"
    assert written["lambda"]["function"] == {"memory": 1024, "timeout": 120}
    assert "JVB122" not in jvbundler("render", "acme").stderr


EXAMPLE = """\
account_id: 012345678901
colour: blue
environment: {LEVEL: high, JVSPATIAL_DB_TYPE: mongodb, API_TOKEN: abc}
secrets: [{name: MINE, from: THEIRS}, JVAGENT_ADMIN_PASSWORD]
lambda:
  enabled: false
  environment: {A_TOKEN: "${A_TOKEN}"}
  layers: 3
kubernetes: {ingress: 5, deployment: {replicas: 2}}
ecs: {enabled: true}
environments:
  prod: {region: eu-west-1, colour: red}
  dev:
"""


def test_init_takes_what_is_known_and_no_secret(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").unlink()
    (app / "deploy.example.yaml").write_text(EXAMPLE)
    done = jvbundler("init", "support", "--all")
    assert done.returncode == 0, done.stderr
    left = "colour, environment.API_TOKEN, lambda.layers, kubernetes.ingress, environments.prod.colour"
    assert f"deploy.example.yaml: not taken over, unknown or secret: {left}\n" in done.stderr
    written = yaml.safe_load((app / "deploy.yaml").read_text())
    assert written["environment"] == {
        "JVSPATIAL_ENVIRONMENT": "production",
        "LEVEL": "high",
        "JVSPATIAL_DB_TYPE": "mongodb",
    }
    assert written["secrets"][:2] == [{"name": "MINE", "from": "THEIRS"}, "JVAGENT_ADMIN_PASSWORD"]
    assert written["secrets"].count("JVAGENT_ADMIN_PASSWORD") == 1
    assert "JVSPATIAL_JWT_SECRET_KEY" in written["secrets"]
    assert written["lambda"]["account_id"] == "012345678901"
    assert written["lambda"]["environment"] == {"A_TOKEN": "${A_TOKEN}"}
    assert written["lambda"]["enabled"] is True, "the option wins"
    assert written["kubernetes"]["deployment"]["replicas"] == 2
    assert "persistence" not in written["kubernetes"], "mongodb keeps no files"
    assert written["environments"] == {"prod": {"lambda": {"region": "eu-west-1"}}}
    assert "ecs" not in written
    assert "abc" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "support/deploy.example.yaml:2:1: JVB101"),
        ("", "support/deploy.example.yaml:1:1: JVB108"),
        ("region: a\nlambda: {region: b}\n", "support/deploy.example.yaml:1:1: JVB102"),
    ],
)
def test_init_writes_nothing_after_an_example_that_cannot_be_read(
    app: Path, jvbundler: Run, text: str, problem: str
) -> None:
    (app / "deploy.yaml").unlink()
    (app / "deploy.example.yaml").write_text(text)
    done = jvbundler("init", "support")
    assert done.returncode == 2
    assert problem in done.stderr
    assert not (app / "deploy.yaml").exists()


def test_init_follows_no_example_out_of_the_app(app: Path, jvbundler: Run) -> None:
    (app.parent / "other.yaml").write_text("app: {name: other}\n")
    (app / "deploy.yaml").unlink()
    (app / "deploy.example.yaml").symlink_to("../other.yaml")
    done = jvbundler("init", "support")
    assert done.returncode == 2
    assert "JVB207" in done.stderr


@pytest.mark.parametrize(
    ("old", "today"), [("lambda.memory_mb", "lambda.function.memory"), ("region", "lambda.region")]
)
def test_explain_and_set_know_the_old_names(app: Path, jvbundler: Run, old: str, today: str) -> None:
    assert jvbundler("explain", old).stdout.startswith(f"{today}\n")
    done = jvbundler("render", "support", "--set", f"{old}=1")
    assert done.returncode == 2
    assert f"did you mean '{today}'?" in done.stderr


@pytest.mark.parametrize("release", available_versions())
def test_the_dockerfile_of_every_release_is_known(release: str, create: Create) -> None:
    assert is_of_scaffold((create(release) / "Dockerfile").read_text())


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_bundle_replaces_the_dockerfile_of_the_scaffold(scaffold: Path, jvbundler: Run, newline: str) -> None:
    dockerfile = scaffold / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text(), newline=newline)
    done = jvbundler("bundle", "acme")
    assert done.returncode == 0, done.stderr
    assert "acme/Dockerfile: written\n" in done.stdout
    assert dockerfile.read_text().startswith("# Generated by jvbundler")


def test_bundle_leaves_one_that_was_edited(scaffold: Path, jvbundler: Run) -> None:
    dockerfile = scaffold / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("3.11", "3.12"))
    before = dockerfile.read_bytes()
    done = jvbundler("bundle", "acme")
    assert done.returncode == 3
    assert "'acme/Dockerfile' exists already: '--force' replaces it" in done.stderr
    assert dockerfile.read_bytes() == before
    assert not (scaffold / ".dockerignore").exists()
