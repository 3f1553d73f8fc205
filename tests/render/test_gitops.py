"""What Argo CD and Flux are told to pull."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jvbundler.pipeline.request import repository_path
from jvbundler.render.gitops import render
from tests.rules.projects import project

KUBERNETES = "kubernetes: {enabled: true, registry: {url: r.io}}\n"
COMMIT, DIGEST = 40 * "a", f"sha256:{64 * 'b'}"


def objects(gitops: str, tool: str = "flux", path: str = "") -> list[dict[str, Any]]:
    """Those of the tool; `gitops` are keys of its section, up to a `}`, and of `gitops`."""
    inside, brace, beside = gitops.rpartition("}, ")
    made = project(
        f"{KUBERNETES}gitops: {{repo_url: 'https://git.example.com/a/b.git', "
        f"{tool}: {{enabled: true, {inside if brace else ''}}}, {beside}}}\n"
    )
    (artifact,) = render(made._replace(repository_path=path))
    return list(yaml.safe_load_all(artifact.text))


@pytest.mark.parametrize(
    ("gitops", "ref"),
    [
        ("", {"branch": "main"}),
        ("revision: release-1.x-line", {"branch": "release-1.x-line"}),
        ("revision: v1.2.3", {"tag": "v1.2.3"}),
        ("revision: 1.2.3-rc.1+b4", {"tag": "1.2.3-rc.1+b4"}),
        ("revision: v1.2.3, revision_kind: branch", {"branch": "v1.2.3"}),
        ("revision: stable, revision_kind: tag", {"tag": "stable"}),
        ("revision: refs/tags/stable", {"tag": "stable"}),
        ("revision: refs/heads/1.2.3", {"branch": "1.2.3"}),
        ("revision: '>=1.2.0 <2.0.0'", {"semver": ">=1.2.0 <2.0.0"}),
        ("revision: ~1.2", {"semver": "~1.2"}),
        ("revision: 1.x", {"semver": "1.x"}),
        (f"revision: {COMMIT}", {"commit": COMMIT}),
        ("source: OCIRepository}, revision: latest", {"tag": "latest"}),
        ("source: OCIRepository}, revision: ^1.0", {"semver": "^1.0"}),
        (f"source: OCIRepository}}, revision: '{DIGEST}'", {"digest": DIGEST}),
        # A branch of this name: no commit has 39 digits, and an artifact none at all.
        (f"revision: {COMMIT[1:]}", {"branch": COMMIT[1:]}),
        (f"source: OCIRepository}}, revision: {COMMIT}", {"tag": COMMIT}),
    ],
)
def test_the_revision_is_what_its_form_says(gitops: str, ref: dict[str, str]) -> None:
    assert objects(gitops)[0]["spec"]["ref"] == ref


@pytest.mark.parametrize(
    ("url", "rendered"),
    [
        ("git@git.example.com:acme/gitops.git", "ssh://git@git.example.com/acme/gitops.git"),
        ("git@git.example.com:/srv/gitops.git", "ssh://git@git.example.com/srv/gitops.git"),
        ("ssh://git@git.example.com:2222/a.git", "ssh://git@git.example.com:2222/a.git"),
        ("https://git.example.com/a.git", "https://git.example.com/a.git"),
    ],
)
def test_flux_gets_a_url_and_argo_cd_what_is_written(url: str, rendered: str) -> None:
    text = "gitops: {{repo_url: '{}', {}: {{enabled: true}}}}\n"
    (flux,) = render(project(KUBERNETES + text.format(url, "flux")))
    assert next(yaml.safe_load_all(flux.text))["spec"]["url"] == rendered
    (argo,) = render(project(KUBERNETES + text.format(url, "argocd")))
    assert yaml.safe_load(argo.text)["spec"]["source"]["repoURL"] == url


@pytest.mark.parametrize("tool", ["argocd", "flux"])
def test_the_path_is_that_of_the_work_tree_unless_it_is_given(tool: str) -> None:
    def path(gitops: str, found: str) -> str:
        spec = objects(gitops, tool, found)[-1]["spec"]
        return str(spec["source"]["path"] if tool == "argocd" else spec["path"])

    rendered = "kubernetes/rendered/default"
    assert path("", "apps/support/deploy") == f"apps/support/deploy/{rendered}"
    assert path("", ".") == rendered, "the output is the root of its repository"
    assert path("", "") == f"deploy/{rendered}", "it is in no work tree"
    assert path("path: ./live/", "deploy") == f"live/{rendered}"


def test_the_work_tree_is_found_above_the_output(tmp_path: Path) -> None:
    output = tmp_path / "repository" / "apps" / "support"
    assert repository_path(output) == "", "nothing is there yet, not even a folder"
    (tmp_path / "repository").mkdir()
    # A file in a worktree of its own, and in a submodule.
    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere\n")
    assert repository_path(output) == "apps/support"
    assert repository_path(tmp_path / "repository") == "."


def test_flux_waits_a_minute_longer_than_kubernetes() -> None:
    def timeout(deadline: int, gitops: str = "") -> str:
        made = project(
            "kubernetes: {enabled: true, registry: {url: r.io}, "
            f"deployment: {{progress_deadline_seconds: {deadline}}}}}\n"
            f"gitops: {{repo_url: 'https://git.example.com/a.git', flux: {{enabled: true, {gitops}}}}}\n"
        )
        return str(list(yaml.safe_load_all(next(render(made)).text))[1]["spec"]["timeout"])

    assert (timeout(600), timeout(90), timeout(600, "timeout: 20m")) == ("11m", "150s", "20m")


def test_a_cascade_is_a_finalizer() -> None:
    def metadata(gitops: str) -> dict[str, Any]:
        return dict(objects(gitops, "argocd")[0]["metadata"])

    finalizer = "resources-finalizer.argocd.argoproj.io"
    assert metadata("cascade: true}, ")["finalizers"] == [finalizer]
    assert "finalizers" not in metadata("")
