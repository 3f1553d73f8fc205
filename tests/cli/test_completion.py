"""Shell completion: click's protocol in a process, as the script of a shell speaks it, and a real bash."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run


def offered(jvbundler: Run, line: str, cwd: Path) -> list[str]:
    """What bash gets for the last word of the line."""
    words = line.split(" ")
    done = jvbundler(
        cwd=cwd,
        _JVBUNDLER_COMPLETE="bash_complete",
        COMP_WORDS=line,
        COMP_CWORD=str(len(words) - 1),
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [item.partition(",")[2] for item in done.stdout.splitlines() if item]


@pytest.mark.parametrize(
    ("line", "items"),
    [
        ("jvbundler dep", ["deploy"]),
        ("jvbundler deploy ", ["k8s", "lambda"]),
        ("jvbundler render --target ", ["docker", "lambda", "k8s", "gitops"]),
        ("jvbundler render support -e ", ["dev", "prod"]),
        ("jvbundler deploy k8s support -e p", ["prod"]),
        ("jvbundler deploy support -e p", ["prod"]),
        ("jvbundler env list k8s support -e ", ["dev", "prod"]),
        ("jvbundler render -c support/deploy.yaml -e d", ["dev"]),
        ("jvbundler diff support --from ", ["dev", "prod"]),
        ("jvbundler explain lambda.function.m", ["lambda.function.memory"]),
        ("jvbundler render support --set image.t", ["image.tag="]),
        ("jvbundler rules JVB21", ["JVB210", "JVB211", "JVB212", "JVB213"]),
        ("jvbundler templates show docker/Dockerfile.j", ["docker/Dockerfile.j2"]),
        ("jvbundler completion ", ["bash", "zsh", "fish"]),
        # Nothing, and no message: the app cannot be known.
        ("jvbundler render nowhere -e ", []),
    ],
)
def test_what_a_shell_offers(app: Path, jvbundler: Run, line: str, items: list[str]) -> None:
    assert offered(jvbundler, line, app.parent) == items


def test_a_broken_deploy_yaml_offers_nothing(app: Path, jvbundler: Run) -> None:
    for text in ("environments: [\n", "environments: 3\n", "environments: {'$(id)': {}}\n", ""):
        (app / "deploy.yaml").write_text(text)
        assert offered(jvbundler, "jvbundler render support -e ", app.parent) == []


def test_the_working_folder_is_the_app_if_none_is_named(app: Path, jvbundler: Run) -> None:
    assert offered(jvbundler, "jvbundler deploy -e ", app) == ["dev", "prod"]
    assert "render" in offered(jvbundler, "jvbundler ", app)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(jvbundler: Run, shell: str) -> None:
    done = jvbundler("completion", shell)
    assert done.returncode == 0
    assert f"_JVBUNDLER_COMPLETE={shell}_complete" in done.stdout


def test_a_real_bash_completes(app: Path, jvbundler: Run) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    program = app.parent / "bin" / "jvbundler"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m jvbundler "$@"\n')
    program.chmod(0o755)
    script = """
eval "$(jvbundler completion bash)"
COMP_WORDS=(jvbundler render support -e p) COMP_CWORD=4
_jvbundler_completion jvbundler
echo "${COMPREPLY[@]}"
"""
    done = subprocess.run(
        [bash, "-c", script],
        cwd=app.parent,
        env={"PATH": f"{program.parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("prod\n", "")
