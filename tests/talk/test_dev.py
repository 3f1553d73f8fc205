"""`dev`: the app on this machine, started again when its files change, and gone at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.first_hour.desk import program
from tests.talk.conftest import PASSWORD, ROOT, SECRETS, Create, call, free_port
from tests.talk.provider import ANSWER, serving

SECONDS = 240


@contextmanager
def dev(work: Path, *words: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """`jvbundler dev acme …` and the file with all that it says."""
    said = work / "said"
    with said.open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "jvbundler", "dev", "acme", *words],
            cwd=work,
            env={**os.environ, "PYTHONPATH": str(ROOT), **SECRETS, **env},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield child, said
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(60)


def until(said: Path, holds: Callable[[str], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds(said.read_text()):
        assert time.monotonic() < end, said.read_text()
        time.sleep(0.2)


@pytest.fixture
def acme(create: Create, tmp_path: Path) -> Path:
    """An app of the scaffold, for both platforms."""
    folder = create(tmp_path / "acme", "acme/bot")
    assert call("init", "acme", "--all", cwd=tmp_path).returncode == 0
    return folder


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_without_an_engine_the_app_runs_with_the_packages_of_its_image(acme: Path, tmp_path: Path) -> None:
    port, before = free_port(), files(acme)
    url = f"http://127.0.0.1:{port}"
    variables = {"OPENAI_API_KEY": "key-of-this-shell", "A_SECRET_THAT_IS_NOT_LISTED": "x"}
    with dev(tmp_path, "--venv", "--port", str(port), **variables) as (child, said):
        until(said, lambda text: f"ready at {url}; Ctrl-C ends it\n" in text)
        assert f"in another terminal: jvbundler chat local acme --url {url}\n" in said.read_text()
        words = ("invoke", "local", "Hello", "acme", "--url", url, "--json")
        first = json.loads(call(*words, cwd=tmp_path, env=SECRETS).stdout)
        assert (first["agent"], first["answer"]) == ("acme/bot", ANSWER)

        # A mistake is told, and mended by the next change.
        deploy = (acme / "deploy.yaml").read_text()
        (acme / "deploy.yaml").write_text(f"{deploy}kubernetez: 1\n")
        until(said, lambda text: "JVB104" in text)
        (acme / "deploy.yaml").write_text(deploy)
        until(said, lambda text: text.count("ready at") == 2)
        # The session and the user have lasted.
        again = json.loads(call(*words, "--session", first["session"], cwd=tmp_path, env=SECRETS).stdout)
        assert (again["answer"], again["session"]) == (ANSWER, first["session"])

        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130
    text = said.read_text()
    assert "changed: acme/deploy.yaml; starting again\n" in text
    assert text.count("install the image's packages") == 1
    assert PASSWORD not in text
    assert "Traceback" not in text
    assert files(acme) == before, "the app stores nothing in its folder"
    gone = call(*words, cwd=tmp_path, env=SECRETS)
    assert (gone.returncode, "Connection refused" in gone.stderr) == (4, True)


def test_what_only_this_machine_has_is_said(acme: Path, tmp_path: Path) -> None:
    (acme / ".env").write_text("OPENAI_API_KEY=x\n")
    with dev(tmp_path, "--venv", "--port", str(free_port())) as (_, said):
        until(said, lambda text: "jvagent reads acme/.env as well, which is not in the image\n" in text)


def test_a_secret_that_is_not_set_is_named_at_once(acme: Path, tmp_path: Path) -> None:
    done = call("dev", "acme", "--venv", cwd=tmp_path)
    assert done.returncode == 2
    assert "set these variables first, the app reads its secrets from them: " in done.stderr
    assert all(name in done.stderr for name in SECRETS)


def test_what_is_served_there_already_is_not_taken_for_the_app(acme: Path, tmp_path: Path) -> None:
    stubs = program(tmp_path / "stubs", "docker", sys.executable, "-c", DOCKER)
    path = f"{stubs}{os.pathsep}{os.environ['PATH']}"
    with serving() as url:
        port = url.rpartition(":")[2]
        done = call("dev", "acme", "--port", port, cwd=tmp_path, env={**SECRETS, "PATH": path})
    assert done.returncode == 2
    assert f"port {port} of this machine is taken: choose another one with --port\n" in done.stderr


DOCKER = """\
import json, sys, time
from tests.first_hour.docker import main
open("docker.log", "a").write(json.dumps(sys.argv[1:]) + "\\n")
main(sys.argv[1:])
if sys.argv[1] == "run":
    print("the image runs", flush=True)
    time.sleep(600)
"""


def test_with_an_engine_the_image_is_built_and_run_again(acme: Path, tmp_path: Path) -> None:
    """A stub stands for the engine: this is about the order of the calls."""
    stubs = program(tmp_path / "stubs", "docker", sys.executable, "-c", DOCKER)
    path = f"{stubs}{os.pathsep}{os.environ['PATH']}"
    with dev(tmp_path, "--platform", "lambda", "--port", str(free_port()), PATH=path) as (_, said):
        until(said, lambda text: "the image runs" in text)
        (acme / "agents/acme/bot/README.md").write_text("Changed.\n")
        until(said, lambda text: text.count("the image runs") == 2)
    calls = [json.loads(line) for line in (tmp_path / "docker.log").read_text().splitlines()]
    verbs = [words[:2] for words in calls if words[:2] in (["buildx", "build"], ["run", "--rm"])]
    assert verbs == [["buildx", "build"], ["run", "--rm"]] * 2
    assert not any(PASSWORD in word for words in calls for word in words)
