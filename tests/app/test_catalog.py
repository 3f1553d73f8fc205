"""The shipped lists of core actions, and those made from an installed jvagent."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from jvbundler.app.catalog import available_versions, load_catalog
from jvbundler.app.load import load_app
from jvbundler.values.packaged import packaged_text
from jvbundler.values.problem import Place
from tests.app.conftest import CHECKOUT, Write

DEPLOY = Place("deploy.yaml", 3, 5)


def test_the_releases_whose_actions_are_known() -> None:
    assert available_versions()[0] == "0.1.1"
    assert "0.1.7" in available_versions()


def test_every_shipped_list_is_whole() -> None:
    for version in available_versions():
        catalog, problems = load_catalog(version, None, DEPLOY)
        assert not problems
        assert catalog is not None
        assert (catalog.jvagent, catalog.python) == (version, ">=3.10")
        assert catalog.jvspatial.startswith("==")
        for action in catalog.actions.values():
            assert set(action.actions) <= set(catalog.actions)


def test_the_installed_jvagent_gives_the_shipped_file(jvagent_package: Path) -> None:
    script = runpy.run_path(str(CHECKOUT / "scripts" / "build_catalog.py"))
    assert script["catalog_text"](jvagent_package, "0.1.7") == packaged_text("schemas/catalog/0.1.7.json")


def test_a_folder_takes_the_place_of_the_shipped_list(jvagent_package: Path) -> None:
    shipped, _ = load_catalog("0.1.7", None, DEPLOY)
    assert load_catalog("9.9", jvagent_package, DEPLOY) == (shipped, ())
    assert load_catalog("9.9", jvagent_package.parent, DEPLOY) == (shipped, ())


def test_a_version_that_is_not_shipped_is_read_from_the_jvagent_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jvagent/action/own").mkdir(parents=True)
    (tmp_path / "jvagent/__init__.py").touch()
    (tmp_path / "jvagent/version.py").write_text('__version__ = "7.0"')
    (tmp_path / "jvagent/action/own/info.yaml").write_text("package: {name: jvagent/own, archetype: Own}")
    monkeypatch.syspath_prepend(tmp_path)
    catalog, problems = load_catalog("7.0", None, DEPLOY)
    assert not problems
    assert catalog is not None
    assert list(catalog.actions) == ["jvagent/own"]
    assert load_catalog("7.1", None, DEPLOY)[0] is None


def test_an_app_on_a_jvagent_of_ones_own(write: Write) -> None:
    info = "package: {name: jvagent/own, archetype: Own, dependencies: {pip: [own-lib>=2]}}\n"
    root = write(
        {
            "../jv/jvagent/version.py": '__version__ = "7.0"\n',
            "../jv/jvagent/action/own/info.yaml": info,
            "../jv/pyproject.toml": 'requires-python = ">=3.11"\ndependencies = [\n  "jvspatial==9.1",\n]\n',
            "app.yaml": "agents: [acme/bot]\n",
            "agents/acme/bot/agent.yaml": "agent: acme/bot\nactions: [{action: jvagent/own}]\n",
        }
    )
    app, problems = load_app(root, "app", jvagent_version="", jvagent_path=root.parent / "jv")
    assert not problems
    assert app is not None
    assert (app.jvagent_version, app.requires_python) == ("7.0", ">=3.11")
    assert [one.spec for one in app.requirements] == ["own-lib>=2"]
    assert app.actions[0].origin == "core"


def test_a_folder_that_is_no_jvagent(tmp_path: Path) -> None:
    catalog, (problem,) = load_catalog("0.1.7", tmp_path, DEPLOY)
    assert catalog is None
    assert problem.rule == "JVB205"
