"""A fleet: the root that a render of all its apps writes, and the apps that disagree about it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run

GITOPS = """\
gitops:
  repo_url: https://git.example.com/acme/gitops.git
  fleet:
    enabled: true
  argocd:
    enabled: true
"""
ALL = ("apps/*", "-o", "gitops")


@pytest.fixture
def fleet(app: Path) -> Path:
    """The apps `billing`, `sales` and `support`, of two environments, in a git work tree."""
    folder = app.parent / "apps"
    with (app / "deploy.yaml").open("a") as file:
        file.write(GITOPS)
    for name in ("billing", "sales"):
        shutil.copytree(app, folder / name)
    shutil.move(app, folder / "support")
    subprocess.run(["git", "init", "--quiet"], cwd=folder.parent, check=True)
    return folder


def change(app: Path, old: str, new: str) -> None:
    text = (app / "deploy.yaml").read_text()
    assert old in text
    (app / "deploy.yaml").write_text(text.replace(old, new))


def test_a_render_of_all_writes_the_root_once(fleet: Path, jvbundler: Run) -> None:
    done = jvbundler("render", *ALL)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 apps: ")
    root = fleet.parent / "gitops" / "fleet"
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*.*")) == [
        "argocd/dev.yaml",
        "argocd/prod.yaml",
        "jvbundler.lock.json",
    ]
    assert not list((fleet.parent / "gitops").glob("*/gitops")), "no app has an object of its own"
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.*")}
    assert " written" not in jvbundler("render", *ALL).stdout
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*.*")} == before
    assert jvbundler("render", *ALL, "--check").returncode == 0
    # Also where nothing is known of an earlier run.
    assert jvbundler("render", *ALL, "--check", XDG_CACHE_HOME=str(fleet.parent / "none")).returncode == 0


def test_the_root_does_not_change_with_the_apps(fleet: Path, jvbundler: Run) -> None:
    jvbundler("render", *ALL)
    root = fleet.parent / "gitops" / "fleet" / "argocd" / "prod.yaml"
    before = root.read_bytes()
    shutil.rmtree(fleet / "billing")
    shutil.copytree(fleet / "sales", fleet / "added")
    assert jvbundler("render", *ALL).returncode == 0
    assert root.read_bytes() == before


def test_a_root_that_is_not_current_is_told(fleet: Path, jvbundler: Run) -> None:
    jvbundler("render", *ALL)
    root = fleet.parent / "gitops" / "fleet" / "argocd" / "prod.yaml"
    root.unlink()
    done = jvbundler("render", *ALL, "--check")
    assert done.returncode == 1
    assert "gitops/fleet/argocd/prod.yaml is missing" in done.stderr
    assert "gitops/fleet/: not current; to fix it: jvbundler render" in done.stderr
    root.write_text("kind: Mine\n")
    refused = jvbundler("render", *ALL)
    assert refused.returncode == 3
    assert "edited by hand since the last render" in refused.stderr


def test_an_environment_that_goes_takes_its_root_with_it(fleet: Path, jvbundler: Run) -> None:
    jvbundler("render", *ALL)
    for app in fleet.iterdir():
        change(app, "  dev: {}\n", "")
    assert jvbundler("render", *ALL).returncode == 0
    assert not (fleet.parent / "gitops" / "fleet" / "argocd" / "dev.yaml").exists()


@pytest.mark.parametrize("command", [("render",), ("render", "--check"), ("validate",), ("diff",)])
def test_apps_that_disagree_are_told_with_both_places(
    fleet: Path, jvbundler: Run, command: tuple[str, ...]
) -> None:
    change(fleet / "sales", "  fleet:", "  revision: next\n  fleet:")
    done = jvbundler(*command, *ALL)
    assert done.returncode == 2, done.stderr
    said = 'apps/sales/deploy.yaml:13:3: JVB455 gitops.revision is "next" here and "main" in apps/billing'
    assert said in done.stderr
    assert "see apps/billing/deploy.yaml:11:1" in done.stderr
    assert not (fleet.parent / "gitops" / "fleet").exists()


def test_the_most_are_right_and_a_few_are_told(fleet: Path, jvbundler: Run) -> None:
    change(fleet / "billing", "  fleet:", "  revision: next\n  fleet:")
    done = jvbundler("validate", *ALL, "--json")
    found = json.loads(done.stdout)["problems"]
    assert {problem["file"] for problem in found if problem["rule"] == "JVB455"} == {
        "apps/billing/deploy.yaml"
    }


@pytest.mark.parametrize("part", [("--shard=1/1",), ("-e", "prod"), ("--target=k8s",)])
def test_a_part_of_a_fleet_writes_no_root_and_refuses_another(
    fleet: Path, jvbundler: Run, part: tuple[str, ...]
) -> None:
    assert jvbundler("render", *ALL, *part).returncode == 0
    root = fleet.parent / "gitops" / "fleet"
    assert not root.exists()
    jvbundler("render", *ALL)
    assert jvbundler("render", *ALL, *part).returncode == 0
    for app in fleet.iterdir():
        change(app, "  fleet:", "  revision: next\n  fleet:")
    before = (root / "argocd" / "prod.yaml").read_bytes()
    done = jvbundler("render", *ALL, *part)
    assert done.returncode == 2
    assert "gitops/fleet/argocd/prod.yaml:1:1: JVB455" in done.stderr
    assert "render all apps of the fleet" in done.stderr
    assert (root / "argocd" / "prod.yaml").read_bytes() == before
    # All of them at once is how to change it.
    assert jvbundler("render", *ALL).returncode == 0


def test_one_app_alone_is_a_part(fleet: Path, jvbundler: Run) -> None:
    jvbundler("render", *ALL)
    assert jvbundler("render", "apps/sales", "-o", "gitops/sales").returncode == 0
    change(fleet / "sales", "  argocd:\n", "  argocd:\n    project: other\n")
    done = jvbundler("render", "apps/sales", "-o", "gitops/sales")
    assert done.returncode == 2
    assert "JVB455 apps/sales wants another root than the fleet has" in done.stderr


def test_an_app_that_fails_leaves_the_root_as_it_is(fleet: Path, jvbundler: Run) -> None:
    jvbundler("render", *ALL)
    before = (fleet.parent / "gitops" / "fleet" / "argocd" / "prod.yaml").read_bytes()
    for app in fleet.iterdir():
        change(app, "  fleet:", "  revision: next\n  fleet:")
    (fleet / "sales" / "app.yaml").unlink()
    assert jvbundler("render", *ALL).returncode == 2
    assert (fleet.parent / "gitops" / "fleet" / "argocd" / "prod.yaml").read_bytes() == before


def test_an_app_in_the_place_of_the_roots_is_refused(fleet: Path, jvbundler: Run) -> None:
    shutil.copytree(fleet / "sales", fleet / "fleet")
    done = jvbundler("render", *ALL)
    assert done.returncode == 2
    assert "JVB454 its folder has the name of the one for the roots of the fleet" in done.stderr
    # One that is in no fleet.
    change(fleet / "fleet", "    enabled: true\n  argocd", "    enabled: false\n  argocd")
    done = jvbundler("render", *ALL)
    assert done.returncode == 3
    assert "'gitops/fleet' is the output of an app" in done.stderr
    assert (fleet.parent / "gitops" / "fleet" / "README.md").exists()


def test_apps_in_two_folders_are_two_fleets(fleet: Path, jvbundler: Run) -> None:
    shutil.copytree(fleet, fleet.parent / "more")
    assert jvbundler("render", "apps/*", "more/*").returncode == 0
    for folder in ("apps", "more"):
        text = (fleet.parent / folder / "fleet" / "argocd" / "prod.yaml").read_text()
        assert f"- path: {folder}/*/deploy/kubernetes/rendered/prod\n" in text


def test_next_says_what_is_applied_once(fleet: Path, jvbundler: Run) -> None:
    done = jvbundler("next", "apps/sales", "-e", "prod", PATH="/usr/bin:/bin")
    assert "kubectl apply --filename=apps/fleet/argocd/prod.yaml" in done.stdout + done.stderr
