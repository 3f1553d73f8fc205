"""`deploy k8s` knows before the first change whether the pods find their Secrets; it makes them if asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deploy.conftest import KEYS, Run, Tools, answer_text

DEPLOY = ("deploy", "k8s", "support", "-e", "dev")
VALUES = dict.fromkeys(KEYS, "hush-hush")


def test_a_secret_that_is_not_there_stops_before_the_first_change(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("get", "secret", file="no-secret.txt")
    done = jvbundler(*DEPLOY)
    assert done.returncode == 2
    assert (
        "the Secret 'acme-support-secrets' in namespace 'acme' is not there: it needs " + ", ".join(KEYS)
    ) in done.stderr
    assert "'jvbundler secrets -e dev' prints the commands that make it; '--create-secrets'" in done.stderr
    assert not [verb for verb in tools.verbs() if verb.startswith(("apply", "create", "patch"))]


def test_the_keys_that_it_lacks_are_named(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("get", "secret", stdout=f"found\n{KEYS[0]}\n")
    done = jvbundler(*DEPLOY)
    assert done.returncode == 2
    assert f"'acme-support-secrets' in namespace 'acme' has no {KEYS[1]}, {KEYS[2]}" in done.stderr


def test_whoever_may_not_look_is_told_so_and_deploys(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("get", "secret", stderr=answer_text("forbidden-secret.txt"), code=1)
    done = jvbundler(*DEPLOY)
    assert done.returncode == 0, done.stderr
    assert "not known whether the Secret 'acme-support-secrets' has its keys: Error from" in done.stderr


def test_a_secret_is_made_from_the_variables_of_the_shell(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("get", "secret", stdout="")
    missing = jvbundler(*DEPLOY, "--create-secrets")
    assert missing.returncode == 2
    assert "OPENAI_API_KEY" in missing.stderr
    done = jvbundler(*DEPLOY, "--create-secrets", **VALUES)
    assert done.returncode == 0, done.stderr
    (made,) = (call for call in tools.calls() if "create" in call["argv"])
    assert made["argv"][-2:] == ["create", "--filename=-"]
    assert json.loads(made["stdin"]) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "acme-support-secrets", "namespace": "acme"},
        "type": "Opaque",
        "stringData": VALUES,
    }
    assert "hush-hush" not in json.dumps([call["argv"] for call in tools.calls()]) + done.stdout + done.stderr
    order = tools.verbs()
    assert order.index("apply --dry-run=server") < order.index("create") < order.index("apply")


def test_only_the_keys_that_are_missing_are_added(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("get", "secret", stdout=f"found\n{KEYS[0]}\n{KEYS[1]}\n")
    done = jvbundler(*DEPLOY, "--create-secrets", OPENAI_API_KEY="hush-hush")
    assert done.returncode == 0, done.stderr
    (patch,) = (call for call in tools.calls() if "--type=merge" in call["argv"])
    assert patch["argv"][5:] == [
        *("patch", "secret", "acme-support-secrets", "--type=merge", "--patch-file=/dev/stdin")
    ]
    assert json.loads(patch["stdin"]) == {"stringData": {"OPENAI_API_KEY": "hush-hush"}}


def test_what_the_manifest_brings_itself_is_not_looked_for(app: Path, tools: Tools, jvbundler: Run) -> None:
    sealed = "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: acme-support-secrets}}"
    text = (app / "deploy.yaml").read_text()
    text = text.replace("  context: test-cluster", f"  extra_resources: [{sealed}]\n  context: test-cluster")
    (app / "deploy.yaml").write_text(text)
    assert jvbundler("render", "support").returncode == 0
    tools.answer("get", "secret", stdout="")
    done = jvbundler(*DEPLOY)
    assert done.returncode == 0, done.stderr
    assert "get secret" not in tools.verbs()


def test_the_namespace_is_made_before_its_secret(app: Path, tools: Tools, jvbundler: Run) -> None:
    text = (app / "deploy.yaml").read_text()
    (app / "deploy.yaml").write_text(
        text.replace("  context: test", "  create_namespace: true\n  context: test")
    )
    assert jvbundler("render", "support").returncode == 0
    tools.answer("get", "secret", stdout="")
    tools.answer("create", "namespace", stdout="kind: Namespace\n")
    done = jvbundler(*DEPLOY, "--create-secrets", **VALUES)
    assert done.returncode == 0, done.stderr
    order = tools.verbs()
    assert order.index("create namespace") < order.index("create")
    assert "kind: Namespace\n" in [call["stdin"] for call in tools.calls()]


@pytest.mark.parametrize("value", ["", "hush-hush"])
def test_an_optional_key_may_be_missing_and_is_made_from_a_variable_that_is_set(
    app: Path, tools: Tools, jvbundler: Run, value: str
) -> None:
    text = (app / "deploy.yaml").read_text()
    optional = "  - OPENAI_API_KEY\n  - {name: SERPER_API_KEY, optional: true}\n"
    (app / "deploy.yaml").write_text(text.replace("  - OPENAI_API_KEY\n", optional))
    assert jvbundler("render", "support").returncode == 0
    tools.answer("get", "secret", stdout="found\n" + "\n".join(KEYS))
    done = jvbundler(*DEPLOY)
    assert done.returncode == 0, done.stderr
    tools.answer("get", "secret", stdout="found\n" + "\n".join(KEYS))
    done = jvbundler(*DEPLOY, "--create-secrets", **({"SERPER_API_KEY": value} if value else {}))
    assert done.returncode == 0, done.stderr
    made = [json.loads(call["stdin"]) for call in tools.calls() if "--type=merge" in call["argv"]]
    assert made == ([{"stringData": {"SERPER_API_KEY": value}}] if value else [])
