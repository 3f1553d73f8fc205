from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jvbundler.values.problem import ToolFailed
from tests.checkers import kustomize

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  A: b\n"


@pytest.fixture(autouse=True)
def _kustomize(tool: Callable[[str], str]) -> None:
    tool("kustomize")


def test_an_overlay_is_built_to_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.yaml").write_text(CONFIG_MAP)
    (tmp_path / "base" / "kustomization.yaml").write_text("resources: [config.yaml]\n")
    (tmp_path / "prod").mkdir()
    (tmp_path / "prod" / "kustomization.yaml").write_text("resources: [../base]\nnamespace: prod\n")
    assert kustomize.build(tmp_path / "prod") == (
        "apiVersion: v1\ndata:\n  A: b\nkind: ConfigMap\nmetadata:\n  name: shop\n  namespace: prod\n"
    )


def test_a_folder_that_cannot_be_built_is_said_in_kustomizes_words(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    with pytest.raises(ToolFailed, match=r"'kustomize' failed with exit code 1\n.*\n.*missing\.yaml"):
        kustomize.build(tmp_path)


def test_kubectl_does_where_kustomize_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert kustomize.build(Path("overlays/prod")) == "kustomize|overlays/prod|"
