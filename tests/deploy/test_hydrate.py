"""`jvbundler hydrate` with the real git: what is on the branch, and what is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from jvbundler import __version__
from jvbundler.deploy.hydrate.branch import refuse_name
from jvbundler.deploy.hydrate.place import checked_path
from jvbundler.values.problem import InputError
from tests.deploy.app import write_app
from tests.deploy.conftest import Run

BRANCH = "environment/prod"
PATH = "apps/support/deploy/kubernetes/rendered/prod"
NOTES = "refs/notes/hydrator.metadata"
DEPLOY = """\
app:
  name: acme-support
kubernetes:
  enabled: true
  namespace: acme
  registry:
    url: ghcr.io/acme
environment:
  LEVEL: low
environments:
  dev: {}
  prod: {}
"""
NAMES = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
IDENTITY = {
    **NAMES,
    **{f"GIT_{who}_NAME": "Ada, Ops" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@example.com" for who in ("AUTHOR", "COMMITTER")},
}
DATES = {
    "GIT_AUTHOR_DATE": "2026-03-01T10:00:00+0100",
    "GIT_COMMITTER_DATE": "2026-03-02T11:00:00+0100",
}


class Checkout(NamedTuple):
    """A work tree with an app in `apps/support`, and the bare repository that it is cloned from."""

    root: Path
    remote: Path
    jvbundler: Run

    def git(self, *words: str, cwd: Path | None = None, expected: int = 0, **more: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self.root,
            env={"PATH": os.environ["PATH"], **IDENTITY, **DATES, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expected, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout

    def hydrate(self, *words: str, expected: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        given = ("-e", "prod", "--branch", BRANCH, *words)
        done = self.jvbundler("hydrate", "work/apps/support", *given, **{**IDENTITY, **env})
        assert done.returncode == expected, done.stdout + done.stderr
        return done

    def edit(self, old: str, new: str, message: str = "Change the level") -> str:
        path = self.root / "apps/support/deploy.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return self.commit(message)

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def show(self, path: str, ref: str = BRANCH) -> str:
        return self.git("cat-file", "blob", f"{ref}:{path}")

    def tip(self, ref: str = BRANCH, cwd: Path | None = None) -> str:
        return self.git("rev-parse", ref, cwd=cwd).strip()

    def note(self, of: str = BRANCH) -> str:
        return self.git("notes", f"--ref={NOTES}", "show", of)


@pytest.fixture
def checkout(tmp_path: Path, jvbundler: Run) -> Checkout:
    made = Checkout(tmp_path / "work", tmp_path / "remote.git", jvbundler)
    write_app(tmp_path / "work" / "apps", DEPLOY)
    made.git("init", "--quiet", "--initial-branch=main", cwd=made.root)
    made.git("init", "--quiet", "--bare", str(made.remote))
    made.git("remote", "add", "origin", "https://ci:hunter2hunter2@git.example.com/acme/shop.git?token=x")
    made.commit("First release\n\nWith a body.\n\nSigned-off-by: Ada <ada@example.com>")
    return made


@pytest.fixture
def pushing(checkout: Checkout) -> Checkout:
    """The same with a remote that can be pushed to, named in the metadata by deploy.yaml."""
    checkout.git("remote", "set-url", "origin", str(checkout.remote))
    checkout.edit("environments:", "gitops: {repo_url: 'https://git.example.com/a/b.git'}\nenvironments:")
    checkout.git("push", "--quiet", "origin", "main")
    return checkout


def test_the_branch_holds_what_the_hydrator_of_argo_cd_writes(checkout: Checkout) -> None:
    dry = checkout.tip("HEAD")
    done = checkout.hydrate()
    assert done.stdout == f"{BRANCH} is {checkout.tip()[:12]}, rendered from {dry[:12]}\n"
    listed = checkout.git("ls-tree", "-r", "--name-only", BRANCH).split()
    names = ("README.md", "hydrator.metadata", "manifest.yaml")
    assert listed == [".gitattributes", *(f"{PATH}/{name}" for name in names), "hydrator.metadata"]
    facts = {
        "repoURL": "https://git.example.com/acme/shop.git",
        "drySha": dry,
        "author": "Ada, Ops <ada@example.com>",
        "date": "2026-03-01T10:00:00+01:00",
        "subject": "First release",
        "body": "With a body.\n\nSigned-off-by: Ada <ada@example.com>",
    }
    commands = [
        f"pip install jvbundler=={__version__}",
        "jvbundler render apps/support -e prod --target k8s -o hydrated",
    ]
    assert json.loads(checkout.show("hydrator.metadata")) == facts
    assert json.loads(checkout.show(f"{PATH}/hydrator.metadata")) == {"commands": commands, **facts}
    assert checkout.show(".gitattributes") == (
        "**/README.md linguist-generated=true\n**/hydrator.metadata linguist-generated=true\n"
    )
    script = "\n".join(["git clone https://git.example.com/acme/shop.git", "# cd into the cloned directory"])
    assert f"```shell\n{script}\ngit checkout {dry}\n{commands[0]}\n{commands[1]}\n```" in checkout.show(
        f"{PATH}/README.md"
    )
    assert json.loads(checkout.note()) == {"drySha": dry}


def test_the_commands_of_the_readme_make_the_manifest(checkout: Checkout) -> None:
    checkout.hydrate("--set", "environment.LEVEL=a level")
    command = json.loads(checkout.show(f"{PATH}/hydrator.metadata"))["commands"][1]
    assert "--set 'environment.LEVEL=a level'" in command
    done = subprocess.run(
        ["bash", "-euc", command],
        cwd=checkout.root,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = checkout.root / "hydrated/kubernetes/rendered/prod/manifest.yaml"
    assert "LEVEL: a level" in made.read_text()
    assert made.read_text() == checkout.show(f"{PATH}/manifest.yaml")


def test_the_commit_names_the_one_that_it_comes_from_as_argo_cd_reads_it(checkout: Checkout) -> None:
    dry = checkout.tip("HEAD")
    checkout.hydrate()
    message = checkout.git("log", "-1", "--format=%B", BRANCH)
    assert message.startswith(f"{dry[:7]}: First release\n\n")
    trailers = checkout.git("log", "-1", "--format=%(trailers:only,unfold)", BRANCH).strip().splitlines()
    assert trailers == [
        'Argocd-reference-commit-author: "Ada, Ops" <ada@example.com>',
        f"Argocd-reference-commit-sha: {dry}",
        "Argocd-reference-commit-subject: First release",
        'Argocd-reference-commit-body: "With a body.\\n\\nSigned-off-by: Ada <ada@example.com>"',
        "Argocd-reference-commit-repourl: https://git.example.com/acme/shop.git",
        "Argocd-reference-commit-date: 2026-03-01T10:00:00+01:00",
    ]


def test_what_the_rendered_commit_refers_to_is_passed_on(checkout: Checkout) -> None:
    sha = "b82add298aa045d3672880802d5305c5a8aaa46e"
    lines = [
        "Argocd-reference-commit-author: Author Name <author@example.com>",
        f"Argocd-reference-commit-sha: {sha}",
        "Argocd-reference-commit-subject: Make a change",
        'Argocd-reference-commit-body: "one\\n\\ntwo"',
        "Argocd-reference-commit-repourl: https://git.example.com/owner/repo",
        "Argocd-reference-commit-date: yesterday",
    ]
    checkout.edit("low", "high", "Bump the image\n\n" + "\n".join(["Why.", "", *lines]))
    checkout.hydrate()
    found = json.loads(checkout.show("hydrator.metadata"))
    assert found["references"] == [
        {
            "commit": {
                "author": "Author Name <author@example.com>",
                "sha": sha,
                "subject": "Make a change",
                "body": "one\n\ntwo",
                "repoURL": "https://git.example.com/owner/repo",
            }
        }
    ]
    # As with Argo CD, what is not valid stays where it is.
    assert found["body"] == "Why.\n\nArgocd-reference-commit-date: yesterday"


def test_the_same_commit_gives_the_same_commit(checkout: Checkout) -> None:
    checkout.hydrate()
    first = checkout.tip(), checkout.tip(NOTES)
    checkout.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    checkout.git("update-ref", "-d", NOTES)
    checkout.hydrate()
    assert (checkout.tip(), checkout.tip(NOTES)) == first


def test_without_a_change_of_the_manifest_there_is_a_note_and_no_commit(checkout: Checkout) -> None:
    checkout.hydrate()
    before = checkout.tip()
    dry = checkout.commit("Nothing that is rendered")
    done = json.loads(checkout.hydrate("--json").stdout)
    assert (done["changed"], done["noted"], done["pushed"]) == (False, True, False)
    assert done["commit"] == checkout.tip() == before
    assert json.loads(checkout.note()) == {"drySha": dry}
    # And if that is noted already, nothing at all.
    notes = checkout.tip(NOTES)
    again = json.loads(checkout.hydrate("--json").stdout)
    assert (again["changed"], again["noted"], again["steps"]) == (False, False, [])
    assert checkout.tip(NOTES) == notes


def test_a_change_is_a_commit_on_top_and_what_others_have_there_stays(checkout: Checkout) -> None:
    checkout.hydrate()
    other = checkout.root.parent / "other"
    checkout.git("worktree", "add", "--quiet", str(other), BRANCH)
    (other / "theirs").mkdir()
    (other / "theirs/manifest.yaml").write_text("theirs\n")
    (other / ".gitattributes").write_text("* text\n")
    (other / PATH / "extra.yaml").write_text("extra\n")
    checkout.git("add", "--all", cwd=other)
    checkout.git("commit", "--quiet", "-m", "Theirs", cwd=other)
    before = checkout.tip()
    refused = checkout.hydrate(expected=2)
    assert f"'{BRANCH}' is checked out in '{other}'" in refused.stderr
    checkout.git("worktree", "remove", str(other))

    dry = checkout.edit("low", "high")
    checkout.hydrate()
    assert checkout.tip(f"{BRANCH}^") == before
    assert "LEVEL: high" in checkout.show(f"{PATH}/manifest.yaml")
    assert json.loads(checkout.show("hydrator.metadata"))["drySha"] == dry
    changed = checkout.git("diff", "--name-only", f"{BRANCH}^", BRANCH).split()
    assert changed == [
        *(f"{PATH}/{name}" for name in ("README.md", "hydrator.metadata", "manifest.yaml")),
        "hydrator.metadata",
    ]


def test_a_branch_for_pull_requests_begins_where_they_are_merged(checkout: Checkout) -> None:
    checkout.hydrate()
    dry = checkout.edit("low", "high")
    for branch in (f"{BRANCH}-next", "environment/dev-next"):
        checkout.hydrate("--branch", branch)
    assert checkout.tip(f"{BRANCH}-next^") == checkout.tip()
    assert json.loads(checkout.show("hydrator.metadata", f"{BRANCH}-next"))["drySha"] == dry
    # There is no environment/dev.
    assert checkout.git("rev-list", "--count", "environment/dev-next") == "1\n"


def test_apps_share_a_branch_with_only_path(checkout: Checkout) -> None:
    checkout.hydrate("--path", "support", "--only-path")
    assert checkout.git("ls-tree", "-r", "--name-only", BRANCH).split() == [
        f"support/{name}" for name in ("README.md", "hydrator.metadata", "manifest.yaml")
    ]
    # It is the only one that the Promoter reads then.
    assert json.loads(checkout.show("support/hydrator.metadata"))["subject"] == "First release"


def test_work_tree_index_and_hooks_are_left_alone(checkout: Checkout, tmp_path: Path) -> None:
    hook = checkout.root / ".git/hooks/reference-transaction"
    marks = tmp_path / "marks"
    for name in ("reference-transaction", "pre-push", "post-index-change", "fsmonitor"):
        hook = checkout.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> '{marks}'\n")
        hook.chmod(0o755)
    (checkout.root / ".git/config").write_text(
        (checkout.root / ".git/config").read_text() + f"[core]\n\tfsmonitor = {hook}\n"
    )
    index = (checkout.root / ".git/index").read_bytes()
    checkout.hydrate()
    assert not marks.exists()
    assert (checkout.root / ".git/index").read_bytes() == index
    assert not (checkout.root / "apps/support/deploy").exists()


def test_variables_that_git_sets_for_hooks_do_not_lead_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    checkout.git("init", "--quiet", str(tmp_path / "elsewhere"))
    checkout.hydrate(GIT_DIR=str(tmp_path / "elsewhere/.git"), GIT_INDEX_FILE=str(tmp_path / "index"))
    assert checkout.tip()


def dirty(checkout: Checkout) -> None:
    (checkout.root / "apps/support/deploy.yaml").write_text(DEPLOY.replace("low", "high"))


def untracked(checkout: Checkout) -> None:
    (checkout.root / "apps/support/requirements.txt").write_text("requests\n")


def ignored(checkout: Checkout) -> None:
    (checkout.root / ".gitignore").write_text("requirements.txt\n")
    checkout.commit("Ignore it")
    untracked(checkout)


def ignored_images(checkout: Checkout) -> None:
    (checkout.root / ".gitignore").write_text("images.yaml\n")
    checkout.commit("Ignore it")
    (checkout.root / "apps/support/images.yaml").write_text("# nothing yet\n")


def unnamed(checkout: Checkout) -> None:
    checkout.git("remote", "set-url", "origin", "/srv/git/shop.git")


def unborn(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "--orphan", "new")


def checked_out(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "-b", BRANCH)


def no_repository(checkout: Checkout) -> None:
    (checkout.root / ".git").rename(checkout.root / "no-git")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (dirty, "commit these first, or what is written would name a commit that it does not come from:\n  "),
        (untracked, "  apps/support/requirements.txt"),
        (ignored, "  apps/support/requirements.txt"),
        (ignored_images, "  apps/support/images.yaml"),
        (unnamed, "set gitops.repo_url"),
        (unborn, "the repository has no commit yet"),
        (checked_out, "is checked out in"),
        (no_repository, "is not in a git work tree"),
    ],
)
def test_what_would_not_be_true_is_refused(
    checkout: Checkout, spoil: Callable[[Checkout], None], words: str
) -> None:
    spoil(checkout)
    assert words in checkout.hydrate(expected=2).stderr


def test_what_is_no_name_of_a_branch_is_refused(checkout: Checkout) -> None:
    assert "'a b' is not a name for a branch" in checkout.hydrate("--branch=a b", expected=2).stderr
    for name in ("a..b", "-x", "HEAD", "x.lock", "a\nb", "@{-1}", ""):
        with pytest.raises(InputError, match="is not a name for a branch"):
            refuse_name(checkout.root, name, os.environ)


def test_what_is_no_folder_of_a_branch_is_refused(checkout: Checkout) -> None:
    assert "cannot be the folder of an app" in checkout.hydrate("--path=a/../b", expected=2).stderr
    for path in ("", "/", "../x", "a//b", ".git/hooks", "a/.GIT", 'a"b', "a b", "a\nb"):
        with pytest.raises(InputError, match="cannot be the folder of an app"):
            checked_path(path)


def test_what_no_hydrator_wrote_is_not_overwritten(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "--orphan", BRANCH)
    (checkout.root / "theirs").mkdir()
    (checkout.root / "theirs/README.md").write_text("theirs\n")
    checkout.commit("Theirs")
    checkout.git("checkout", "--quiet", "main")
    before = checkout.tip()
    told = checkout.hydrate("--path=theirs", expected=2).stderr
    assert "no hydrator wrote 'theirs/README.md'" in told
    assert "is not a folder" in checkout.hydrate("--path=theirs/README.md/x", expected=2).stderr
    assert checkout.tip() == before


def test_a_user_that_git_does_not_know_is_told(checkout: Checkout) -> None:
    nobody = {**dict.fromkeys(IDENTITY, ""), **NAMES, "EMAIL": ""}
    checkout.git("config", "user.useConfigOnly", "true")
    given = ("work/apps/support", "-e", "prod", "--branch", BRANCH)
    done = checkout.jvbundler("hydrate", *given, **nobody)
    assert done.returncode == 2
    assert "set user.name and user.email" in done.stderr


def test_a_dry_run_shows_what_would_be_committed_and_changes_nothing(checkout: Checkout) -> None:
    shown = checkout.hydrate("--dry-run", "--push").stdout
    assert "LEVEL: low" in shown
    assert "git -C work/apps/support -c core.hooksPath=/dev/null" in shown
    assert f"--force-with-lease=refs/heads/{BRANCH}:" in shown
    assert checkout.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]
    # And it does so when it is pasted.
    script = next(line for line in shown.splitlines() if "fast-import" in line)
    env = {"PATH": os.environ["PATH"], **NAMES}
    done = subprocess.run(["bash", "-euc", script], cwd=checkout.root.parent, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    made = checkout.tip()
    checkout.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    checkout.hydrate()
    assert checkout.tip() == made


def test_nothing_is_pushed_unless_asked(pushing: Checkout) -> None:
    pushing.hydrate()
    assert pushing.git("for-each-ref", "--format=%(refname)", cwd=pushing.remote).split() == [
        "refs/heads/main"
    ]
    # What was committed before is pushed then, and only once.
    assert json.loads(pushing.hydrate("--push", "--json").stdout)["pushed"] is True
    for ref in (f"refs/heads/{BRANCH}", NOTES):
        assert pushing.tip(ref, cwd=pushing.remote) == pushing.tip(ref)
    assert json.loads(pushing.hydrate("--push", "--json").stdout)["steps"] == []


def test_a_fresh_clone_builds_on_the_branch_of_the_remote(pushing: Checkout, tmp_path: Path) -> None:
    pushing.hydrate("--push")
    first = pushing.tip()
    pushing.edit("low", "high")
    pushing.git("push", "--quiet", "origin", "main")
    pushing.root.rename(tmp_path / "before")
    depth = ("--depth=1", "--single-branch", "--branch=main")
    pushing.git("clone", "--quiet", *depth, f"file://{pushing.remote}", "work", cwd=tmp_path)
    pushing.hydrate("--push")
    assert pushing.tip(f"{BRANCH}^", cwd=pushing.remote) == first
    assert json.loads(pushing.note()) == {"drySha": pushing.tip("HEAD")}
    assert len(pushing.git("ls-tree", "--name-only", NOTES).split()) == 2


RACE = """#!/bin/sh
# Somebody else is faster, once.
[ -e "$0.done" ] && exit 0
touch "$0.done"
unset GIT_QUARANTINE_PATH
new=$(git commit-tree -p "$(git rev-parse NAME)" -m "Theirs" "$(git rev-parse NAME^{tree})")
git update-ref NAME "$new"
"""


@pytest.mark.parametrize("name", [f"refs/heads/{BRANCH}", NOTES])
def test_a_push_that_comes_too_late_is_made_again_on_top(pushing: Checkout, name: str) -> None:
    pushing.hydrate("--push")
    pushing.edit("low", "high")
    hook = pushing.remote / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(RACE.replace("NAME", name))
    hook.chmod(0o755)
    done = pushing.hydrate("--push")
    assert "somebody else has pushed to 'origin': once more, on top of that" in done.stderr
    subjects = pushing.git("log", "--format=%s", name, cwd=pushing.remote).split("\n")
    assert subjects[1] == "Theirs"
    for ref in (f"refs/heads/{BRANCH}", NOTES):
        assert pushing.tip(ref, cwd=pushing.remote) == pushing.tip(ref)


def test_a_branch_that_has_parted_is_refused(pushing: Checkout) -> None:
    pushing.hydrate("--push")
    other = pushing.git("commit-tree", "-m", "Else", f"{BRANCH}^{{tree}}").strip()
    pushing.git("update-ref", f"refs/heads/{BRANCH}", other)
    told = pushing.hydrate("--push", expected=2).stderr
    assert f"'{BRANCH}' has commits here that the remote does not have" in told
    assert pushing.tip(cwd=pushing.remote) != other


def test_a_protected_environment_is_not_pushed_without_a_word(pushing: Checkout) -> None:
    pushing.edit("app:", "protected: [prod]\napp:")
    assert "'prod' is protected" in pushing.hydrate("--push", expected=2).stderr
    pushing.hydrate()
    pushing.hydrate("--push", "--yes")


def test_a_repository_with_sha_256_is_as_good(checkout: Checkout, tmp_path: Path) -> None:
    (checkout.root / ".git").rename(tmp_path / "sha1")
    checkout.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    checkout.git("remote", "add", "origin", "git@git.example.com:acme/shop.git")
    dry = checkout.commit("First")
    checkout.hydrate()
    found = json.loads(checkout.show("hydrator.metadata"))
    assert (found["drySha"], len(dry)) == (dry, 64)
    assert found["repoURL"] == "git@git.example.com:acme/shop.git"
