"""requirements.lock: what makes it stale, and a command that the real uv accepts."""

from __future__ import annotations

import subprocess

import pytest
from uv import find_uv_bin

from jvbundler.app.load import load_app
from jvbundler.app.pip.requirements_lock import (
    is_current,
    lock_command,
    lock_digest,
    lock_input,
    lock_problem,
    lock_text,
)
from jvbundler.values.problem import Place
from tests.app.conftest import Write


def digest(*specs: str, python: str = "3.12", jvagent: str = "0.1.7", platforms: tuple[str, ...] = ()) -> str:
    return lock_digest(
        specs, python_version=python, jvagent_version=jvagent, platforms=platforms or ("linux/amd64",)
    )


def test_what_the_digest_depends_on() -> None:
    same = digest("a>=1", "b")
    assert same == digest("b", "a>=1", "b") == digest("a>=1", "b", platforms=("x86_64",))
    others = {
        digest("a>=2", "b"),
        digest("a>=1", "b", python="3.13"),
        digest("a>=1", "b", jvagent="0.1.6"),
        digest("a>=1", "b", platforms=("linux/amd64", "linux/arm64")),
    }
    assert same not in others
    assert len(others) == 4


def test_a_lock_is_current_until_an_input_changes(write: Write) -> None:
    written = lock_text("a==1 \\\n    --hash=sha256:00\n", digest("a"))
    root = write({"app.yaml": "app: demo\n", "requirements.lock": written})
    app, problems = load_app(root, "myapp", jvagent_version="0.1.7")

    assert not problems
    assert app is not None
    assert is_current(app.lock, digest("a"))
    assert lock_problem(app.lock, digest("a")) is None
    stale = lock_problem(app.lock, digest("a", "b"))
    assert stale is not None
    assert (stale.rule, stale.severity, stale.place) == (
        "JVB210",
        "error",
        Place("myapp/requirements.lock", 1, 1),
    )


def test_a_lock_of_somebody_else(write: Write) -> None:
    app, _ = load_app(
        write({"app.yaml": "app: demo\n", "requirements.lock": "a==1\n"}), ".", jvagent_version="0.1.7"
    )
    assert app is not None
    problem = lock_problem(app.lock, digest("a"))
    assert problem is not None
    assert problem.message == "'requirements.lock' is not ours"
    assert lock_problem(None, digest("a")) is None


@pytest.mark.parametrize(
    ("line", "specifier"),
    [
        ("jvspatial==0.1.1 \\\n    --hash=sha256:0", "==0.1.1"),
        ("jvspatial[lambda,postgres]==0.2.2 ; python_version >= '3.10'", "==0.2.2"),
        ("jvspatial-tools==1.0", "==0.0.17"),
    ],
)
def test_the_lock_decides_which_jvspatial_it_is(line: str, specifier: str, write: Write) -> None:
    files = {"app.yaml": "agents: []\njvagent: ~0.1.7\n", "requirements.lock": f"httpx==0.28.1\n{line}\n"}
    app, _ = load_app(write(files), "app")
    assert app is not None
    assert app.jvspatial == specifier


def test_the_command_for_one_platform_and_for_two() -> None:
    one = lock_command(python_version="3.12", platforms=["linux/arm64"])
    assert one == [
        "uv", "pip", "compile", "-", "--generate-hashes", "--no-header", "--quiet",
        "--python-version", "3.12", "--python-platform", "aarch64-unknown-linux-gnu",
    ]  # fmt: skip
    assert lock_command(python_version="3.12", platforms=["linux/arm64", "linux/amd64"])[-1] == "--universal"


@pytest.mark.parametrize("platforms", [["linux/amd64"], ["arm64"], ["linux/amd64", "linux/arm64"]])
def test_uv_accepts_it(platforms: list[str]) -> None:
    argv = lock_command(python_version="3.12", platforms=platforms, uv=find_uv_bin())
    ran = subprocess.run(
        [*argv, "--offline"], input=lock_input([]), capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
