"""Whatever the user gets wrong: exit 2 with the place (3 for the output), and nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run

BROKEN = {
    "unknown key": ("kubernetes:\n  replicaz: 3\n", "support/deploy.yaml:2:3: JVB104 "),
    "no YAML": ("kubernetes: [\n", "support/deploy.yaml:"),
    "a list": ("- 1\n", "support/deploy.yaml:1:1: JVB"),
    "empty": ("", "support/deploy.yaml:1:1: JVB108 "),
    "a tab": ("kubernetes:\n\tenabled: true\n", "support/deploy.yaml:2:"),
    "a duplicate key": ("app: {}\napp: {}\n", "support/deploy.yaml:2:1: JVB"),
    "an unset variable": ("app: {name: '${NOT_SET}'}\n", "support/deploy.yaml:1:"),
    "a wrong type": ("lambda:\n  enabled: 17\n", "support/deploy.yaml:2:12: JVB103 "),
    "a secret": ("environment:\n  API_TOKEN: abc\n", "support/deploy.yaml:2:14: JVB901 "),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_deploy_yaml(app: Path, jvbundler: Run, text: str, message: str) -> None:
    (app / "deploy.yaml").write_text(text)
    done = jvbundler("render", "support")
    assert done.returncode == 2
    assert any(line.startswith(message) for line in done.stderr.splitlines()), done.stderr
    assert not (app / "deploy").exists()


def test_problems_of_deploy_yaml_and_of_the_app_come_in_one_run(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text("lambda:\n  enabeld: true\nserver:\n  port: 0\n")
    (app / "agents" / "acme" / "helper" / "agent.yaml").write_text("actions: [\n")
    done = jvbundler("render", "support")
    assert done.returncode == 2
    assert (
        "deploy.yaml:2:3: JVB104 unknown key 'enabeld' under lambda (did you mean 'enabled'?)" in done.stderr
    )
    assert "support/deploy.yaml:4:9: JVB103" in done.stderr
    assert "support/agents/acme/helper/agent.yaml:" in done.stderr


DOZEN = """\
image:
  tag: not a tag
secrets: OPENAI_API_KEY
environment:
  MY_TOKEN: sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD
  LOG_LEVEL: ${NOT_SET}
lambda:
  enabled: true
  region: us-esat-1
  function:
    memmory: 1024
    timeout: 60
kubernetes:
  enabled: true
  registry:
    url: '{{ app.nmae }}'
  deployment:
    replicas: three
  ingress:
    enabled: true
  autoscaling:
    enabled: true
    min_replicas: 9
    max_replicas: 3
checks:
  ignore: [{rule: JVB330}]
"""


def test_a_dozen_mistakes_are_told_in_one_round_the_secret_first(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text(DOZEN)
    done = jvbundler("render", "support")
    told = [
        re.sub(r"^support/deploy.yaml:(\d+):\d+: (JVB\d+) .*", r"\1 \2", line)
        for line in done.stderr.splitlines()
        if line.startswith("support/deploy.yaml:")
    ]
    secret, tag, secrets, unset, memory, reference, replicas, scaling, waiver = (
        "5 JVB901", "2 JVB103", "3 JVB103", "6 JVB105", "11 JVB104", "16 JVB106", "18 JVB103", "23 JVB404",
        "26 JVB113",
    )  # fmt: skip
    assert told == [secret, tag, secrets, unset, memory, reference, replicas, scaling, waiver]
    assert "rules were not checked yet, as they depend on what is wrong above" in done.stderr
    # Of what may be waived, only the list of waivers can tell.
    (app / "deploy.yaml").write_text(DOZEN.replace("{rule: JVB330}", ""))
    warned = jvbundler("render", "support").stderr
    assert "support/deploy.yaml:9:3: JVB324 warning:" in warned
    assert "support/deploy.yaml:12:5: JVB301 warning:" in warned
    assert "support/deploy.yaml:20:5: JVB443 warning:" in warned


def test_the_rules_speak_of_deploy_yaml_while_the_app_is_broken(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text(
        "kubernetes:\n  enabled: true\n  autoscaling: {enabled: true, min_replicas: 9, max_replicas: 3}\n"
    )
    (app / "app.yaml").write_text("- no app\n")
    done = jvbundler("render", "support")
    assert "support/app.yaml:1:1: JVB" in done.stderr
    assert "support/deploy.yaml:3:32: JVB404" in done.stderr
    assert "JVB505" not in done.stderr, "the version of the app is not known"


@pytest.mark.parametrize("command", ["render", "validate", "bundle", "init", "lock"])
@pytest.mark.parametrize("folder", ["nowhere", "support/app.yaml", "support/agents", "a\nb"])
def test_a_folder_that_is_no_app(app: Path, jvbundler: Run, command: str, folder: str) -> None:
    done = jvbundler(command, folder)
    assert done.returncode == 2
    assert "JVB200" in done.stderr
    assert len(done.stderr.splitlines()) == 2, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["render", "support", "-e", "staging"], "JVB112 environment 'staging' is not declared"),
        (["render", "support", "--set", "app.name"], "--set: expected KEY=VALUE"),
        (["render", "support", "--env", "1X=y"], "'1X' is not the name of an environment variable"),
        (["render", "support", "--set", "=x"], "--set: expected KEY=VALUE"),
        (["render", "support", "--set", "lambda.enabeld=true"], "unknown key 'enabeld'"),
        (["render", "support", "-c", "nope.yaml"], "nope.yaml:1:1: JVB100 'nope.yaml' does not exist"),
        (["render", "support", "-c", "support"], "is a folder, not a file"),
        (["render", "support", "--templates", "nope"], "--templates: 'nope' is not a folder"),
        (["render", "support", "--target", "ecs"], "'ecs' is not one of"),
        (["render", "support", "--check", "--stdout"], "cannot be combined"),
        (["render", "support", "--formt", "json"], "--format"),
        (["rendr"], "did you mean 'render'?"),
        (["explain", "lambda.functoin.memory"], "did you mean 'lambda.function.memory'?"),
        (["explain", "memory"], "did you mean 'lambda.function.memory'?"),
        (["templates", "show", "Dockerfile"], "did you mean 'docker/Dockerfile.j2'?"),
    ],
)
def test_wrong_arguments(app: Path, jvbundler: Run, arguments: list[str], message: str) -> None:
    done = jvbundler(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (app / "deploy").exists()


def test_an_environment_that_is_given_as_a_variable(app: Path, jvbundler: Run) -> None:
    done = jvbundler("render", "support", "--env", "prod")
    assert done.returncode == 2
    assert "--env: expected KEY=VALUE, found no '=' after a key; did you mean -e" in done.stderr


def test_a_deploy_yaml_by_another_name(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").rename(app / "deploy.yml")
    assert "does not exist (rename deploy.yml, or name it with '-c')" in jvbundler("render", "support").stderr


def test_a_missing_deploy_yaml_names_init(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").unlink()
    done = jvbundler("render", "support")
    assert done.returncode == 2
    assert "support/deploy.yaml:1:1: JVB100" in done.stderr
    assert "jvbundler init" in done.stderr


@pytest.mark.parametrize(
    "output", ["support", ".", "support/agents/x", "file", "file/x", "/dev/full", "/proc/x"]
)
def test_an_output_that_cannot_be(app: Path, jvbundler: Run, output: str) -> None:
    (app.parent / "file").write_text("mine")
    before = sorted(app.parent.rglob("*"))
    done = jvbundler("render", "support", "-o", output, "--force")
    assert done.returncode == 3
    told = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert len(told) == 1
    assert told[0].startswith("jvbundler: ")
    assert sorted(app.parent.rglob("*")) == before


def test_a_warning_fails_a_strict_render_only(app: Path, jvbundler: Run) -> None:
    with (app / "deploy.yaml").open("a") as stream:
        stream.write("ecs: {}\n")
    assert jvbundler("render", "support", "--strict").returncode == 2
    done = jvbundler("render", "support")
    assert done.returncode == 0
    assert "JVB109 warning: section 'ecs' is ignored" in done.stderr


def test_a_bug_of_ours_is_one_line_and_70(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text('version: "1.0"\n')
    broken = app.parent / "sitecustomize.py"
    broken.write_text("import jvbundler.render.targets as t\nt.TARGETS['docker'] = 'jvbundler.render.gone'\n")
    path = f"{app.parent}:{Path(__file__).resolve().parents[2]}"
    done = jvbundler("render", "support", PYTHONPATH=path)
    assert done.returncode == 70
    assert "internal error: ModuleNotFoundError" in done.stderr
    assert "--debug" in done.stderr
