"""`render`, `render --check` and `render --stdout`, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jvbundler.output.writer_lock import only_writer
from tests.cli.conftest import ROOT, Run


def test_a_render_is_current_until_something_changes(app: Path, jvbundler: Run) -> None:
    done = jvbundler("render", "support")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("support/deploy/: ")
    assert (app / "deploy" / "docker" / "Dockerfile").exists()
    assert jvbundler("render", "--check", cwd=app).returncode == 0
    assert ", 0 " not in jvbundler("render", cwd=app).stdout
    (app / "app.yaml").write_text((app / "app.yaml").read_text().replace("1.2.0", "1.3.0"))
    check = jvbundler("render", "support", "--check")
    assert check.returncode == 1
    assert "support/deploy/docker/Dockerfile is out of date" in check.stderr
    assert "to fix it: jvbundler render support" in check.stderr


def test_the_command_that_mends_has_the_values_that_were_given_but_no_secret(
    app: Path, jvbundler: Run
) -> None:
    jvbundler("render", "support")
    given = ("--set", "app.description=other words", "--env", "A_TOKEN=${B_TOKEN}", "--env", "LEVEL=1")
    check = jvbundler("render", "support", "--check", *given)
    assert check.returncode == 1
    mending = check.stderr.partition("to fix it: ")[2].strip()
    described = "--set 'app.description=other words'"
    assert mending == f"jvbundler render support {described} --env 'A_TOKEN=…' --env LEVEL=1"


def test_a_comment_in_deploy_yaml_is_no_drift_and_changes_no_file(app: Path, jvbundler: Run) -> None:
    jvbundler("render", "support")
    before = {p: p.read_bytes() for p in (app / "deploy").rglob("*") if p.is_file()}
    with (app / "deploy.yaml").open("a") as stream:
        stream.write("# a comment\n")
    assert jvbundler("render", "support", "--check").returncode == 0
    assert jvbundler("render", "support").returncode == 0
    assert {p: p.read_bytes() for p in (app / "deploy").rglob("*") if p.is_file()} == before


def test_check_reports_drift_to_machines(app: Path, jvbundler: Run) -> None:
    jvbundler("render", "support")
    (app / "deploy" / "README.md").write_text("mine")
    (app / "deploy" / "docker" / "Dockerfile").unlink()
    found = json.loads(jvbundler("render", "support", "--check", "--format", "json").stdout)
    assert {(p["rule"], p["file"]) for p in found["problems"]} >= {
        ("edited", "support/deploy/README.md"),
        ("missing", "support/deploy/docker/Dockerfile"),
    }
    annotations = jvbundler("render", "support", "--check", "--format", "github").stdout
    assert "::error file=support/deploy/README.md,line=1,col=1,title=edited::" in annotations


def test_an_edited_output_refuses_with_3_and_force_overrides(app: Path, jvbundler: Run) -> None:
    jvbundler("render", "support")
    readme = app / "deploy" / "README.md"
    readme.write_text("mine")
    refused = jvbundler("render", "support")
    assert refused.returncode == 3
    assert "support/deploy/README.md" in refused.stderr
    assert jvbundler("render", "support", "--force").returncode == 0
    assert readme.read_text() != "mine"


def test_a_render_of_one_environment_or_target_keeps_the_files_of_the_others(
    app: Path, jvbundler: Run
) -> None:
    jvbundler("render", "support")
    before = {p: p.read_bytes() for p in (app / "deploy").rglob("*") if p.is_file()}
    for arguments in (("-e", "prod"), ("--target", "docker")):
        assert jvbundler("render", "support", *arguments).returncode == 0
        assert jvbundler("render", "support", "--check", *arguments).returncode == 0
    assert {p: p.read_bytes() for p in (app / "deploy").rglob("*") if p.is_file()} == before
    assert jvbundler("render", "support", "--check").returncode == 0


def test_an_output_folder_elsewhere_and_a_value_from_the_command_line(app: Path, jvbundler: Run) -> None:
    done = jvbundler(
        "render", "support", "-o", "out", "--set", "app.version=9.9", "--set", "app.name=renamed"
    )
    assert done.returncode == 0, done.stderr
    assert not (app / "deploy").exists()
    assert "9.9" in (app.parent / "out" / "docker" / "Dockerfile").read_text()


@pytest.mark.parametrize(("output", "ignored"), [("support/out/files", "out/files"), ("elsewhere", None)])
def test_the_image_does_not_hold_the_output_wherever_it_is(
    app: Path, jvbundler: Run, output: str, ignored: str | None
) -> None:
    assert jvbundler("render", "support", "-o", output).returncode == 0
    lines = (app.parent / output / "docker/Dockerfile.dockerignore").read_text().splitlines()
    assert (ignored in lines) == (ignored is not None)
    assert "deploy" not in lines


def test_generated_files_name_the_file_that_they_come_from(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").rename(app / "aws.yaml")
    assert jvbundler("render", "support", "-c", "support/aws.yaml").returncode == 0
    texts = [path.read_text() for path in (app / "deploy").rglob("*") if path.suffix in (".yaml", ".md")]
    assert texts
    assert [text for text in texts if "aws.yaml" not in text] == []


def test_stdout_writes_no_file(app: Path, jvbundler: Run) -> None:
    done = jvbundler("render", "support", "--stdout", "--target", "docker")
    assert done.stdout.startswith("# Generated by jvbundler")
    assert "FROM" in done.stdout
    assert not (app / "deploy").exists()


def test_a_secret_on_the_command_line_is_refused_and_not_repeated(app: Path, jvbundler: Run) -> None:
    done = jvbundler("render", "support", "--env", "DB_PASSWORD=hunter2", "--show-source")
    assert done.returncode == 2
    assert "JVB901" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_a_template_of_the_users_that_fails_is_named(app: Path, jvbundler: Run) -> None:
    jvbundler("templates", "eject", "docker/Dockerfile.j2", "mine")
    template = app.parent / "mine" / "docker" / "Dockerfile.j2"
    template.write_text("FROM x\nRUN {{ nothing.here }}\n")
    done = jvbundler("render", "support", "--templates", "mine")
    assert (done.returncode, done.stderr.splitlines()[0][:28]) == (2, "mine/docker/Dockerfile.j2:2:")
    template.write_text("FROM x\n")
    assert jvbundler("render", "support", "--templates", "mine").returncode == 0


def test_a_render_while_another_one_writes_is_refused(app: Path, jvbundler: Run) -> None:
    (app / "deploy").mkdir()
    with only_writer(app / "deploy"):
        done = jvbundler("render", "support")
    assert done.returncode == 3
    assert "another render is writing to 'support/deploy'" in done.stderr


def test_renders_at_the_same_time_leave_one_whole_output(app: Path, jvbundler: Run) -> None:
    versions = [f"1.{number}" for number in range(4)]
    command = [sys.executable, "-m", "jvbundler", "render", "support", "--set"]
    running = [
        subprocess.Popen([*command, f'app.version="{v}"'], cwd=app.parent, env={"PYTHONPATH": str(ROOT)})
        for v in versions
    ]
    assert {process.wait() for process in running} <= {0, 3}
    checks = [jvbundler("render", "support", "--check", "--set", f'app.version="{v}"') for v in versions]
    assert [check.returncode for check in checks].count(0) == 1


def test_an_interrupted_render_leaves_with_130(app: Path) -> None:
    (app / "deploy.yaml").unlink()
    code = "import time\nfrom jvbundler.pipeline import compile\nfrom jvbundler.__main__ import main\n"
    slow = f"{code}compile.load_source = lambda *a, **k: (print('ready', flush=True), time.sleep(20))\n"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{slow}main(['render', 'support'])"],
        cwd=app.parent,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(2)
    _, stderr = process.communicate(timeout=10)
    assert (process.returncode, stderr.strip()) == (130, "interrupted")


def test_the_image_installs_the_jvagent_that_was_given(jvbundler: Run, app: Path, tmp_path: Path) -> None:
    (tmp_path / "jvagent/action").mkdir(parents=True)
    version = tmp_path / "jvagent/version.py"
    version.write_text('__version__ = "0.1.5"\n')
    done = jvbundler("render", "support", "--jvagent", "jvagent")
    assert done.returncode == 0, done.stderr
    assert "'jvagent==0.1.5'" in (app / "deploy/docker/Dockerfile").read_text()

    version.write_text('__version__ = "0.2.0.dev1"\n')
    done = jvbundler("render", "support", "--jvagent", "jvagent")
    assert done.returncode == 2
    assert "set image.jvagent_version" in done.stderr
    done = jvbundler("render", "support", "--jvagent", "jvagent", "--set", "image.jvagent_version=0.1.4")
    assert done.returncode == 0, done.stderr
    assert "'jvagent==0.1.4'" in (app / "deploy/docker/Dockerfile").read_text()


def test_the_image_installs_the_jvagent_that_app_yaml_allows(jvbundler: Run, app: Path) -> None:
    with (app / "app.yaml").open("a") as stream:
        stream.write("jvagent: '>=0.1.2,<0.1.5'\n")
    for command in (["render", "support"], ["bundle", "support"]):
        done = jvbundler(*command)
        assert done.returncode == 0, done.stderr
    for path in ("deploy/docker/Dockerfile", "Dockerfile"):
        assert "'jvagent==0.1.4'" in (app / path).read_text()
