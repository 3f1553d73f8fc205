"""`render`, `render --check` and `validate` of several apps, as a user types them."""

from __future__ import annotations

import json
import pty
import shutil
import subprocess
import sys
from os import close, environ, read
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run


@pytest.fixture
def apps(app: Path) -> Path:
    """The apps `sales` and `support`, in the folder `apps`."""
    folder = app.parent / "apps"
    shutil.copytree(app, folder / "sales")
    shutil.move(app, folder / "support")
    return folder


def test_each_app_gets_its_folder_and_the_next_run_leaves_them_alone(apps: Path, jvbundler: Run) -> None:
    done = jvbundler("render", "apps/*", "-o", "gitops")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 apps: ")
    assert " written" in done.stdout
    alone = jvbundler("render", "apps/sales", "-o", "alone")
    assert alone.returncode == 0
    for path in (apps.parent / "alone").rglob("*.yaml"):
        other = apps.parent / "gitops" / "sales" / path.relative_to(apps.parent / "alone")
        assert other.read_bytes() == path.read_bytes()
    again = jvbundler("render", "apps/sales", "apps/support", "-o", "gitops")
    assert " unchanged" in again.stdout
    assert " written" not in again.stdout
    check = jvbundler("render", "apps/*", "-o", "gitops", "--check")
    assert (check.returncode, check.stderr.count("not current")) == (0, 0)
    assert check.stdout.startswith("2 apps: current, ")


def test_an_app_that_fails_stops_no_other_and_all_problems_are_told(apps: Path, jvbundler: Run) -> None:
    (apps / "billing").mkdir()
    (apps / "billing" / "deploy.yaml").touch()
    (apps / "sales" / "deploy.yaml").write_text("imagge: {}\n")
    done = jvbundler("render", "apps/*", "-o", "gitops")
    assert done.returncode == 2
    assert "apps/billing/app.yaml:1:1: JVB200" in done.stderr
    assert "apps/sales/deploy.yaml:1:1: JVB104" in done.stderr
    assert "failed: 2 of 3 apps: apps/billing, apps/sales" in done.stderr
    assert (apps.parent / "gitops" / "support" / "README.md").exists()
    assert not (apps.parent / "gitops" / "sales").exists()


def test_an_output_that_refuses_is_3_and_wrong_input_comes_first(apps: Path, jvbundler: Run) -> None:
    jvbundler("render", "apps/*", "-o", "gitops")
    (apps.parent / "gitops" / "sales" / "README.md").write_text("mine")
    refused = jvbundler("render", "apps/*", "-o", "gitops")
    assert refused.returncode == 3
    assert "apps/sales: edited by hand since the last render:" in refused.stderr
    (apps / "support" / "app.yaml").unlink()
    assert jvbundler("render", "apps/*", "-o", "gitops").returncode == 2


def test_check_names_the_drift_of_every_app_and_what_mends_it(apps: Path, jvbundler: Run) -> None:
    jvbundler("render", "apps/*", "-o", "gitops")
    (apps / "sales" / "app.yaml").write_text((apps / "sales" / "app.yaml").read_text().replace("1.2.0", "2"))
    (apps.parent / "gitops" / "support" / "README.md").unlink()
    check = jvbundler("render", "apps/*", "-o", "gitops", "--check")
    assert check.returncode == 1
    assert "gitops/sales/docker/Dockerfile is out of date" in check.stderr
    assert "gitops/support/README.md is missing" in check.stderr
    mending = "2 of 2 apps not current; to fix it: jvbundler render -o gitops 'apps/*'"
    assert sorted(check.stderr.splitlines()[-1].split()) == sorted(mending.split())
    found = json.loads(jvbundler("render", "apps/*", "-o", "gitops", "--check", "--format", "json").stdout)
    assert {p["rule"] for p in found["problems"]} >= {"stale", "missing"}


def test_apps_of_one_name_are_refused_before_anything_is_written(apps: Path, jvbundler: Run) -> None:
    shutil.copytree(apps / "sales", apps.parent / "old" / "sales")
    done = jvbundler("render", "apps/*", "old/*", "-o", "gitops")
    assert done.returncode == 2
    assert "'apps/sales' and 'old/sales' would both be written to 'gitops/sales'" in done.stderr
    assert not (apps.parent / "gitops").exists()


def test_validate_counts_what_was_checked(apps: Path, jvbundler: Run) -> None:
    done = jvbundler("validate", "apps/*")
    assert done.returncode == 0, done.stderr
    assert "Kubernetes schemas: 2 apps" in done.stdout


def test_stdout_takes_one_app(apps: Path, jvbundler: Run) -> None:
    assert jvbundler("render", "apps/*", "--stdout").returncode == 2
    assert jvbundler("render", "apps/sales", "--stdout").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal")
def test_a_terminal_shows_how_far_it_is(apps: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "jvbundler", "render", "apps/*", "-o", "gitops"],
        cwd=apps.parent,
        env={**environ, "PYTHONPATH": str(ROOT), "CI": ""},
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
    )
    close(theirs)
    shown = read(ours, 10_000).decode()
    close(ours)
    assert "2/2" in shown
    assert b"2 apps: " in done.stdout
