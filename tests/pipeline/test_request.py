"""Which files `-e` and `--target` are about."""

from __future__ import annotations

import pytest

from jvbundler.pipeline.request import Selection, environment_of

PATHS = {
    "README.md": "",
    "docker/Dockerfile": "",
    "lambda/prod/template.yaml": "prod",
    "lambda/samconfig.toml": "",
    "kubernetes/base/kustomization.yaml": "",
    "kubernetes/overlays/prod/kustomization.yaml": "prod",
    "kubernetes/rendered/dev/manifest.yaml": "dev",
    "gitops/argocd/prod.yaml": "prod",
}


@pytest.mark.parametrize(("path", "environment"), PATHS.items())
def test_the_environment_of_a_path(path: str, environment: str) -> None:
    assert environment_of(path) == environment


def test_shared_files_belong_to_every_environment() -> None:
    covered = [path for path in PATHS if Selection(environments=("dev",)).covers(path)]
    assert covered == [path for path, environment in PATHS.items() if environment in ("", "dev")]


def test_a_target_has_its_folder_and_the_readme() -> None:
    covered = [path for path in PATHS if Selection(targets=("lambda",)).covers(path)]
    assert covered == ["README.md", "lambda/prod/template.yaml", "lambda/samconfig.toml"]
