"""A verb without a platform means what the environment enables: one platform, or both in turn."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.deploy.conftest import DEPLOY, DIGEST, Run, Tools, environment
from tests.terminal import in_terminal

ACCOUNT = "123456789012"
IDENTITY = json.dumps({"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/test"})
LAMBDA = f"lambda:\n  enabled: true\n  region: eu-central-1\n  account_id: '{ACCOUNT}'\n"
SECRETS = {"OPENAI_API_KEY": "a", "JVAGENT_ADMIN_PASSWORD": "b", "JVSPATIAL_JWT_SECRET_KEY": "c"}
NO_STACK = "Stack with id acme-support does not exist\n"


@pytest.fixture
def both(app: Path, tools: Tools, jvbundler: Run) -> Path:
    """The app with both platforms enabled in both environments, rendered; the stubs of aws and sam answer."""
    (app / "deploy.yaml").write_text(
        DEPLOY.replace("kubernetes:\n  enabled: true\n", f"{LAMBDA}kubernetes:\n  enabled: true\n", 1)
    )
    tools.put("aws", "sam")
    tools.answer("aws", "--version", stdout="aws-cli/2.27.0\n")
    tools.answer("sam", "--version", stdout="SAM CLI, version 1.170.0\n")
    tools.answer("get-caller-identity", stdout=IDENTITY)
    tools.answer("describe-stacks", code=254, stderr=NO_STACK)
    tools.answer("describe-repositories", stdout='{"repositories": []}')
    tools.answer("describe-images", stdout=json.dumps({"imageDetails": [{"imageDigest": DIGEST}]}))
    done = jvbundler("render", "support")
    assert done.returncode == 0, done.stderr
    return app


def used(tools: Tools) -> list[str]:
    """Which tools made changes, in order."""
    changing = {"sam": "deploy", "kubectl": "apply"}
    calls = [call["argv"] for call in tools.calls()]
    return [argv[0] for argv in calls if changing.get(argv[0]) in argv and "--dry-run=server" not in argv]


def test_one_enabled_platform_is_meant_wherever_the_options_stand(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    with_platform = jvbundler("deploy", "k8s", "support", "-e", "dev", "--dry-run").stdout
    for words in ("support -e dev --dry-run", "-e dev support --dry-run", "-e dev --dry-run k8s support"):
        assert jvbundler("deploy", *words.split()).stdout == with_platform
    # All options of the platform are known.
    done = jvbundler("deploy", "support", "-e", "dev", "--timeout", "77", "--dry-run")
    assert "--timeout=77s" in done.stdout, done.stderr
    assert jvbundler("rollback", "support", "-e", "dev").returncode == 0
    assert jvbundler("status", "-e", "dev", "support").returncode == 0


def test_a_platform_behind_the_app_is_told(rendered: Path, jvbundler: Run) -> None:
    done = jvbundler("deploy", "support", "k8s", "-e", "dev")
    assert done.returncode == 2
    assert "the platform stands before the app: jvbundler deploy k8s support\n" in done.stderr


def test_both_are_deployed_lambda_first(both: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("deploy", "support", "-e", "dev", "--health-timeout", "0", **SECRETS)
    assert done.returncode == 0, done.stderr
    assert used(tools) == ["sam", "kubectl"]
    shown = jvbundler("deploy", "support", "-e", "dev", "--dry-run").stdout
    assert shown.index("sam deploy") < shown.index("kubectl")


def test_json_is_one_document(both: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("deploy", "support", "-e", "dev", "--health-timeout", "0", "--json", **SECRETS)
    found = json.loads(done.stdout)
    assert (found["ok"], found["lambda"]["ok"], found["k8s"]["ok"]) == (True, True, True)
    planned = json.loads(jvbundler("deploy", "support", "-e", "dev", "--dry-run", "--json").stdout)
    tools_named = {step["command"].split()[0] for step in planned["steps"]}
    assert {"sam", "kubectl"} <= tools_named
    states = json.loads(jvbundler("status", "support", "-e", "dev", "--format", "json").stdout)
    assert not states["ok"]  # no stack
    assert states["lambda"]["stack"]["name"] == "acme-support-dev"
    assert states["k8s"]["deployment"]


def test_a_failure_of_the_first_is_the_end(both: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answers.insert(0, {"has": ["sam", "deploy"], "code": 1, "stderr": "CREATE_FAILED\n"})
    done = jvbundler("deploy", "support", "-e", "dev", "--json", **SECRETS)
    assert done.returncode == 4
    found = json.loads(done.stdout)
    assert not found["ok"]
    assert "k8s" not in found
    assert "kubectl" not in used(tools)


def test_the_checks_of_both_come_before_the_first_change(both: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answers.insert(0, {"has": ["auth", "can-i"], "stdout": "no\n"})
    done = jvbundler("deploy", "support", "-e", "dev", **SECRETS)
    assert done.returncode == 4
    assert "not ready, nothing was changed" in done.stderr
    assert used(tools) == []


def test_what_is_wrong_before_the_first_change_is_json_too(both: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answers.insert(0, {"has": ["auth", "can-i"], "stdout": "no\n"})
    found = json.loads(jvbundler("deploy", "support", "-e", "dev", "--json", **SECRETS).stdout)
    assert not found["ok"]
    assert "not ready, nothing was changed" in found["error"]
    assert "lambda" not in found


def test_one_platform_can_be_watched(both: Path, jvbundler: Run) -> None:
    done = jvbundler("status", "support", "-e", "dev", "--watch")
    assert done.returncode == 2
    assert "choose one with 'jvbundler status k8s …'" in done.stderr


def test_a_protected_environment_asks_once(both: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("deploy", "support", "-e", "prod", **SECRETS)
    assert (done.returncode, used(tools)) == (2, [])
    assert done.stderr.count("type its name") == 1
    done = jvbundler("deploy", "support", "-e", "prod", "--yes", "--health-timeout", "0", **SECRETS)
    assert done.returncode == 0, done.stderr


def test_one_answer_is_enough_for_both(both: Path, tools: Tools, tmp_path: Path) -> None:
    words = ("deploy", "support", "-e", "prod", "--health-timeout", "0")
    argv = [sys.executable, "-m", "jvbundler", *words]
    env = environment(tools, tmp_path, **SECRETS)
    shown = in_terminal(argv, cwd=tmp_path, env=env, typed="prod\n")
    assert shown.code == 0, shown.text
    assert shown.text.count("type its name") == 1
    assert used(tools) == ["sam", "kubectl"]


@pytest.mark.parametrize("verb", ["logs", "rollback", "destroy"])
def test_what_is_destroyed_has_to_be_chosen(both: Path, tools: Tools, jvbundler: Run, verb: str) -> None:
    done = jvbundler(verb, "support", "-e", "dev", "--yes" if verb != "logs" else "--follow")
    assert done.returncode == 2
    assert (
        f"both platforms are enabled: choose one with 'jvbundler {verb} k8s …' or 'jvbundler {verb} lambda …'"
        in done.stderr
    )
    assert tools.calls() == []


def test_no_enabled_platform_is_told(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text("app: {name: acme}\n")
    done = jvbundler("deploy", "support")
    assert done.returncode == 2
    assert "no platform is enabled in environment 'default': set 'kubernetes.enabled: true' or" in done.stderr
