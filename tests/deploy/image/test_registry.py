"""What the real `docker buildx imagetools` does and tells, with real registries on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jvbundler.deploy.execution import Execution, execute
from jvbundler.deploy.image.check import verify
from jvbundler.deploy.image.commands import ImageOptions, copy_commands
from jvbundler.deploy.image.promotion import Running
from jvbundler.deploy.operation import Operation, run
from jvbundler.deploy.release import load_release
from jvbundler.pipeline.request import Options
from jvbundler.project.model import Environment, Platform
from jvbundler.values.problem import ToolFailed
from jvbundler.values.reference import Reference
from tests.deploy.conftest import ROOT, Run, Tools
from tests.deploy.image.pushed import CREATED, manifest, push_image, push_index
from tests.deploy.registry import registry

APP = "acme/acme-support"


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with registry() as found:
        yield found


@pytest.fixture
def docker(tools: Tools, tmp_path: Path) -> dict[str, str]:
    """An environment whose docker has the plugin buildx, and nothing else: no engine is there."""
    plugin = shutil.which("buildx", path=str(ROOT / ".tools/bin"))
    if plugin is None:
        pytest.fail("'buildx' is missing: make tools")
    program = tools.folder / "bin" / "docker"
    program.write_text(f'#!/bin/sh\ntest "$1" = buildx || exit 1\nshift\nexec {plugin} "$@"\n')
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    home = {"HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path / ".docker")}
    return {**kept, **home, "PATH": f"{program.parent}:{os.environ['PATH']}"}


def environment(app: Path) -> Environment:
    with (app / "deploy.yaml").open("a") as file:
        file.write("lambda: {enabled: true, region: eu-central-1}\n")
    options = Options(environ={})
    return load_release(app, "support", options, targets=("docker",), environment="dev").environment


def both_platforms(app: Path) -> None:
    text = (app / "deploy.yaml").read_text()
    platforms = "  build: {platform: [linux/amd64, linux/arm64]}\n"
    (app / "deploy.yaml").write_text(text.replace("image:\n", f"image:\n{platforms}"))


def test_lambda_gets_one_image_of_the_index_as_it_is_and_no_attestation(
    app: Path, host: str, docker: dict[str, str]
) -> None:
    both_platforms(app)
    chosen = environment(app)
    pushed = push_index(host, APP, "1.2.3", "amd64", "arm64")
    with registry() as other:
        commands = copy_commands(chosen, f"{host}/{APP}", f"{other}/lambda", ImageOptions(tags=("latest",)))
        find, copy, check = commands
        execution = Execution(docker, lambda event: None)
        found = json.loads(execute(find.with_digests({"DIGEST": pushed}), execution).text)
        (own,) = [
            one["digest"]
            for one in found["manifests"]
            if one["platform"] == {"architecture": "amd64", "os": "linux"}
        ]
        for command in (copy, check):
            execute(command.with_digests({"DIGEST": pushed, "DIGEST_FOR_LAMBDA": own}), execution)
        for tag in ("1.2.3", "latest", own):
            copied = manifest(other, "lambda", tag)
            assert "manifests" not in copied, "an index, which Lambda refuses"
            assert copied == manifest(host, APP, own), "the same layers, byte for byte"


def test_a_push_records_both_digests(app: Path, host: str, docker: dict[str, str]) -> None:
    """The run of the operation, from the digest that the build reports."""
    environment(app)
    release = load_release(app, "support", Options(environ={}), targets=("docker",), environment="dev")
    pushed = push_index(host, APP, "1.2.3", "amd64")
    with registry() as other:
        find, copy, check = copy_commands(
            release.environment, f"{host}/{APP}", f"{other}/lambda", ImageOptions()
        )
        known = find._replace(argv=tuple(word.replace("@DIGEST", f"@{pushed}") for word in find.argv))
        seen: dict[str, str] = {}
        run(
            Operation((known, copy, check)),
            release,
            Execution(docker, lambda event: None),
            read=lambda command, done: seen.update({command.reason: done.text}),
        )
        assert (
            json.loads(seen[check.reason])["digest"] == manifest(host, APP, pushed)["manifests"][0]["digest"]
        )


@pytest.mark.parametrize(
    ("tag", "platform", "push", "architecture", "wrong"),
    [
        ("a", "kubernetes", push_index, "amd64", ()),
        ("b", "lambda", push_image, "amd64", ()),
        ("c", "kubernetes", push_index, "arm64", ("it is for linux/arm64, not for linux/amd64",)),
        (
            *("d", "lambda", push_index, "amd64"),
            ("it is an index, which Lambda refuses: name the image in it",),
        ),
    ],
)
def test_an_image_has_to_be_for_its_platform(
    app: Path,
    host: str,
    docker: dict[str, str],
    tag: str,
    platform: Platform,
    push: Callable[..., str],
    architecture: str,
    wrong: tuple[str, ...],
) -> None:
    digest = push(host, APP, tag, architecture)
    running = Running("dev", platform, Reference(f"{host}/{APP}", tag, digest))
    assert verify(environment(app), running, docker).wrong == wrong


def test_a_tag_that_was_moved_and_an_image_that_is_gone_are_told(
    app: Path, host: str, docker: dict[str, str]
) -> None:
    chosen = environment(app)
    first = push_index(host, APP, "moved", "amd64", revision="one")
    second = push_index(host, APP, "moved", "amd64", revision="two")
    image = Reference(f"{host}/{APP}", "moved", first)
    assert verify(chosen, Running("dev", "kubernetes", image), docker).wrong == (
        f"the tag moved is another image by now: {second}",
    )
    gone = image._replace(digest=f"sha256:{'0' * 64}")
    (why,) = verify(chosen, Running("dev", "kubernetes", gone), docker).wrong
    assert why.endswith("not found"), why
    (why,) = verify(chosen, Running("dev", "kubernetes", image._replace(digest="")), docker).wrong
    assert why == "it has no digest: the tag may be moved to another image"


def test_show_has_the_time_of_the_build_and_verify_an_exit_code(
    app: Path, host: str, docker: dict[str, str], jvbundler: Run
) -> None:
    digest = push_index(host, APP, "1.2.3", "amd64")
    (app / "images.yaml").write_text(
        f"dev: {{kubernetes: {{repository: {host}/{APP}, tag: 1.2.3, digest: {digest}}}}}\n"
    )
    own = {name: docker[name] for name in ("HOME", "DOCKER_CONFIG")}
    shown = jvbundler("image", "show", "support", "-e", "dev", **own)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[1].split() == [
        *("dev", "k8s", f"{host}/{APP}", "1.2.3", digest[:19], "2026-11-01", "08:30"),
    ]
    document = json.loads(jvbundler("image", "show", "support", "-e", "dev", "--json", **own).stdout)
    assert document["images"][0]["built"] == CREATED
    offline = jvbundler("image", "show", "support", "-e", "dev", "--offline", **own).stdout
    assert "08:30" not in offline
    good = jvbundler("image", "verify", "support", "-e", "dev", **own)
    assert (good.returncode, good.stdout.split()[0]) == (0, "ok"), good.stdout
    bad = jvbundler("image", "verify", "support", "--json", **own)
    assert bad.returncode == 1
    found = {one["environment"]: one for one in json.loads(bad.stdout)["images"]}
    assert found["dev"]["ok"]
    assert found["prod"]["wrong"], "there is no such registry"


def test_a_promotion_shows_the_commits_between_the_images(
    app: Path, host: str, docker: dict[str, str], jvbundler: Run
) -> None:
    def git(*words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        argv = ["git", *who, *words]
        return subprocess.run(argv, cwd=app, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "First")
    old = git("rev-parse", "--short=12", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "Answer in French")
    git("commit", "-q", "--allow-empty", "-m", "Be shorter")
    new = git("rev-parse", "--short=12", "HEAD")
    ran = push_index(host, APP, "1.2.3", "amd64", revision=old)
    next_ = push_index(host, APP, "1.3.0", "amd64", revision=new)
    (app / "images.yaml").write_text(
        f"dev: {{kubernetes: {{repository: {host}/{APP}, tag: 1.3.0, digest: {next_}}}}}\n"
        f"prod: {{kubernetes: {{repository: {host}/{APP}, tag: 1.2.3, digest: {ran}}}}}\n"
    )
    own = {name: docker[name] for name in ("HOME", "DOCKER_CONFIG")}
    done = jvbundler("image", "promote", "support", "--from", "dev", "--to", "prod", "--dry-run", **own)
    assert done.returncode == 0, done.stderr
    subjects = [line.split(" ", 1)[1] for line in done.stdout.partition("commits:\n")[2].split("    ")[1:]]
    assert [subject.strip() for subject in subjects] == ["Be shorter", "Answer in French"]


def test_what_is_no_description_is_a_failure_of_the_tool(tools: Tools, host: str) -> None:
    from jvbundler.deploy.image.registry import inspect

    tools.put("docker")
    (tools.folder / "answers.json").write_text(json.dumps([{"has": ["imagetools"], "stdout": "[]"}]))
    path = f"{tools.folder / 'bin'}:{os.environ['PATH']}"
    with pytest.raises(ToolFailed, match="did not describe an image"):
        inspect(f"{host}/{APP}:1", {"PATH": path})
