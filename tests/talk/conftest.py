"""The real jvagent with an app of its own scaffold, and the real `jvbundler` that talks to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from tests.app.conftest import jvagent
from tests.talk.provider import serving

__all__ = ["jvagent"]

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct-horse-battery"
SECRETS = {
    "JVAGENT_ADMIN_PASSWORD": PASSWORD,
    "JVSPATIAL_JWT_SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "OPENAI_API_KEY": "sk-of-the-stub",
}
Create = Callable[..., Path]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Running(NamedTuple):
    """An app, and where it answers."""

    folder: Path
    url: str


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="session")
def create(jvagent: Path, provider: str) -> Create:
    """Runs `jvagent app create` with its smallest profile; its model is the stub of provider.py."""

    def run(folder: Path, *agents: str) -> Path:
        words = [
            "--app-id",
            "acme_app",
            "--title",
            "Acme",
            "--description",
            "Made by a test",
            "--author",
            "me",
        ]
        words += ["--email", "me@acme.example", "--jvagent-version", "0.1.7", "--profile", "minimal", "--yes"]
        words += [word for agent in agents for word in ("--agent", agent)]
        argv = [str(jvagent), "app", "create", "--no-git", "--dir", str(folder), *words]
        subprocess.run(argv, check=True, capture_output=True)
        for file in folder.glob("agents/*/*/agent.yaml"):
            file.write_text(file.read_text().replace("https://api.openai.com/v1", f"{provider}/v1"))
        return folder

    return run


@pytest.fixture(scope="session")
def running(create: Create, jvagent: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An app with the agents acme/bot and acme/clerk, started as its user would, with its deploy.yaml."""
    work = tmp_path_factory.mktemp("talk")
    folder = create(work / "acme", "acme/bot", "acme/clerk")
    done = call("init", "acme", "--all", cwd=work)
    assert done.returncode == 0, done.stderr
    port = free_port()
    variables = {"JVAGENT_PORT": str(port), "JVAGENT_ADMIN_EMAIL": "me@acme.example", "HOME": str(work)}
    with (work / "log").open("w") as log:
        child = subprocess.Popen(
            [str(jvagent), "acme"],
            cwd=work,
            env={**os.environ, **SECRETS, **variables},
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        until_healthy(url, work / "log")
        yield Running(folder, url)
    finally:
        child.terminate()
        child.wait(20)


def until_healthy(url: str, log: Path, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urlopen(f"{url}/health", timeout=5):
                return
        except OSError:
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)


def call(
    *arguments: str, cwd: Path, typed: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`jvbundler …` without a terminal; no traceback may come out, and no password."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", *SECRETS)}
    done = subprocess.run(
        [sys.executable, "-m", "jvbundler", *arguments],
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(ROOT), **(env or {})},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    return done


@pytest.fixture
def jvbundler(running: Running) -> Run:
    """In the folder above the running app, with its secrets in the shell's variables."""

    def run(*arguments: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return call(*arguments, cwd=running.folder.parent, typed=typed, env={**SECRETS, **env})

    return run
