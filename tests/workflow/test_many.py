"""Which apps a command line means, where their output goes, and that a job runs for each of them in order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jvbundler.values.errors import InputError
from jvbundler.workflow.many import (
    ENOUGH_FOR_WORKERS,
    AppFolder,
    app_folders,
    app_roots,
    each,
    is_many,
)
from jvbundler.workflow.options import Options
from tests.workflow.conftest import MakeApps

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


def name_and_process(app: AppFolder) -> tuple[str, int]:
    return app.shown_as, os.getpid()


@pytest.mark.parametrize(
    "number", [1, ENOUGH_FOR_WORKERS - 1, ENOUGH_FOR_WORKERS, 5 * ENOUGH_FOR_WORKERS + 1]
)
def test_results_come_in_the_order_of_the_apps(number: int) -> None:
    apps = [AppFolder(Path(str(i)), str(i), Path("out", str(i))) for i in range(number)]
    results = list(each(name_and_process, apps))
    assert [name for name, _ in results] == [app.shown_as for app in apps]
    if number < ENOUGH_FOR_WORKERS:
        assert {process for _, process in results} == {os.getpid()}
