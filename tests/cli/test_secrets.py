"""`secrets` prints commands that work and hold no value; `secrets check` asks for keys. Tools are stubs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

VALUES = {"JVAGENT_ADMIN_PASSWORD": 'p"a$s\n%s end', "JVSPATIAL_JWT_SECRET_KEY": "k-8731"}
BOTH = list(VALUES)
# Prints what each --from-file holds, as `create` does; keeps its standard input, as `apply` does.
KUBECTL = """
case "$*" in
  *create*) for word in "$@"; do case $word in --from-file=*) cat ${word##*=}; echo ';' ;; esac; done ;;
  *) cat > "$here/stdin" ;;
esac"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """The folder of the stub tools, in which they note what they were called with, in `argv`."""
    (tmp_path / "tools").mkdir()
    return tmp_path / "tools"


def stub(tools: Path, name: str, script: str) -> None:
    path = tools / name
    path.write_text(f'#!/bin/bash\nhere=$(dirname "$0")\necho {name} "$@" >> "$here/argv"\n{script}\n')
    path.chmod(0o755)


def configure(app: Path, text: str) -> None:
    (app / "deploy.yaml").write_text(text)


def listed(jvbundler: Run, *arguments: str) -> list[dict[str, Any]]:
    done = jvbundler("secrets", "support", "--format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["secrets"]
    return found


def checked(jvbundler: Run, tools: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return jvbundler("secrets", "check", "support", *arguments, PATH=f"{tools}:/usr/bin:/bin", **env)


def paste(command: str, tools: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = {"PATH": f"{tools}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", command], cwd=tools, env=path | env, capture_output=True, text=True, check=False
    )


def test_the_list_names_every_place_and_no_value(app: Path, jvbundler: Run) -> None:
    done = jvbundler("secrets", "support", "-e", "prod", **VALUES)
    assert done.returncode == 0, done.stderr
    assert "prod, Kubernetes: Secret 'support-secrets' in namespace 'support'" in done.stdout
    assert "prod, Lambda: variables of the shell that deploys the stack 'support-prod'" in done.stdout
    assert "jvbundler deploy lambda support -e prod" in done.stdout
    assert "dev, " not in done.stdout
    assert not any(value in done.stdout + done.stderr for value in VALUES.values())


@pytest.mark.parametrize("number", [1, 2])
def test_the_commands_for_a_cluster_keep_values_out_of_every_argv(
    app: Path, jvbundler: Run, tools: Path, number: int
) -> None:
    stub(tools, "kubectl", KUBECTL)
    stub(tools, "kubeseal", 'cat > "$here/stdin"')
    command = listed(jvbundler, "-e", "dev", "--context", "kind")[0]["commands"][number]["command"]
    done = paste(command, tools, **VALUES)
    assert done.returncode == 0, done.stderr
    assert (tools / "stdin").read_text() == "".join(f"{VALUES[name]};\n" for name in BOTH)
    argv = (tools / "argv").read_text()
    assert "kubectl create secret generic support-secrets --namespace=support" in argv
    assert "--context kind" in argv
    assert not any(value in argv for value in VALUES.values())


def test_no_secret_is_made_empty_and_no_cluster_is_guessed(app: Path, jvbundler: Run, tools: Path) -> None:
    stub(tools, "kubectl", KUBECTL)
    command = listed(jvbundler, "-e", "dev")[0]["commands"][1]["command"]
    assert "JVSPATIAL_JWT_SECRET_KEY" in paste(command, tools, JVAGENT_ADMIN_PASSWORD="x").stderr
    assert not (tools / "argv").exists()
    assert "KUBE_CONTEXT" in paste(command, tools, **VALUES).stderr
    assert not (tools / "stdin").exists()


def test_keys_of_other_names_a_pull_secret_and_a_namespace_that_is_not_there_yet(
    app: Path, jvbundler: Run
) -> None:
    configure(
        app,
        "secrets:\n  - name: DATABASE_URI\n    kubernetes: {secret_name: database, key: mongo.uri}\n"
        "kubernetes:\n  enabled: true\n  create_namespace: true\n  registry: {secret_name: regcred}\n",
    )
    database, own, pull = listed(jvbundler)
    assert database["keys"] == [{"key": "mongo.uri", "variable": "DATABASE_URI", "optional": False}]
    assert "kubectl create namespace support" in database["commands"][0]["command"]
    assert '--from-file=mongo.uri=<(printf %s "$DATABASE_URI")' in database["commands"][1]["command"]
    assert own["name"] == "support-secrets"
    assert (pull["kind"], pull["name"]) == ("pull-secret", "regcred")
    assert '.dockerconfigjson="$HOME/.docker/config.json"' in pull["commands"][1]["command"]


def test_what_a_store_must_hold(app: Path, jvbundler: Run) -> None:
    configure(
        app,
        "kubernetes:\n  enabled: true\n  external_secrets:\n    enabled: true\n    key: prod/support\n"
        "    store: {name: vault}\n",
    )
    secret, entry = listed(jvbundler)
    assert (secret["kind"], secret["commands"]) == ("external-secret", [])
    assert (entry["name"], entry["within"]) == ("prod/support", "ClusterSecretStore vault")
    assert [key["key"] for key in entry["keys"]] == BOTH


def test_the_commands_for_secrets_manager_hand_it_json(app: Path, jvbundler: Run, tools: Path) -> None:
    configure(app, "lambda:\n  enabled: true\n  secrets: {source: secretsmanager, secret_id: prod/support}\n")
    stub(tools, "aws", 'cat > "$here/stdin"')
    create, replace = listed(jvbundler)[0]["commands"]
    for command, call in ((create, "create-secret"), (replace, "put-secret-value")):
        assert paste(command["command"], tools, **VALUES).returncode == 0
        assert json.loads((tools / "stdin").read_text()) == VALUES
        argv = (tools / "argv").read_text()
        assert f"aws secretsmanager {call} --region us-east-1" in argv
        assert not any(value in argv for value in VALUES.values())


def test_check_asks_the_cluster_for_keys_alone(app: Path, jvbundler: Run, tools: Path) -> None:
    configure(app, "kubernetes:\n  enabled: true\n")
    stub(tools, "kubectl", "printf 'found\\nJVAGENT_ADMIN_PASSWORD\\n'")
    done = checked(jvbundler, tools, "--context", "kind")
    assert done.returncode == 1, done.stderr
    assert done.stdout == (
        "default, Kubernetes: Secret 'support-secrets' in namespace 'support': "
        "missing or empty: JVSPATIAL_JWT_SECRET_KEY\n"
    )
    argv = (tools / "argv").read_text()
    assert argv.startswith("kubectl --context kind --namespace support get secret support-secrets")
    # Only keys are printed; the value is asked for its being there.
    assert "{{$key}}" in argv
    assert "{{$value}}" not in argv


def test_check_of_a_cluster_in_which_all_or_nothing_is(app: Path, jvbundler: Run, tools: Path) -> None:
    configure(app, "kubernetes:\n  enabled: true\n  context: kind\n")
    stub(tools, "kubectl", "printf '%s\\n' found " + " ".join(BOTH))
    done = checked(jvbundler, tools)
    assert (done.returncode, done.stdout.endswith("complete\n")) == (0, True)
    stub(tools, "kubectl", "")
    done = checked(jvbundler, tools, "--format", "json")
    (state,) = json.loads(done.stdout)["secrets"]
    assert (done.returncode, state["is_there"], state["missing"]) == (1, False, BOTH)


def test_check_keeps_the_keys_of_secrets_manager_and_drops_the_values(
    app: Path, jvbundler: Run, tools: Path
) -> None:
    configure(app, "lambda:\n  enabled: true\n  secrets: {source: secretsmanager}\n")
    held = json.dumps(json.dumps({"JVAGENT_ADMIN_PASSWORD": "canary", "JVSPATIAL_JWT_SECRET_KEY": ""}))
    stub(tools, "aws", f"cat <<'END'\n{held}\nEND")
    done = checked(jvbundler, tools)
    assert done.returncode == 1, done.stderr
    assert done.stdout.endswith("missing or empty: JVSPATIAL_JWT_SECRET_KEY\n")
    assert "canary" not in done.stdout + done.stderr
    assert "--region us-east-1 --secret-id support" in (tools / "argv").read_text()


def test_check_needs_no_permission_for_a_value_that_only_the_app_reads(
    app: Path, jvbundler: Run, tools: Path
) -> None:
    configure(app, "lambda:\n  enabled: true\n  secrets: {source: arn}\n")
    stub(tools, "aws", "echo '\"support\"'")
    assert checked(jvbundler, tools).returncode == 0
    assert "describe-secret" in (tools / "argv").read_text()


def test_check_tells_a_secret_that_is_not_there_from_an_aws_that_fails(
    app: Path, jvbundler: Run, tools: Path
) -> None:
    configure(app, "lambda:\n  enabled: true\n  secrets: {source: secretsmanager}\n")
    stub(tools, "aws", "echo 'An error occurred (ResourceNotFoundException)' >&2; exit 254")
    done = checked(jvbundler, tools)
    assert (done.returncode, "not found: " in done.stdout) == (1, True)
    stub(tools, "aws", "echo canary; echo 'An error occurred (AccessDeniedException)' >&2; exit 254")
    done = checked(jvbundler, tools)
    assert (done.returncode, "AccessDeniedException" in done.stderr) == (4, True)
    assert "canary" not in done.stdout + done.stderr


def test_check_looks_for_parameters_in_the_environment_that_deploys(
    app: Path, jvbundler: Run, tools: Path
) -> None:
    done = checked(jvbundler, tools, "-e", "dev", "--target", "lambda", JVAGENT_ADMIN_PASSWORD="canary")
    assert done.returncode == 1
    assert done.stdout.endswith("missing or empty: JVSPATIAL_JWT_SECRET_KEY\n")
    assert checked(jvbundler, tools, "-e", "dev", "--target", "lambda", **VALUES).returncode == 0
    assert not (tools / "argv").exists()


def test_check_without_a_cluster_a_tool_or_a_valid_file(app: Path, jvbundler: Run, tools: Path) -> None:
    configure(app, "kubernetes:\n  enabled: true\n")
    done = checked(jvbundler, tools)
    assert (done.returncode, "--context" in done.stderr) == (2, True)
    done = jvbundler("secrets", "check", "support", "--context", "kind", PATH="/nonexistent")
    assert (done.returncode, "'kubectl' is not on PATH" in done.stderr) == (4, True)
    stub(tools, "kubectl", "echo refused >&2; exit 1")
    done = checked(jvbundler, tools, "--context", "kind")
    assert (done.returncode, "refused" in done.stderr) == (4, True)
    configure(app, "kubernets: {}\n")
    done = checked(jvbundler, tools, "--format", "json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["problems"][0]["rule"] == "JVB104"


OPTIONAL = "secrets:\n  - {name: SERPER_API_KEY, optional: true}\n"


def test_an_optional_secret_is_marked_and_may_be_missing_from_the_cluster(
    app: Path, jvbundler: Run, tools: Path
) -> None:
    configure(app, f"{OPTIONAL}kubernetes:\n  enabled: true\n  context: kind\n")
    assert "  SERPER_API_KEY  (optional)\n" in jvbundler("secrets", "support").stdout
    assert listed(jvbundler)[0]["keys"][-1]["optional"] is True
    stub(tools, "kubectl", "printf '%s\\n' found " + " ".join(BOTH))
    done = checked(jvbundler, tools)
    assert (done.returncode, done.stdout.endswith("complete\n")) == (0, True)


def test_the_command_makes_an_optional_key_empty_where_its_variable_is_not_set(
    app: Path, jvbundler: Run, tools: Path
) -> None:
    configure(app, f"{OPTIONAL}kubernetes:\n  enabled: true\n  context: kind\n")
    stub(tools, "kubectl", KUBECTL)
    command = listed(jvbundler)[0]["commands"][1]["command"]
    assert paste(f"set -u; {command}", tools, **VALUES).returncode == 0
    assert (tools / "stdin").read_text().endswith("k-8731;\n;\n")


def test_cloudformation_resolves_an_optional_key_of_secrets_manager_so_it_may_only_be_empty(
    app: Path, jvbundler: Run, tools: Path
) -> None:
    configure(app, f"{OPTIONAL}lambda:\n  enabled: true\n  secrets: {{source: secretsmanager}}\n")
    stub(tools, "aws", 'cat > "$here/stdin"')
    assert paste(listed(jvbundler)[0]["commands"][0]["command"], tools, **VALUES).returncode == 0
    held = json.loads((tools / "stdin").read_text())
    assert held == {**VALUES, "SERPER_API_KEY": ""}
    for content, code in ((held, 0), (VALUES, 1)):
        stub(tools, "aws", f"cat <<'END'\n{json.dumps(json.dumps(content))}\nEND")
        assert checked(jvbundler, tools).returncode == code


def test_check_wants_no_value_of_an_optional_parameter(app: Path, jvbundler: Run, tools: Path) -> None:
    configure(app, f"{OPTIONAL}lambda:\n  enabled: true\n")
    assert checked(jvbundler, tools, **VALUES).returncode == 0
    assert checked(jvbundler, tools).returncode == 1
