"""`env list|set|unset`: the container's variables in deploy.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.conftest import DEPLOY, Run


def test_a_variable_is_set_for_one_platform_of_one_environment(app: Path, jvbundler: Run) -> None:
    done = jvbundler("env", "set", "k8s", "LEVEL=high", "COUNT=1", "-e", "dev", "--app", "support")
    assert (done.returncode, done.stdout) == (0, "support/deploy.yaml: changed; jvbundler render\n")
    text = (app / "deploy.yaml").read_text()
    written = (
        "  dev:\n    kubernetes:\n      deployment:\n        container:\n          environment:\n"
        '            LEVEL: high\n            COUNT: "1"\n'
    )
    assert text == DEPLOY.replace("  dev: {}\n", written)
    shown = jvbundler("env", "list", "kubernetes", "-e", "dev", "--app", "support").stdout
    assert shown == (
        "COUNT=1\nJVAGENT_ADMIN_PASSWORD (secret)\nJVSPATIAL_JWT_SECRET_KEY (secret)\nLEVEL=high\n"
        "OPENAI_API_KEY (secret)\n"
    )
    assert "LEVEL" not in jvbundler("env", "list", "lambda", "-e", "dev", "--app", "support").stdout


def test_a_variable_is_unset_again(app: Path, jvbundler: Run) -> None:
    jvbundler("env", "set", "lambda", "LEVEL=high", "--app", "support")
    assert "LEVEL: high" in (app / "deploy.yaml").read_text()
    for verb in ("unset", "delete"):
        assert jvbundler("env", verb, "lambda", "LEVEL", "--app", "support").returncode == 0
        assert "LEVEL" not in (app / "deploy.yaml").read_text()


@pytest.mark.parametrize("pair", ["OPENAI_API_KEY=abc", "A_TOKEN=abc", "LEVEL=sk-abcdefghijklmnopqrstuvwx"])
def test_a_secret_is_never_written(app: Path, jvbundler: Run, pair: str) -> None:
    done = jvbundler("env", "set", "k8s", "LEVEL=high", pair, "--app", "support")
    assert done.returncode == 2
    assert "looks like a secret" in done.stderr
    assert pair.split("=")[1] not in done.stderr
    assert (app / "deploy.yaml").read_text() == DEPLOY


def test_a_reference_stays_a_reference(app: Path, jvbundler: Run) -> None:
    done = jvbundler("env", "set", "k8s", "WHERE=${REGION:-here}", "--app", "support", REGION="secret-place")
    assert done.returncode == 0
    assert 'WHERE: "${REGION:-here}"' in (app / "deploy.yaml").read_text()


def test_wrong_input_is_told_and_nothing_written(app: Path, jvbundler: Run) -> None:
    for words, said in (
        (("k8s", "LEVEL"), "expected NAME=VALUE"),
        (("k8s", "LE-VEL=1"), "'LE-VEL' is not the name of an environment variable"),
        (("k8s", "LEVEL=1", "-e", "devv"), "did you mean 'dev'"),
    ):
        done = jvbundler("env", "set", *words, "--app", "support")
        assert done.returncode == 2
        assert said in done.stderr
    assert jvbundler("env", "set", "k8s", "LEVEL=1", "--app", "nowhere").returncode == 2
    assert (app / "deploy.yaml").read_text() == DEPLOY


def test_without_an_app_yaml_deploy_yaml_alone_is_listed(app: Path, jvbundler: Run) -> None:
    with_app = jvbundler("env", "list", "k8s", "-e", "dev", "--app", "support")
    (app / "app.yaml").unlink()
    done = jvbundler("env", "list", "k8s", "-e", "dev", "--app", "support")
    assert (done.returncode, done.stdout) == (0, with_app.stdout)
    assert done.stderr == "no app.yaml in 'support': this is what support/deploy.yaml alone says\n"
    for words in (("set", "k8s", "A=b"), ("unset", "k8s", "A")):
        done = jvbundler("env", *words, "--app", "support")
        assert done.stdout == "support/deploy.yaml: changed; jvbundler render\n"


def test_without_an_app_yaml_a_broken_deploy_yaml_is_told(app: Path, jvbundler: Run) -> None:
    (app / "app.yaml").unlink()
    (app / "deploy.yaml").write_text("kubernetes: {replicas: 2}\n")
    done = jvbundler("env", "list", "k8s", "--app", "support")
    assert (done.returncode, done.stdout) == (2, "")
    assert "JVB104 unknown key 'replicas'" in done.stderr
    (app / "deploy.yaml").unlink()
    assert "JVB200" in jvbundler("env", "list", "k8s", "--app", "support").stderr
