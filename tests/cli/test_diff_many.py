"""`jvbundler diff` of several apps, as a user types it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def apps(app: Path, jvbundler: Run) -> Path:
    """The apps `billing`, `sales` and `support`, rendered into `gitops`, and `support` changed since."""
    folder = app.parent / "apps"
    for name in ("billing", "sales", "support"):
        shutil.copytree(app, folder / name)
    assert jvbundler("render", "apps/*", "-o", "gitops").returncode == 0
    edit(folder / "support", "LEVEL: high", "LEVEL: low")
    return folder


def edit(app: Path, old: str, new: str) -> None:
    config = app / "deploy.yaml"
    config.write_text(config.read_text().replace(old, new))


def test_apps_that_differ_have_a_section_and_all_are_counted(apps: Path, jvbundler: Run) -> None:
    done = jvbundler("diff", "apps/*", "-o", "gitops")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("== apps/support\n")
    assert "data.LEVEL: high -> low" in done.stdout
    assert "\ngitops/support/ -> a render now: " in done.stdout
    assert "apps/sales" not in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 of 3 apps: ")


def test_apps_that_are_current_are_0(apps: Path, jvbundler: Run) -> None:
    done = jvbundler("diff", "apps/sales", "apps/billing", "-o", "gitops")
    assert (done.returncode, done.stdout) == (0, "2 apps: no difference\n")


def test_an_app_that_fails_stops_no_other(apps: Path, jvbundler: Run) -> None:
    edit(apps / "billing", "kubernetes:", "kubernets:")
    done = jvbundler("diff", "apps/*", "-o", "gitops")
    assert done.returncode == 2
    assert "apps/billing/deploy.yaml:2:1: JVB104" in done.stderr
    assert "failed: 1 of 3 apps: apps/billing" in done.stderr
    assert "== apps/support\n" in done.stdout
    assert done.stdout.endswith("; 1 failed\n")


def test_json_is_one_document(apps: Path, jvbundler: Run) -> None:
    edit(apps / "billing", "kubernetes:", "kubernets:")
    found = json.loads(jvbundler("diff", "apps/*", "-o", "gitops", "--format", "json").stdout)
    assert found["different"] is True
    billing, sales, support = found["apps"]
    assert billing == {"app": "apps/billing", "failed": True}
    assert (sales["app"], sales["different"], sales["changes"]) == ("apps/sales", False, [])
    assert support["counts"] == found["counts"]
    fields = [field for change in support["changes"] for field in change["fields"]]
    assert {"path": "data.LEVEL", "old": "high", "new": "low"} in fields


def test_markdown_has_an_overview_and_a_part_for_each_app(apps: Path, jvbundler: Run) -> None:
    edit(apps / "billing", "kubernetes:", "kubernets:")
    edit(apps / "sales", "LEVEL: high", "LEVEL: none")
    text = jvbundler("diff", "apps/*", "-o", "gitops", "--format", "markdown").stdout
    assert text.startswith("### jvbundler diff: 2 of 3 apps: ")
    assert "| <code>apps/billing</code> | **failed** |" in text
    assert "\n#### <code>apps/sales</code>: " in text
    assert "\n#### <code>apps/support</code>: " in text
    assert text.count("<details>") == text.count("\n</details>\n") > 0


def test_many_apps_against_a_revision(apps: Path, jvbundler: Run) -> None:
    root = apps.parent
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"], ["tag", "v1"]):
        subprocess.run([*git, *arguments], cwd=root, check=True, capture_output=True)
    assert jvbundler("render", "apps/*", "-o", "gitops").returncode == 0
    assert jvbundler("diff", "apps/*", "-o", "gitops").returncode == 0
    for asked in (("apps/*", "v1"), ("apps/sales", "apps/support", "--against", "v1")):
        done = jvbundler("diff", *asked, "-o", "gitops")
        assert done.returncode == 1, done.stderr
        assert "gitops/support/ at v1 -> a render now: " in done.stdout


def test_two_environments_of_each_app(apps: Path, jvbundler: Run) -> None:
    edit(apps / "billing", "dev: {}", "staging: {}")
    done = jvbundler("diff", "apps/*", "--from", "dev", "--to", "prod")
    assert done.returncode == 2
    assert "failed: 1 of 3 apps: apps/billing" in done.stderr
    assert done.stdout.count("\ndev -> prod: ") == 2
    assert done.stdout.count("  + ConfigMap support/support") == 2


def test_a_glob_without_an_app_and_a_word_too_many_are_wrong(apps: Path, jvbundler: Run) -> None:
    done = jvbundler("diff", "services/*")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'services/*' matches no app" in done.stderr
    assert "'v1' is not a folder" in jvbundler("diff", "apps/*", "v1", "v2").stderr
