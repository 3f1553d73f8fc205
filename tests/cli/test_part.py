"""`--since` and `--shard`, as a user types them, with the real git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    def run(*words: str, cwd: Path = tmp_path) -> str:
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        argv = ["git", *who, *words]
        return subprocess.run(
            argv, cwd=cwd, env=env, capture_output=True, text=True, check=True
        ).stdout.strip()

    return run


@pytest.fixture
def fleet(app: Path, jvbundler: Run, git: Git) -> Path:
    """The apps `billing`, `sales` and `support` with their output in `gitops`, committed as `start`."""
    folder = app.parent / "apps"
    for name in ("billing", "sales"):
        shutil.copytree(app, folder / name)
    shutil.move(app, folder / "support")
    assert jvbundler("render", "apps/*", "-o", "gitops").returncode == 0
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message=start")
    git("tag", "start")
    return folder


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "# edited\n")


def rendered(jvbundler: Run, *more: str) -> list[str]:
    """The apps that a render is about, by what `diff` shows of each."""
    done = jvbundler("diff", "apps/*", "-o", "gitops", "--json", *more)
    assert done.returncode in (0, 1), done.stderr
    return [section["app"].removeprefix("apps/") for section in json.loads(done.stdout)["apps"]]


def test_nothing_changed_is_no_app(fleet: Path, jvbundler: Run) -> None:
    for command in (("render",), ("render", "--check"), ("validate",), ("diff",)):
        done = jvbundler(*command, "apps/*", "-o", "gitops", "--since", "start")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("0 ")


@pytest.mark.parametrize("how", ["unstaged", "staged", "committed"])
def test_a_change_is_seen_wherever_it_is(fleet: Path, jvbundler: Run, git: Git, how: str) -> None:
    edit(fleet / "sales" / "agents" / "acme" / "helper" / "agent.yaml")
    if how != "unstaged":
        git("add", "--all")
    if how == "committed":
        git("commit", "--quiet", "--message=edit")
    assert rendered(jvbundler, "--since", "start") == ["sales"]
    done = jvbundler("render", "apps/*", "-o", "gitops", "--since", "start")
    assert done.stdout.startswith("1 of 3 apps: ")
    # It read git, and changed nothing there.
    assert ("sales" in git("diff", "--cached", "--name-only")) == (how == "staged")


def test_what_git_does_not_have_yet_counts_and_what_it_ignores_does_not(
    fleet: Path, jvbundler: Run, git: Git
) -> None:
    (fleet.parent / ".gitignore").write_text("*.log\n")
    (fleet / "billing" / "debug.log").touch()
    assert rendered(jvbundler, "--since", "start") == []
    shutil.copytree(fleet / "sales", fleet / "new")
    assert rendered(jvbundler, "--since", "start") == ["new"]


def test_in_ci_an_edit_counts_and_a_file_that_nobody_added_does_not(fleet: Path, jvbundler: Run) -> None:
    shutil.copytree(fleet / "sales", fleet / "new")
    edit(fleet / "support" / "deploy.yaml")
    done = jvbundler("diff", "apps/*", "-o", "gitops", "--json", "--since", "start", CI="true")
    assert [section["app"] for section in json.loads(done.stdout)["apps"]] == ["apps/support"]


def test_a_rename_between_apps_changes_both(fleet: Path, jvbundler: Run, git: Git) -> None:
    (fleet / "sales" / "notes.md").write_text("A file that is long enough to be followed.\n" * 9)
    git("add", "--all")
    git("commit", "--quiet", "--message=notes")
    git("mv", "apps/sales/notes.md", "apps/billing/notes.md")
    assert rendered(jvbundler, "--since", "HEAD") == ["billing", "sales"]


def test_an_output_that_was_edited_and_added_is_checked(fleet: Path, jvbundler: Run, git: Git) -> None:
    edit(fleet.parent / "gitops" / "support" / "README.md")
    git("add", "--all")
    done = jvbundler("render", "apps/*", "-o", "gitops", "--check", "--since", "start")
    assert done.returncode == 1
    assert "gitops/support/README.md was edited by hand" in done.stderr
    assert "1 of 1 app not current" in done.stderr


def test_what_all_apps_are_read_with_changes_all(fleet: Path, jvbundler: Run, git: Git) -> None:
    everyone = ["billing", "sales", "support"]
    (fleet.parent / "common.yaml").write_text((fleet / "sales" / "deploy.yaml").read_text())
    assert rendered(jvbundler, "--since", "start", "-c", "common.yaml") == everyone
    git("add", "--all")
    git("commit", "--quiet", "--message=common")
    assert rendered(jvbundler, "--since", "HEAD", "-c", "common.yaml") == []
    # Beside the deploy.yaml that all are read with, and so in no app's folder.
    (fleet.parent / "images.yaml").write_text("# nothing yet\n")
    assert rendered(jvbundler, "--since", "HEAD", "-c", "common.yaml") == everyone
    templates = fleet.parent / "templates"
    assert jvbundler("templates", "eject", "docker/Dockerfile.j2", "templates").returncode == 0
    git("add", "--all")
    git("commit", "--quiet", "--message=templates")
    assert rendered(jvbundler, "--since", "HEAD", "--templates", "templates") == []
    edit(templates / "docker" / "Dockerfile.j2")
    assert rendered(jvbundler, "--since", "HEAD", "--templates", "templates") == everyone
    assert rendered(jvbundler, "--since", "HEAD") == []


def test_an_app_behind_a_link_changes_with_its_files(fleet: Path, jvbundler: Run, git: Git) -> None:
    shutil.move(fleet / "sales", fleet.parent / "elsewhere")
    (fleet / "sales").symlink_to("../elsewhere")
    git("add", "--all")
    git("commit", "--quiet", "--message=link")
    edit(fleet.parent / "elsewhere" / "app.yaml")
    assert rendered(jvbundler, "--since", "HEAD") == ["sales"]


def test_a_deleted_app_leaves_its_output_which_is_told(fleet: Path, jvbundler: Run, git: Git) -> None:
    git("rm", "-r", "--quiet", "apps/sales")
    shutil.rmtree(fleet / "sales", ignore_errors=True)
    words = "gitops/sales/jvbundler.lock.json is still there, and its app apps/sales was deleted"
    done = jvbundler("render", "apps/*", "-o", "gitops", "--since", "start")
    assert (done.returncode, words in done.stderr) == (0, True)
    check = jvbundler("render", "apps/*", "-o", "gitops", "--check", "--since", "start", "--json")
    assert check.returncode == 1
    [problem] = json.loads(check.stdout)["problems"]
    assert (problem["rule"], problem["hint"]) == ("orphaned", "git rm -r -- gitops/sales")
    git("rm", "-r", "--quiet", "gitops/sales")
    assert jvbundler("render", "apps/*", "-o", "gitops", "--check", "--since", "start").returncode == 0


def test_apps_in_a_work_tree_below_and_in_a_folder_below_the_root(
    fleet: Path, jvbundler: Run, git: Git
) -> None:
    edit(fleet / "sales" / "app.yaml")
    done = jvbundler("render", "*", "-o", "../gitops", "--since", "start", cwd=fleet)
    assert done.stdout.startswith("1 of 3 apps: "), done.stderr
    # Alone, and from inside.
    done = jvbundler("render", "--since", "start", cwd=fleet / "sales")
    assert done.stdout.startswith("1 app: "), done.stderr


@pytest.mark.parametrize(
    "revision", ["--all", "-x", "no-such-branch", "HEAD:apps", "a..b", "\x1b[31m", "start^"]
)
def test_what_is_no_revision_is_refused(fleet: Path, jvbundler: Run, revision: str) -> None:
    done = jvbundler("render", "apps/*", "-o", "gitops", f"--since={revision}")
    assert done.returncode == 2
    assert "is not a revision of the git repository around" in done.stderr
    assert "fetch-depth: 0" in done.stderr or ": " in done.stderr
    assert "\x1b" not in done.stderr


def test_a_shallow_clone_says_what_it_lacks(fleet: Path, jvbundler: Run, git: Git, tmp_path: Path) -> None:
    edit(fleet / "sales" / "app.yaml")
    git("commit", "--quiet", "--all", "--message=edit")
    git("clone", "--quiet", "--depth=1", f"file://{tmp_path}", str(tmp_path / "clone"))
    done = jvbundler("render", "apps/*", "-o", "gitops", "--since=HEAD~1", cwd=tmp_path / "clone")
    assert done.returncode == 2
    assert "'fetch-depth: 0'" in done.stderr


def test_without_a_work_tree_nobody_knows(app: Path, jvbundler: Run) -> None:
    done = jvbundler("render", "support", "--since", "HEAD")
    assert done.returncode == 2
    assert "'support' is in no git work tree" in done.stderr


def test_an_empty_revision_is_a_variable_that_nobody_set(app: Path, jvbundler: Run) -> None:
    done = jvbundler("render", "support", "--since", "")
    assert done.returncode == 2
    assert "--since: the revision is empty" in done.stderr


def test_shards_are_all_apps_and_with_since_all_that_changed(fleet: Path, jvbundler: Run) -> None:
    edit(fleet / "sales" / "app.yaml")
    edit(fleet / "support" / "app.yaml")
    for more, expected in (
        ((), ["billing", "sales", "support"]),
        (("--since", "start"), ["sales", "support"]),
    ):
        parts = [rendered(jvbundler, *more, "--shard", f"{number}/3") for number in (1, 2, 3)]
        assert sorted(app for part in parts for app in part) == expected


def test_a_shard_does_not_depend_on_where_the_repository_is(
    fleet: Path, jvbundler: Run, git: Git, tmp_path: Path
) -> None:
    git("clone", "--quiet", str(tmp_path), str(tmp_path / "elsewhere" / "clone"))
    for number in (1, 2):
        here = rendered(jvbundler, "--shard", f"{number}/2")
        done = jvbundler(
            "diff", f"{tmp_path}/elsewhere/clone/apps/*", "-o", "out", "--json", f"--shard={number}/2"
        )
        there = [Path(section["app"]).name for section in json.loads(done.stdout)["apps"]]
        assert here == there


@pytest.mark.parametrize("shard", ["0/2", "3/2", "x", ""])
def test_a_wrong_shard_is_a_wrong_option(app: Path, jvbundler: Run, shard: str) -> None:
    done = jvbundler("render", "support", f"--shard={shard}")
    assert done.returncode == 2
    assert "Invalid value for '--shard'" in done.stderr


@pytest.mark.parametrize("with_", ["--watch", "--stdout"])
def test_a_part_is_not_watched_or_printed(app: Path, jvbundler: Run, with_: str) -> None:
    assert jvbundler("render", "support", with_, "--shard=1/1").returncode == 2
