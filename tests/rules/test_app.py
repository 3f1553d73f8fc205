"""Rules that look at the app folder and at its packages."""

from __future__ import annotations

import shutil
from pathlib import Path

from packaging.utils import canonicalize_name

from jvbundler.rules.debian_packages import NEEDS, needed
from jvbundler.rules.engine import check_project
from tests.rules.projects import ROOT, project, support_app

QUIET = "kubernetes: {enabled: true, persistence: {enabled: true}}\n"


def test_an_app_of_more_than_500_mb_is_told_its_largest_part(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "golden/app", tmp_path / "app")
    model = tmp_path / "app/models/embedding.bin"
    model.parent.mkdir()
    with model.open("wb") as file:
        file.truncate(501_000_000)  # a hole: it takes no space on the disk
    (problem,) = check_project(project(QUIET, support_app(tmp_path / "app")))
    assert (problem.rule, problem.place.file) == ("JVB221", "app.yaml")
    assert problem.hint == "move the largest part out: 'models' has 501 MB"


def test_what_the_image_leaves_out_does_not_count(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "golden/app", tmp_path / "app")
    (tmp_path / "app/.git").mkdir()
    with (tmp_path / "app/.git/pack").open("wb") as file:
        file.truncate(501_000_000)
    assert check_project(project(QUIET, support_app(tmp_path / "app"))) == ()


def test_the_table_of_packages_is_by_canonical_name() -> None:
    assert [name for name in NEEDS if canonicalize_name(name) != name] == []
    assert list(NEEDS) == sorted(NEEDS)


def test_a_package_from_git_needs_git_while_it_is_installed() -> None:
    need = needed("shop", "shop @ git+https://git.example.com/acme/shop.git")
    assert need is not None
    assert need.build == ("git",)
