"""`jvbundler ci`: the pipelines satisfy the vendors' schemas, and their shell steps do what they say.

docker is a stub, as nothing builds here; git, the shell and jvbundler are real. What a job brings (Python, a
builder, a comment on a pull request) is the system's.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.app import write_app
from tests.deploy.conftest import ROOT, Run, Tools, environment

PUSHED = "sha256:" + "cd" * 32
DEPLOY = """\
app: {name: acme-support, version: 1.2.3}
environment: {JVSPATIAL_DB_TYPE: mongodb, JVSPATIAL_ENVIRONMENT: production}
secrets: [JVSPATIAL_MONGODB_URI]
kubernetes: {enabled: true, registry: {url: ghcr.io/acme}}
environments:
  dev: {kubernetes: {namespace: acme-dev}}
  staging: {kubernetes: {namespace: acme-staging}}
  prod: {kubernetes: {namespace: acme-prod}}
protected: [prod]
"""
FILES = {"github": ".github/workflows/deployment.yml", "gitlab": ".gitlab-ci.yml", "jenkins": "Jenkinsfile"}
SCHEMAS = {
    "github": ["vendor.github-workflows"],
    "gitlab": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}
IN_CI = {
    "BASE": "main",
    "CHANGE_TARGET": "main",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "REGISTRY_USER": "robot",
    "REGISTRY_PASSWORD": "s3cret-word",
    "GITLAB_USER_NAME": "Ada",
    "GITLAB_USER_EMAIL": "ada@example.com",
    "GITHUB_STEP_SUMMARY": "summary.md",
    "CI": "true",
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app in the root of a clone of a repository, with its output committed."""
    root = write_app(tmp_path, DEPLOY)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(tmp_path / "origin.git", "config", "receive.advertisePushOptions", "true")
    git(root, "init", "-q", "-b", "main")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    return root


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    return subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize("system", FILES)
@pytest.mark.parametrize("more", ["", "lambda: {enabled: true, region: eu-central-1}\n"], ids=["k8s", "both"])
def test_the_vendor_takes_the_file(app: Path, jvbundler: Run, system: str, more: str) -> None:
    with (app / "deploy.yaml").open("a") as file:
        file.write(more)
    done = jvbundler("ci", system, "support", "--stdout")
    assert done.returncode == 0, done.stderr
    assert "s3cret" not in done.stdout
    assert ("aws" in done.stdout.lower()) is bool(more)
    if system in SCHEMAS:
        written = app.parent / FILES[system].rsplit("/", 1)[-1]
        written.write_text(done.stdout)
        tool = Path(sys.executable).with_name("check-jsonschema")
        subprocess.run([tool, "--builtin-schema", *SCHEMAS[system], written], check=True, capture_output=True)


@pytest.mark.parametrize("system", FILES)
def test_its_steps_build_commit_and_propose(
    app: Path, tools: Tools, jvbundler: Run, tmp_path: Path, system: str
) -> None:
    assert jvbundler("render", "support").returncode == 0
    assert in_root(app, jvbundler, "ci", system).returncode == 0
    git(app, "add", "--all")
    git(app, "commit", "-qm", "First")
    git(app, "push", "-q", "--set-upstream", "origin", "main")
    program(tools, "jvbundler", f'exec {sys.executable} -m jvbundler "$@"')
    program(tools, "gh", 'echo "gh $*" >> gh.log')
    for script in scripts(system, (app / FILES[system]).read_text()):
        done = subprocess.run(
            ["bash" if system == "github" else "sh", "-e"],
            input=script,
            cwd=app,
            env=environment(tools, tmp_path, **IN_CI),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        assert "s3cret-word" not in done.stdout + done.stderr
    log = git(app, "log", "--format=%s", "origin/main")
    first = git(app, "rev-parse", "--short", "origin/main~1")
    assert log.splitlines() == [f"Deploy {first} to dev", "First"]
    assert (
        git(app, "log", "-1", "--format=%s", "origin/promote-to-staging") == "Deploy what dev runs to staging"
    )
    rendered = "deploy/kubernetes/rendered/{}/manifest.yaml"
    for revision, runs in (("origin/main", {"dev"}), ("origin/promote-to-staging", {"dev", "staging"})):
        texts = {
            name: git(app, "show", f"{revision}:{rendered.format(name)}")
            for name in ("dev", "staging", "prod")
        }
        assert {name for name, text in texts.items() if f"@{PUSHED}" in text} == runs
        git(app, "checkout", "-q", "--detach", revision)
        assert in_root(app, jvbundler, "render", "--check").returncode == 0, revision
    changed = git(app, "diff", "--name-only", "origin/main", "origin/promote-to-staging").splitlines()
    assert "images.yaml" in changed


def test_a_file_that_is_there_is_kept(app: Path, jvbundler: Run) -> None:
    assert in_root(app, jvbundler, "ci", "jenkins").returncode == 0
    (app / "Jenkinsfile").write_text("mine\n")
    refused = in_root(app, jvbundler, "ci", "jenkins")
    assert refused.returncode == 3
    assert "'Jenkinsfile' exists already: '--force' replaces it" in refused.stderr
    assert in_root(app, jvbundler, "ci", "jenkins", "--force").returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("github", "support", "--branch", "${{ github.token }}"), "cannot be named in a pipeline"),
        (("github", "../support"), "is not below this folder"),
        (("gitlab", "a'b"), "cannot be named in a pipeline"),
    ],
)
def test_what_a_pipeline_cannot_hold_is_refused(
    app: Path, jvbundler: Run, words: tuple[str, ...], said: str
) -> None:
    (app.parent / "a'b").symlink_to(app)
    done = jvbundler("ci", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_an_app_whose_environments_are_all_protected(app: Path, jvbundler: Run) -> None:
    text = (app / "deploy.yaml").read_text().replace("[prod]", "[dev, staging, prod]")
    (app / "deploy.yaml").write_text(text)
    done = jvbundler("ci", "github", "support", "--stdout")
    assert done.returncode == 2
    assert "every environment is protected" in done.stderr


def in_root(app: Path, jvbundler: Run, *words: str) -> subprocess.CompletedProcess[str]:
    """As `jvbundler`, in the app's folder."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(app.parent / "home")}
    argv = [sys.executable, "-m", "jvbundler", *words]
    return subprocess.run(argv, cwd=app, env=env, capture_output=True, text=True, check=False)


def program(tools: Tools, name: str, line: str) -> None:
    path = tools.folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def scripts(system: str, text: str) -> Iterator[str]:
    """What the pipeline runs, in order, without what brings tools and what needs the vendor's server."""
    for script in {"github": of_github, "gitlab": of_gitlab, "jenkins": of_jenkins}[system](text):
        lines = script.splitlines()
        kept = [
            line for line in lines if not re.match(r"\s*(pip |\. |python3 -m venv |git fetch |curl )", line)
        ]
        if any(line.strip() for line in kept) and "PRIVATE-TOKEN" not in script:
            yield "\n".join(kept)


def of_github(text: str) -> Iterator[str]:
    document: dict[str, Any] = yaml.safe_load(text)
    for job in document["jobs"].values():
        yield from (step["run"] for step in job["steps"] if "run" in step)


def of_gitlab(text: str) -> Iterator[str]:
    document: dict[str, Any] = yaml.safe_load(text)
    who = [line for line in document["release"]["before_script"] if line.startswith("git config")]
    for lines in (
        document["check"]["script"],
        document["difference"]["script"],
        [*who, *document["release"]["script"]],
    ):
        yield "\n".join(line for line in lines if "PRIVATE-TOKEN" not in line)


def of_jenkins(text: str) -> Iterator[str]:
    yield from re.findall(r"sh '''(.*?)'''", text, re.DOTALL)
