"""Which apps a command line means, and where their output goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from jvbundler.fleet.apps import app_folders, app_roots, is_many
from jvbundler.pipeline.request import AppFolder, Options
from jvbundler.values.problem import InputError
from tests.fleet.conftest import MakeApps

OPTIONS = Options(environ={})


def test_a_glob_means_the_folders_that_look_like_apps(make_apps: MakeApps) -> None:
    make_apps("sales", "support")
    Path("apps", "shared").mkdir()
    Path("apps", "README.md").touch()
    assert app_roots(["apps/*"]) == ["apps/sales", "apps/support"]
    assert app_roots(["./apps/s*s", "apps/support/", "apps/sales"]) == ["apps/sales", "apps/support"]
    assert app_roots(["**"]) == ["apps/sales", "apps/support"]


def test_a_folder_whose_app_yaml_is_missing_is_not_passed_over(make_apps: MakeApps) -> None:
    make_apps("sales")
    Path("apps/sales/app.yaml").unlink()
    assert app_roots(["apps/*"]) == ["apps/sales"]


def test_a_glob_without_a_match_is_an_error(make_apps: MakeApps) -> None:
    make_apps("sales")
    with pytest.raises(InputError, match=r"'services/\*' matches no app"):
        app_roots(["apps/*", "services/*"])


def test_one_folder_is_not_many_and_a_glob_always_is(make_apps: MakeApps) -> None:
    make_apps("sales")
    Path("apps/[old]").mkdir()
    assert not is_many([])
    assert not is_many(["apps/sales"])
    assert not is_many(["apps/[old]"])
    assert is_many(["apps/*"])
    assert is_many(["apps/sales", "apps/[old]"])


def test_the_output_of_each_app_has_its_name(make_apps: MakeApps) -> None:
    make_apps("sales", "support")
    given = app_folders(["apps/*"], Path("gitops"), OPTIONS)
    assert [app.output for app in given] == [Path("gitops/sales"), Path("gitops/support")]
    beside = app_folders(["apps/*"], None, OPTIONS)
    assert [app.output for app in beside] == [Path("apps/sales/deploy"), Path("apps/support/deploy")]


@pytest.mark.parametrize("other", ["Sales", "sales"])
def test_two_apps_for_one_folder_are_refused_by_name(make_apps: MakeApps, other: str) -> None:
    make_apps("sales", f"old/{other}")
    with pytest.raises(InputError, match=f"'apps/sales' and 'apps/old/{other}' would both be written to"):
        app_folders(["apps/sales", f"apps/old/{other}"], Path("gitops"), OPTIONS)


def test_one_deploy_yaml_for_all_takes_an_output_folder(make_apps: MakeApps) -> None:
    make_apps("sales", "support")
    shared = Options(environ={}, config=Path("apps/sales/deploy.yaml"))
    with pytest.raises(InputError, match="would both be written to 'apps/sales/deploy'"):
        app_folders(["apps/*"], None, shared)
    assert len(app_folders(["apps/*"], Path("gitops"), shared)) == 2


def test_one_app_is_a_list_of_one_whose_output_is_the_folder_itself(make_apps: MakeApps) -> None:
    make_apps("sales")
    [given] = app_folders(["./apps/sales/"], Path("out"), OPTIONS)
    assert given == AppFolder(Path("apps/sales"), "apps/sales", Path("out"))
    [here] = app_folders([], None, OPTIONS)
    assert here == app_folders(["./"], None, OPTIONS)[0] == AppFolder(Path(), ".", Path("deploy"))
    assert app_folders(["apps/s*"], Path("out"), OPTIONS)[0].output == Path("out/sales")
