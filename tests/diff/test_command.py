"""`jvbundler diff` as a user types it, on the golden case with three environments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "golden"


def jvbundler(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jvbundler", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


def git(cwd: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app with its output, committed and tagged `v1`."""
    app = tmp_path_factory.mktemp("diff") / "acme"
    shutil.copytree(GOLDEN / "app", app)
    shutil.copy(GOLDEN / "three-environments" / "deploy.yaml", app)
    assert jvbundler(app, "render").returncode == 0
    git(app, "init", "--quiet")
    git(app, "add", ".")
    git(app, "commit", "--quiet", "-m", "first")
    git(app, "tag", "v1")
    return app


@pytest.fixture
def app(rendered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered, tmp_path / "acme"))


def test_a_current_output_is_the_same(app: Path) -> None:
    done = jvbundler(app, "diff")
    assert (done.returncode, done.stdout) == (0, "deploy/ -> a render now: no difference\n")


def test_a_change_of_deploy_yaml_is_told_object_by_object(app: Path) -> None:
    done = jvbundler(
        app.parent, "diff", "acme", "-e", "prod", "--set", "kubernetes.service.type=LoadBalancer"
    )
    assert done.returncode == 1, done.stderr
    assert "  ~ Service acme-prod/acme-support\n    danger: exposure: a load balancer" in done.stdout
    assert "      spec.type: ClusterIP -> LoadBalancer\n" in done.stdout
    assert "rendered/dev/" not in done.stdout


def test_against_a_git_revision(app: Path) -> None:
    config = app / "deploy.yaml"
    config.write_text(config.read_text().replace("max_replicas: 12", "max_replicas: 6"))
    assert jvbundler(app, "render").returncode == 0
    assert jvbundler(app, "diff").returncode == 0
    for arguments in (("v1",), (".", "v1"), ("--against", "v1")):
        done = jvbundler(app, "diff", *arguments)
        assert done.returncode == 1
        assert "spec.maxReplicas: 12 -> 6" in done.stdout
        assert "attention: scaling: less room to scale up" in done.stdout
    found = json.loads(jvbundler(app, "diff", "v1", "--format", "json").stdout)
    fields = [field for change in found["changes"] for field in change["fields"]]
    assert {"path": "spec.maxReplicas", "old": 12, "new": 6} in fields


def test_a_file_that_is_not_ours_is_no_difference(app: Path) -> None:
    (app / "deploy" / "notes.md").write_text("mine")
    git(app, "add", ".")
    git(app, "commit", "--quiet", "-m", "notes")
    assert jvbundler(app, "diff").returncode == 0
    assert jvbundler(app, "diff", "HEAD").returncode == 0


def test_before_the_first_render_everything_is_added(app: Path) -> None:
    shutil.rmtree(app / "deploy")
    done = jvbundler(app, "diff", "--format", "json")
    assert done.returncode == 1
    assert {change["action"] for change in json.loads(done.stdout)["changes"]} == {"added", "source"}
    assert jvbundler(app, "diff", "HEAD").returncode == 0


def test_two_environments(app: Path) -> None:
    done = jvbundler(app, "diff", "--from", "staging", "--to", "prod")
    assert done.returncode == 1
    assert "kubernetes/rendered/*/manifest.yaml" in done.stdout
    assert "data.LOG_LEVEL: INFO -> WARNING" in done.stdout
    assert "+ Ingress acme-prod/acme-support" in done.stdout
    assert "immutable" not in done.stdout
    assert "staging -> prod: " in done.stdout
    assert jvbundler(app, "diff", "--from", "prod", "--to", "prod").returncode == 0


def test_markdown_for_a_pull_request(app: Path) -> None:
    done = jvbundler(
        app,
        "diff",
        "--set",
        "kubernetes.deployment.pod.annotations.x=</details>|@all",
        "--format",
        "markdown",
    )
    assert done.stdout.startswith("### jvbundler diff: ")
    assert done.stdout.count("<details>") == done.stdout.count("\n</details>\n") > 0
    assert len(done.stdout) < 65_536


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-thing"], "'no-such-thing' is not a revision of the git repository"),
        (["--", "--output=x"], "'--output=x' is not a revision"),
        (["--from", "dev"], "--from and --to have to be used together"),
        (["--from", "dev", "--to", "prdo"], "prdo"),
        (["a", "b"], "'a' is not a folder"),
        (["v1", "--from", "dev", "--to", "prod"], "give no revision"),
    ],
)
def test_wrong_input_is_named(app: Path, arguments: list[str], message: str) -> None:
    done = jvbundler(app, "diff", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_a_revision_outside_of_a_repository(app: Path) -> None:
    shutil.rmtree(app / ".git")
    done = jvbundler(app, "diff", "v1")
    assert done.returncode == 2
    assert "not a git repository" in done.stderr
