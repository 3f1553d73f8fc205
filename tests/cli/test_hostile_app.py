"""A stranger's app: whatever its files and folders are, a command ends soon, says why and does no harm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run
from tests.test_files import a_large_file

JVBUNDLER = (sys.executable, "-m", "jvbundler")
FILES = {
    "app.yaml": "JVB209 cannot read 'support/app.yaml': ",
    "deploy.yaml": "JVB100 'support/deploy.yaml' is ",
    ".env.example": "JVB209 cannot read 'support/.env.example': ",
    "requirements.txt": "JVB209 cannot read 'support/requirements.txt': ",
    "requirements.lock": "JVB209 cannot read 'support/requirements.lock': ",
    "agents/acme/helper/agent.yaml": "JVB209 cannot read 'support/agents/acme/helper/agent.yaml': ",
    "agents/acme/helper/actions/acme/act/info.yaml": (
        "JVB209 cannot read 'support/agents/acme/helper/actions/acme/act/info.yaml': "
    ),
}


@pytest.fixture
def quick(app: Path) -> Run:
    """Runs jvbundler above the app, with little time and 1 GiB of memory; nothing may be a bug of ours."""

    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-c", 'ulimit -v 1048576; exec "$@"', "-", *JVBUNDLER, *arguments],
            cwd=app.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1, 2, 3, 4), done.stderr
        return done

    return run


def put(app: Path, name: str, make: Callable[[Path], object]) -> None:
    path = app / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    make(path)


@pytest.mark.parametrize(("name", "message"), FILES.items(), ids=FILES)
def test_a_pipe_in_the_place_of_a_file_hangs_nothing(app: Path, quick: Run, name: str, message: str) -> None:
    put(app, name, os.mkfifo)
    for more in ([], ["--check"], ["support/."]):
        done = quick("render", "support", "--show-source", *more)
        assert done.returncode == 2
        assert f"{message}a pipe, not a file" in done.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_what_has_no_end_fills_no_memory(app: Path, quick: Run, name: str) -> None:
    put(app, name, lambda path: path.symlink_to("/dev/zero"))
    done = quick("render", "support")
    assert done.returncode == 2
    assert f"JVB207 'support/{name}' leads outside the app folder" in done.stderr


@pytest.mark.parametrize(("name", "message"), FILES.items(), ids=FILES)
def test_a_file_that_is_too_large_is_not_read(app: Path, quick: Run, name: str, message: str) -> None:
    put(app, name, a_large_file)
    done = quick("render", "support")
    assert done.returncode == 2
    size = "16 MiB" if name.endswith(".lock") else "1 MiB"
    shown = "JVB107 the file is " if name == "deploy.yaml" else message
    assert f"{shown}larger than {size}" in done.stderr


def test_a_deploy_yaml_may_lie_outside_only_where_it_is_named(app: Path, quick: Run) -> None:
    shared = app.parent / "shared.yaml"
    (app / "deploy.yaml").rename(shared)
    (app / "deploy.yaml").symlink_to(shared)
    done = quick("render", "support")
    assert done.returncode == 2
    assert (
        "JVB207 'support/deploy.yaml' leads outside the app folder (name the file itself, as in"
        in done.stderr
    )
    assert quick("render", "support", "-c", "support/deploy.yaml").returncode == 0


def test_an_edit_replaces_no_link(app: Path, quick: Run) -> None:
    (app / "real.yaml").write_text("environment: {A: b}\n")
    (app / "deploy.yaml").unlink()
    (app / "deploy.yaml").symlink_to("real.yaml")
    done = quick("env", "set", "k8s", "A=c", "--app", "support")
    assert done.returncode == 2
    assert "cannot edit 'support/deploy.yaml': a symbolic link; name the file itself with '-c'" in done.stderr
    assert (app / "deploy.yaml").is_symlink()
    assert (app / "real.yaml").read_text() == "environment: {A: b}\n"


@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("deploy.yaml", ["env", "set", "k8s", "A=b", "--app", "support"]),
        ("deploy.yaml", ["init", "support", "--force"]),
        ("Dockerfile", ["bundle", "support"]),
        (".dockerignore", ["bundle", "support"]),
    ],
)
def test_no_link_that_was_planted_beside_a_file_is_written_through(
    app: Path, quick: Run, file: str, arguments: list[str]
) -> None:
    victim = app.parent / "victim"
    victim.write_text("theirs")
    (app / f".{file}.jvbundler").symlink_to(victim)
    assert quick(*arguments).returncode == 0
    assert victim.read_text() == "theirs"
    assert (app / file).is_file()
    assert not (app / file).is_symlink()


def test_no_output_goes_through_a_link_on_the_way(app: Path, quick: Run) -> None:
    (app.parent / "elsewhere").mkdir()
    (app.parent / "link").symlink_to("elsewhere")
    for arguments in (
        ["render", "support", "-o", "link/sub"],
        ["render", "support", "-o", str(app.parent / "link" / "sub")],
        ["render", "support", "support/.", "-o", "link/sub"],
        ["templates", "eject", "docker/Dockerfile.j2", "link"],
    ):
        done = quick(*arguments)
        assert done.returncode == 3, arguments
        assert "link' is a symbolic link: give the folder that it points to" in done.stderr
    assert list((app.parent / "elsewhere").iterdir()) == []


def nest(top: Path, levels: int) -> None:
    """Folders whose path is longer than the system takes at once."""
    descriptor = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)


@pytest.mark.parametrize("where", ["", "agents", "agents/acme/helper", "deploy"])
def test_folders_are_nested_3000_deep(app: Path, quick: Run, where: str) -> None:
    (app / "deploy").mkdir()
    nest(app / where, 3000)
    try:
        for arguments in (["render", "support"], ["render", "support/."], ["bundle", "support"]):
            assert quick(*arguments).returncode == 0
        assert quick("render", "**").returncode in (0, 2)
    finally:
        # Python's own removal goes as deep as its calls.
        subprocess.run(["rm", "-rf", str(app)], check=True)


BYTES = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize("where", ["agents", "agents/acme", "agents/acme/helper/actions/acme", "."])
def test_a_folder_whose_name_is_not_utf_8(app: Path, quick: Run, where: str) -> None:
    folder = app / where / BYTES
    folder.mkdir(parents=True)
    (folder / "info.yaml").write_text("package: {name: acme/act, archetype: Act}\n")
    assert quick("render", "support").returncode == 0
    assert quick("render", "support", "support/.", "--check").returncode == 0


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_an_app_whose_name_is_not_utf_8(app: Path, quick: Run, form: str) -> None:
    shutil.move(app, app.parent / BYTES)
    done = quick("render", BYTES, "-o", f"out/{BYTES}", "--format", form)
    assert done.returncode == 0
    assert (app.parent / "out" / BYTES / "README.md").exists()
    assert quick("render", BYTES, "--check", "--format", form).returncode == 1
    (app.parent / BYTES / "deploy.yaml").write_text("k0: 1\n")
    assert quick("render", BYTES, "--format", form).returncode == 2


LONG = "a" * 300


@pytest.mark.parametrize(
    "line", [f"-r {LONG}", "-r \0", f"-r {'../' * 3000}x", f"--requirement={LONG}/{LONG}"], ids=repr
)
def test_an_include_that_no_file_can_be(app: Path, quick: Run, line: str) -> None:
    (app / "requirements.txt").write_text(f"{line}\n")
    assert quick("render", "support").returncode == 2


@pytest.mark.parametrize("option", ["-c", "-o", "--templates", "--jvagent", "-e"])
def test_an_option_that_no_file_can_be(app: Path, quick: Run, option: str) -> None:
    assert quick("render", "support", option, LONG).returncode in (2, 3)
    assert quick("render", LONG).returncode == 2


DEEP = "[" * 100_000
LOCKS = {
    "deep": DEEP,
    "deep in a field": f'{{"schema": 1, "inputs": {DEEP}',
    "a path that is no text": '{"schema": 1, "inputs": "x", "files": {"\\ud800": "a"}}',
    "a path that is too long": f'{{"schema": 1, "inputs": "x", "files": {{"{LONG}": "a"}}}}',
    "a number that is too long": f'{{"schema": {"9" * 5000}}}',
    "a journal of no text": '{"delete": ["\\ud800"], "write": {}, "folders": []}',
    "a journal of a path that is too long": f'{{"delete": ["{LONG}"], "write": {{}}, "folders": []}}',
}


@pytest.mark.parametrize("name", ["jvbundler.lock.json", ".jvbundler-journal.json"])
@pytest.mark.parametrize("text", LOCKS.values(), ids=LOCKS)
def test_a_lock_or_a_journal_that_a_stranger_wrote(app: Path, quick: Run, name: str, text: str) -> None:
    (app / "deploy").mkdir()
    (app / "deploy" / name).write_text(text)
    done = quick("render", "support")
    assert done.returncode == 3
    assert "support/deploy" in done.stderr
    assert quick("render", "support", "--check").returncode in (1, 3)


@pytest.mark.parametrize(
    "text",
    [
        "k0:\n",
        "lambda:\n  k0:\n",
        "kubernetes:\n  ingress:\n    rules:\n      - host: a.example\n        k0:\n",
        "secrets:\n  - name: A_KEY\n    k0:\n",
        "environments:\n  dev:\n    k0:\n",
        "environments:\n  dev:\n    lambda:\n      k0:\n",
    ],
)
def test_an_unknown_key_is_wrong_without_a_value_too(app: Path, quick: Run, text: str) -> None:
    (app / "deploy.yaml").write_text(text)
    done = quick("render", "support")
    assert done.returncode == 2
    line = len(text.splitlines())
    assert f"support/deploy.yaml:{line}:" in done.stderr
    assert "JVB104 unknown key 'k0'" in done.stderr


def test_a_known_key_and_a_variable_may_be_without_a_value(app: Path, quick: Run) -> None:
    (app / "deploy.yaml").write_text(
        "lambda:\n  tags:\n    anything:\nkubernetes:\nenvironment:\n  A:\necs:\n  k0:\n"
        "environments:\n  dev:\n    environment:\n      A:\n    image:\n      build:\n"
    )
    assert quick("render", "support").returncode == 0


@pytest.mark.parametrize("arguments", ["render", "render ../support", "validate", "init", "rules"])
def test_a_working_folder_that_is_gone(app: Path, arguments: str) -> None:
    script = f"mkdir gone; cd gone; rmdir ../gone; {' '.join(JVBUNDLER)} {arguments}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=app.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 2, 3), done.stderr
    assert "Traceback" not in done.stderr
