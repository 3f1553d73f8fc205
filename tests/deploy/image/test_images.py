"""`image set`, `promote` and `history`: images.yaml moves, and all that is rendered from it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.conftest import DIGEST, Run, Tools

NEW = "sha256:" + "12" * 32
REF = f"ghcr.io/acme/acme-support:1.3.0@{NEW}"
IMAGES = f"""\
# Whoever changes this deploys.
dev:
  kubernetes:
    repository: ghcr.io/acme/acme-support
    tag: 1.3.0  # {{"$imagepolicy": "flux-system:support:tag"}}
    digest: {NEW}
prod:
  kubernetes: {{repository: ghcr.io/acme/acme-support, tag: 1.2.3, digest: {DIGEST}}}  # since May
"""


@pytest.fixture
def app(app: Path) -> Path:
    """Without a digest in deploy.yaml: it is in images.yaml."""
    text = (app / "deploy.yaml").read_text()
    (app / "deploy.yaml").write_text(text.replace(f"image:\n  digest: {DIGEST}  # of the last push\n", ""))
    return app


@pytest.fixture
def images(app: Path) -> Path:
    (app / "images.yaml").write_text(IMAGES)
    return app / "images.yaml"


def manifest(app: Path, environment: str) -> str:
    return (app / f"deploy/kubernetes/rendered/{environment}/manifest.yaml").read_text()


def test_set_makes_the_file_and_renders(app: Path, jvbundler: Run) -> None:
    done = jvbundler("image", "set", "support", "-e", "dev", REF)
    assert done.returncode == 0, done.stderr
    assert "+ " + REF in done.stdout
    assert yaml.safe_load((app / "images.yaml").read_text()) == {
        "dev": {"kubernetes": {"repository": "ghcr.io/acme/acme-support", "tag": "1.3.0", "digest": NEW}}
    }
    assert f"image: {REF}\n" in manifest(app, "dev")
    assert "image: ghcr.io/acme/acme-support:1.2.3\n" in manifest(app, "prod")
    again = jvbundler("image", "set", "support", "-e", "dev", REF)
    assert again.stdout == "dev runs that already: nothing to change\n"


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["", "dry run"])
def test_what_a_render_would_refuse_is_not_written(app: Path, jvbundler: Run, more: tuple[str, ...]) -> None:
    with (app / "deploy.yaml").open("a") as file:
        file.write("lambda: {enabled: true, region: eu-central-1}\n")
    elsewhere = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/acme-support:1.3.0@{NEW}"
    done = jvbundler("image", "set", "support", "-e", "dev", "--platform", "lambda", elsewhere, *more)
    assert done.returncode == 2
    assert "support/images.yaml:" in done.stderr
    assert "JVB339 the repository is in us-east-1, the function in eu-central-1" in " ".join(
        done.stderr.split()
    )
    assert not (app / "images.yaml").exists()


def test_show_has_a_row_for_each_image(images: Path, jvbundler: Run) -> None:
    shown = jvbundler("image", "show", "support", "--offline").stdout.splitlines()
    assert [line.split()[:2] for line in shown] == [
        ["environment", "platform"],
        ["dev", "k8s"],
        ["prod", "k8s"],
    ]


def test_a_dry_run_and_no_render_leave_the_rest_alone(images: Path, jvbundler: Run) -> None:
    app, asked = images.parent, ("image", "set", "support", "-e", "dev", f"{REF[:-1]}0")
    shown = jvbundler(*asked, "--dry-run", "--json")
    assert json.loads(shown.stdout)["changes"][0]["after"]["digest"] == f"{NEW[:-1]}0"
    assert images.read_text() == IMAGES
    assert not (app / "deploy").exists()
    done = jvbundler(*asked, "--no-render")
    assert done.stdout.endswith("images.yaml: written\n")
    assert images.read_text() == IMAGES.replace(NEW, f"{NEW[:-1]}0", 1)
    assert not (app / "deploy").exists()


def test_promotion_moves_one_line_each_and_keeps_comments(images: Path, jvbundler: Run) -> None:
    done = jvbundler("image", "promote", "support", "--from", "dev", "--to", "prod", "--yes", "--offline")
    assert done.returncode == 0, done.stderr
    assert images.read_text() == IMAGES.replace("1.2.3", "1.3.0").replace(DIGEST, NEW)
    assert f"image: {REF}\n" in manifest(images.parent, "prod")


def test_a_protected_environment_is_asked_for(images: Path, jvbundler: Run) -> None:
    refused = jvbundler("image", "promote", "support", "--from", "dev", "--to", "prod", "--offline")
    assert refused.returncode == 2
    assert "environment 'prod' is protected: type its name to change its image" in refused.stderr
    assert images.read_text() == IMAGES


def test_only_the_version_moves_to_a_registry_of_its_own(images: Path, jvbundler: Run) -> None:
    own = IMAGES.replace("{repository: ghcr.io/acme/acme-support", "{repository: registry.example.com/prod")
    images.write_text(own)
    asked = ("image", "promote", "support", "--from", "dev", "--to", "prod", "--yes", "--offline")
    done = jvbundler(*asked, "--keep-repository")
    assert done.returncode == 0, done.stderr
    assert images.read_text() == own.replace("1.2.3", "1.3.0").replace(DIGEST, NEW)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "support", "-e", "dev", "ghcr.io/acme/x"), "has no tag"),
        (("set", "support", "-e", "dev", "Ghcr.io/ACME:1"), "is not the reference of an image"),
        (("set", "support", "-e", "dev", "x:1@sha256:12"), "is not the reference of an image"),
        (("set", "support", "x:1"), "which environment?"),
        (("set", "support", "-e", "dev", "--platform", "lambda", "x:1"), "lambda is not enabled in environ"),
        (("promote", "support", "--from", "dev", "--to", "prd"), "did you mean 'prod'?"),
        (
            ("promote", "support", "--from", "dev", "--to", "prod", "--platform", "lambda"),
            "nothing to promote",
        ),
        (("history", "support", "-e", "prd"), "did you mean 'prod'?"),
        (("history", "support"), "git has no history of"),
    ],
)
def test_what_cannot_be_done_is_said(images: Path, jvbundler: Run, words: tuple[str, ...], said: str) -> None:
    done = jvbundler("image", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert images.read_text() == IMAGES


def test_lambda_runs_what_is_in_ecr_alone(app: Path, jvbundler: Run) -> None:
    with (app / "deploy.yaml").open("a") as file:
        file.write("lambda: {enabled: true, region: eu-central-1}\n")
    both = jvbundler("image", "set", "support", "-e", "dev", REF)
    assert "environment 'dev' is on both platforms, whose images differ: add --platform" in both.stderr
    elsewhere = jvbundler("image", "set", "support", "-e", "dev", "--platform", "lambda", REF)
    assert "Lambda takes images from Amazon ECR only: 'ghcr.io/acme/acme-support' is none" in elsewhere.stderr
    ecr = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme-support:1.3.0@{NEW}"
    done = jvbundler("image", "set", "support", "-e", "dev", "--platform", "lambda", ecr)
    assert done.returncode == 0, done.stderr
    config = (app / "deploy/lambda/dev/samconfig.toml").read_text()
    assert f"ImageUri={ecr.replace(':1.3.0', '')}" in config


def test_a_push_writes_images_yaml_and_leaves_deploy_yaml_alone(
    images: Path, tools: Tools, jvbundler: Run
) -> None:
    before = (images.parent / "deploy.yaml").read_text()
    done = jvbundler("push", "support", "-e", "dev")
    assert done.returncode == 0, done.stderr
    pushed = "sha256:" + "cd" * 32
    assert images.read_text() == IMAGES.replace("1.3.0", "1.2.3").replace(NEW, pushed)
    assert (images.parent / "deploy.yaml").read_text() == before
    assert f"acme-support:1.2.3@{pushed}" in manifest(images.parent, "dev")


def test_a_preview_needs_no_file(images: Path, jvbundler: Run) -> None:
    done = jvbundler("render", "support", "-e", "dev", "--image", "ghcr.io/acme/preview:pr-7")
    assert done.returncode == 0, done.stderr
    assert "image: ghcr.io/acme/preview:pr-7\n" in manifest(images.parent, "dev")
    assert images.read_text() == IMAGES
    wrong = jvbundler("render", "support", "--image", "k9s=ghcr.io/acme/preview:pr-7")
    assert wrong.returncode == 2
    assert "--image: 'k9s' is no platform: write k8s=REF or lambda=REF" in wrong.stderr
    assert "is not an image" in jvbundler("render", "support", "--image", "ghcr.io/acme/preview").stderr


def test_history_says_who_moved_what_and_when(images: Path, jvbundler: Run) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=Ada\x1b[31m", "-c", "user.email=t@example.com")
        subprocess.run(["git", *who, *words], cwd=images.parent, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "First")
    images.write_text("nothing: [that, is, one\n")
    git("commit", "-qam", "A mistake")
    images.write_text(IMAGES.replace(DIGEST, NEW).replace("1.2.3", "1.3.0"))
    git("commit", "-qam", "Release 1.3.0 to prod")
    shown = jvbundler("image", "history", "support", "-e", "prod")
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert "Release 1.3.0 to prod (Ada\\u001b[31m)" in lines[0]
    assert lines[1] == f"  prod on k8s: nothing → ghcr.io/acme/acme-support:1.3.0@{NEW[:19]}"
    assert lines[3] == f"  prod on k8s: ghcr.io/acme/acme-support:1.2.3@{DIGEST[:19]} → nothing"
    document = json.loads(jvbundler("image", "history", "support", "--json", "-n", "1").stdout)
    (newest,) = document["changes"]
    assert (newest["subject"], newest["platform"]) == ("Release 1.3.0 to prod", "k8s")
