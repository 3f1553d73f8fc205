"""`build`, `push`, `run`, and the image steps of a deployment, with a docker that records its argv."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.deploy.conftest import DIGEST, Run, Tools

PUSHED = "sha256:" + "cd" * 32
BUILD = ["docker", "buildx", "build", "--progress=plain", "--file", "support/deploy/docker/Dockerfile"]
FOR_LAMBDA = "sha256:" + "ef" * 32
IMAGETOOLS = ("docker", "buildx", "imagetools")
AMD64 = ["--platform", "linux/amd64"]


def builds(tools: Tools) -> list[list[str]]:
    return [call["argv"] for call in tools.calls() if call["argv"][1:3] == ["buildx", "build"]]


def with_lambda(app: Path, account: str = '"123456789012"') -> None:
    text = (app / "deploy.yaml").read_text()
    more = f"lambda:\n  enabled: true\n  region: eu-central-1\n  account_id: {account}\n"
    (app / "deploy.yaml").write_text(f"{text}{more}")


def test_a_build_is_loaded_into_docker(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("build", "support", "-e", "dev", "--tag", "nightly", "--latest", "--builder", "big")
    assert done.returncode == 0, done.stderr
    name = "ghcr.io/acme/acme-support"
    assert builds(tools) == [
        [
            *("docker", "buildx", "build", "--progress=plain", "--builder", "big"),
            *("--file", "support/deploy/docker/Dockerfile", *AMD64, "--provenance=false", "--sbom=false"),
            *("--tag", f"{name}:1.2.3", "--tag", f"{name}:nightly", "--tag", f"{name}:latest"),
            *("--load", "support"),
        ]
    ]


def test_a_push_for_kubernetes_attests_and_its_digest_is_deployed_next(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    done = jvbundler(
        "push", "support", "-e", "dev", "--cache-from", "type=gha", "--cache-to", "type=gha,mode=max"
    )
    assert (done.returncode, done.stdout) == (0, f"digest: {PUSHED}\n"), done.stderr
    (argv,) = builds(tools)
    assert [word for word in argv if "provenance" in word or "sbom" in word] == [
        "--provenance=mode=max",
        "--sbom=true",
    ]
    assert argv[-2:] == ["--push", "support"]
    assert argv[8:12] == ["--cache-from", "type=gha", "--cache-to", "type=gha,mode=max"]
    text = (rendered / "deploy.yaml").read_text()
    assert f"  dev:\n    image:\n      digest: {PUSHED}\n" in text
    assert f"digest: {DIGEST}  # of the last push" in text
    manifests = rendered / "deploy/kubernetes/rendered"
    assert f"acme-support:1.2.3@{PUSHED}" in (manifests / "dev/manifest.yaml").read_text()
    assert f"acme-support:1.2.3@{DIGEST}" in (manifests / "prod/manifest.yaml").read_text()
    assert jvbundler("render", "support", "--check").returncode == 0


def test_lambda_gets_a_copy_of_its_image_in_what_the_cluster_gets(
    app: Path, tools: Tools, jvbundler: Run
) -> None:
    with_lambda(app)
    tools.put("aws")
    tools.answer("get-login-password", stdout="token-of-ecr")
    aws_answers(tools)
    index_answer(tools)
    shown = jvbundler("push", "support", "-e", "dev", "--dry-run").stdout
    done = jvbundler("push", "support", "-e", "dev")
    assert done.returncode == 0, done.stderr
    host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
    (login,) = (call for call in tools.calls() if call["argv"][:2] == ["docker", "login"])
    assert login == {
        "argv": ["docker", "login", "--username", "AWS", "--password-stdin", host],
        "stdin": "token-of-ecr",
    }
    (argv,) = builds(tools)
    assert argv[8:10] == ["--provenance=mode=max", "--sbom=true"]
    source, target = "ghcr.io/acme/acme-support", f"{host}/acme-support"
    assert [w for w in argv if ":1.2.3" in w] == [f"{source}:1.2.3"]
    ran = [call["argv"] for call in tools.calls() if "imagetools" in call["argv"]]
    assert ran == [
        [*IMAGETOOLS, "inspect", f"{source}@{PUSHED}", "--format", "{{json .Manifest}}"],
        [
            *(*IMAGETOOLS, "create", "--prefer-index=false", "--tag", f"{target}:1.2.3"),
            f"{source}@{FOR_LAMBDA}",
        ],
        [*IMAGETOOLS, "inspect", f"{target}@{FOR_LAMBDA}", "--format", "{{json .Manifest}}"],
    ]
    assert f"--tag {target}:1.2.3 {source}@DIGEST_FOR_LAMBDA\n" in shown
    assert "token-of-ecr" not in done.stderr
    text = (app / "deploy.yaml").read_text()
    own = f"registry:\n        digest: {PUSHED}\n    lambda:\n      ecr:\n        digest: {FOR_LAMBDA}\n"
    assert f"  dev:\n    kubernetes:\n      {own}" in text
    assert f"acme-support@{FOR_LAMBDA}" in (app / "deploy/lambda/dev/samconfig.toml").read_text()


def test_without_attestations_both_registries_get_the_same_image(
    app: Path, tools: Tools, jvbundler: Run
) -> None:
    with_lambda(app)
    tools.put("aws")
    tools.answer("get-login-password", stdout="token-of-ecr")
    aws_answers(tools)
    done = jvbundler("push", "support", "-e", "dev", "--no-attestations")
    assert done.returncode == 0, done.stderr
    (argv,) = builds(tools)
    assert [w.partition(".")[0] for w in argv if ":1.2.3" in w] == ["ghcr", "123456789012"]
    assert f"  dev:\n    image:\n      digest: {PUSHED}\n" in (app / "deploy.yaml").read_text()


def test_an_image_that_has_nothing_for_the_function_is_a_failure(
    app: Path, tools: Tools, jvbundler: Run
) -> None:
    with_lambda(app)
    tools.put("aws")
    tools.answer("get-login-password", stdout="token-of-ecr")
    aws_answers(tools)
    tools.answer("imagetools", "inspect", stdout='{"manifests": []}')
    before = (app / "deploy.yaml").read_text()
    done = jvbundler("push", "support", "-e", "dev")
    assert done.returncode == 4
    assert "the pushed image has 0 images for linux/amd64, not one" in done.stderr
    assert (app / "deploy.yaml").read_text() == before


def index_answer(tools: Tools) -> None:
    """An index with an image for each of two platforms, and what attests to them."""
    parts = [("arm64", "linux", "ab"), ("amd64", "linux", "ef"), ("unknown", "unknown", "01")]
    manifests = [
        {"digest": f"sha256:{byte * 32}", "platform": {"architecture": architecture, "os": system}}
        for architecture, system, byte in parts
    ]
    tools.answer("imagetools", "inspect", stdout=json.dumps({"digest": PUSHED, "manifests": manifests}))


def aws_answers(tools: Tools) -> None:
    """An account without a repository."""
    tools.answer("--version", stdout="aws-cli/2.27.0\n")
    tools.answer("get-caller-identity", stdout='{"Account": "123456789012"}')
    tools.answer("describe-repositories", stderr="RepositoryNotFoundException\n", code=254)


def test_the_repository_of_lambda_is_made_before_the_push(app: Path, tools: Tools, jvbundler: Run) -> None:
    with_lambda(app)
    tools.put("aws")
    aws_answers(tools)
    index_answer(tools)
    asked = ("push", "support", "-e", "dev")
    shown = [line.split() for line in jvbundler(*asked, "--dry-run").stdout.splitlines() if line[:3] == "aws"]
    done = jvbundler(*asked)
    assert done.returncode == 0, done.stderr
    ran = [call["argv"] for call in tools.calls()]
    (made,) = (argv for argv in ran if argv[:3] == ["aws", "cloudformation", "deploy"])
    assert made == shown[0]
    assert "support/deploy/lambda/dev/repository.yaml" in made
    assert ran.index(made) < ran.index(builds(tools)[0])


def test_without_aws_a_push_to_lambda_is_not_begun(app: Path, tools: Tools, jvbundler: Run) -> None:
    with_lambda(app)
    done = jvbundler("push", "support", "-e", "dev", PATH=str(tools.folder / "bin"))
    assert done.returncode == 4
    assert "aws: is not on PATH" in done.stderr
    assert builds(tools) == []


def test_a_digest_by_variable_stays_the_users(app: Path, tools: Tools, jvbundler: Run) -> None:
    text = (app / "deploy.yaml").read_text().replace(f"digest: {DIGEST}", "digest: ${IMAGE_DIGEST:-}")
    text = text.replace(
        "environments:\n  dev: {}\n", "environments:\n  dev: {image: {digest: '${IMAGE_DIGEST:-}'}}\n"
    )
    (app / "deploy.yaml").write_text(text)
    done = jvbundler("push", "support", "-e", "dev")
    assert done.returncode == 0, done.stderr
    assert (app / "deploy.yaml").read_text() == text


def test_credentials_by_variable_go_through_standard_input(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    flags = ("--registry-user-env", "CI_USER", "--registry-password-env", "CI_PASS")
    missing = jvbundler("push", "support", "-e", "dev", *flags)
    assert missing.returncode == 2
    assert "CI_USER, CI_PASS must be set" in missing.stderr
    shown = jvbundler("push", "support", "-e", "dev", *flags, "--dry-run").stdout
    assert 'printf %s "$CI_PASS" | docker login --username "$CI_USER" --password-stdin ghcr.io\n' in shown
    done = jvbundler("push", "support", "-e", "dev", *flags, "-v", CI_USER="robot", CI_PASS="s3cret-word")
    assert done.returncode == 0, done.stderr
    (login,) = (call for call in tools.calls() if call["argv"][:2] == ["docker", "login"])
    assert (login["argv"][3], login["stdin"]) == ("robot", "s3cret-word")
    assert "s3cret-word" not in done.stdout + done.stderr


def test_a_builder_that_cannot_attest_is_found_out_first(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("buildx", "inspect", stdout="Name: default\nDriver: docker\n")
    done = jvbundler("push", "support", "-e", "dev")
    assert done.returncode == 4
    assert "the default builder: supports no attestations and only one platform" in done.stderr
    assert builds(tools) == []
    assert jvbundler("push", "support", "-e", "dev", "--no-attestations").returncode == 0
    tools.answer("info", "--format", stdout="[[driver-type io.containerd.snapshotter.v1]]\n")
    assert jvbundler("push", "support", "-e", "dev").returncode == 0


def test_an_engine_that_does_not_run_is_told_with_the_way_out(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    words = (
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"
    )
    tools.answer("version", "--format", stderr=words, code=1)
    done = jvbundler("build", "support", "-e", "dev")
    assert done.returncode == 4
    assert "to fix it: start Docker" in done.stderr


def test_an_image_without_a_registry_is_not_pushed_to_docker_hubs_own(
    app: Path, tools: Tools, jvbundler: Run
) -> None:
    text = (app / "deploy.yaml").read_text().replace("  registry:\n    url: ghcr.io/acme\n", "")
    (app / "deploy.yaml").write_text(text)
    done = jvbundler("push", "support", "-e", "dev")
    assert done.returncode == 2
    assert "the image 'acme-support' has no registry" in done.stderr


def test_a_push_without_a_digest_is_a_failure(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("--metadata-file", metadata="not json")
    before = (rendered / "deploy.yaml").read_text()
    done = jvbundler("push", "support", "-e", "dev")
    assert done.returncode == 4
    assert "did not report the digest" in done.stderr
    assert (rendered / "deploy.yaml").read_text() == before


def test_the_commit_is_a_tag_where_everything_is_committed(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    def git(*words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        argv = ["git", *who, *words]
        return subprocess.run(argv, cwd=rendered, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "--short=12", "HEAD")
    jvbundler("build", "support", "-e", "dev")
    assert f"ghcr.io/acme/acme-support:{commit}" in builds(tools)[0]
    assert f"org.opencontainers.image.revision={commit}" in builds(tools)[0]
    (rendered / "more.py").write_text("")
    jvbundler("build", "support", "-e", "dev")
    assert not [word for word in builds(tools)[1] if commit in word]


def test_a_deployment_of_everything_builds_pushes_and_applies_that_digest(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    done = jvbundler("deploy", "k8s", "support", "-e", "dev", "--all")
    assert done.returncode == 0, done.stderr
    assert f"image: ghcr.io/acme/acme-support:1.2.3@{PUSHED}" in done.stdout
    order = [call["argv"][0] for call in tools.calls() if "build" in call["argv"] or "apply" in call["argv"]]
    assert order == ["docker", "kubectl", "kubectl"]
    only = jvbundler("deploy", "k8s", "support", "-e", "dev", "--build", "--dry-run").stdout
    assert "--load" in only
    assert "kubectl" not in only


def test_a_deployment_needs_nothing_of_the_other_platform(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    """Neither the account of Lambda nor its tools: only the cluster's registry is pushed to."""
    with_lambda(rendered, '""')
    assert jvbundler("render", "support").returncode == 0
    done = jvbundler("deploy", "k8s", "support", "-e", "dev", "--all")
    assert done.returncode == 0, done.stderr
    (argv,) = builds(tools)
    assert [word for word in argv if "/acme" in word] == ["ghcr.io/acme/acme-support:1.2.3"]
    assert "--sbom=true" in argv
    assert not [call for call in tools.calls() if call["argv"][0] in ("aws", "sam")]
    text = (rendered / "deploy.yaml").read_text()
    assert f"  dev:\n    kubernetes:\n      registry:\n        digest: {PUSHED}\n" in text
    manifest = (rendered / "deploy/kubernetes/rendered/dev/manifest.yaml").read_text()
    assert f"acme-support:1.2.3@{PUSHED}" in manifest


def test_a_push_to_all_registries_replaces_the_digest_of_a_single_one(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    with_lambda(rendered)
    tools.put("aws")
    tools.answer("get-login-password", stdout="token-of-ecr")
    aws_answers(tools)
    own = f"dev:\n    kubernetes:\n      registry:\n        digest: {DIGEST}\n"
    text = (rendered / "deploy.yaml").read_text().replace("dev: {}\n", own)
    (rendered / "deploy.yaml").write_text(text)
    assert jvbundler("render", "support").returncode == 0
    done = jvbundler("push", "support", "-e", "dev", "--no-attestations")
    assert done.returncode == 0, done.stderr
    assert (rendered / "deploy.yaml").read_text().count(PUSHED) == 2
    manifest = (rendered / "deploy/kubernetes/rendered/dev/manifest.yaml").read_text()
    assert f"acme-support:1.2.3@{PUSHED}" in manifest


def test_the_image_runs_here_as_a_pod_runs_it(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    missing = jvbundler("run", "support", "-e", "dev")
    assert missing.returncode == 2
    assert "JVAGENT_ADMIN_PASSWORD, JVSPATIAL_JWT_SECRET_KEY, OPENAI_API_KEY" in missing.stderr
    names = ("JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY", "OPENAI_API_KEY")
    tools.answer("run", stdout="Uvicorn running\n")
    done = jvbundler("run", "support", "-e", "dev", "--port", "9000", **dict.fromkeys(names, "hush-hush"))
    assert (done.returncode, done.stdout) == (0, "Uvicorn running\n")
    argv = tools.calls()[-1]["argv"]
    assert argv[:2] == ["docker", "run"]
    for words in (["--publish", "127.0.0.1:9000:8080"], ["--user", "10001:10001"], ["--cap-drop", "ALL"]):
        assert " ".join(words) in " ".join(argv)
    assert "--read-only" in argv
    assert "OPENAI_API_KEY" in argv
    assert "hush-hush" not in json.dumps(tools.calls())


def test_the_image_runs_here_without_an_optional_secret(app: Path, tools: Tools, jvbundler: Run) -> None:
    text = (app / "deploy.yaml").read_text()
    optional = "secrets:\n  - {name: SERPER_API_KEY, from: TEAM_SERPER_KEY, optional: true}\n"
    (app / "deploy.yaml").write_text(text.replace("secrets:\n", optional))
    assert jvbundler("render", "support").returncode == 0
    names = ("JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY", "OPENAI_API_KEY")
    tools.answer("run", stdout="Uvicorn running\n")
    done = jvbundler("run", "support", "-e", "dev", **dict.fromkeys(names, "hush-hush"))
    assert (done.returncode, done.stdout) == (0, "Uvicorn running\n")


def test_doctor_shows_what_is_there_and_what_is_not(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("doctor", "support", "-e", "dev")
    assert done.returncode == 0, done.stdout
    assert "ok      docker buildx: 0.21.2\n" in done.stdout
    assert "ok      cluster 'test-cluster': may deploy to namespace 'acme'\n" in done.stdout
    tools.answer("auth", "can-i", stdout="no\n", code=1)
    bad = jvbundler("doctor", "support", "-e", "dev", "--json")
    assert bad.returncode == 4
    assert [c["name"] for c in json.loads(bad.stdout)["checks"] if not c["ok"]] == ["cluster 'test-cluster'"]
    assert "MISSING sam: is not on PATH" in jvbundler("doctor", "nowhere").stdout
