"""The shipped lists of core actions, and those made from an installed jvagent."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
from pathlib import Path

import pytest

from jvbundler.app.catalog import available_versions, load_catalog, package_catalog
from jvbundler.app.jvagent_package import Package
from jvbundler.app.load import load_app
from jvbundler.app.model import App
from jvbundler.app.packages import REQUIRED_BY_JVSPATIAL
from jvbundler.values.packaged import packaged_text
from jvbundler.values.problem import Place, Problem
from tests.app.conftest import CHECKOUT, Write

DEPLOY = Place("deploy.yaml", 3, 5)


def test_the_releases_whose_actions_are_known() -> None:
    assert available_versions()[0] == "0.1.1"
    assert "0.1.7" in available_versions()


def test_every_shipped_list_is_whole() -> None:
    for version in available_versions():
        catalog, problems = load_catalog(version, DEPLOY)
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
    shipped, _ = load_catalog("0.1.7", DEPLOY)
    for folder in (jvagent_package, jvagent_package.parent):
        found, problems = package_catalog(Package(folder, str(folder)), DEPLOY)
        assert not problems
        assert found is not None
        assert found._replace(is_shipped=True) == shipped


def test_a_version_that_is_not_shipped_is_read_from_the_jvagent_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jvagent/action/own").mkdir(parents=True)
    (tmp_path / "jvagent/__init__.py").touch()
    (tmp_path / "jvagent/version.py").write_text('__version__ = "7.0"')
    (tmp_path / "jvagent/action/own/info.yaml").write_text("package: {name: jvagent/own, archetype: Own}")
    monkeypatch.syspath_prepend(tmp_path)
    catalog, problems = load_catalog("7.0", DEPLOY)
    assert not problems
    assert catalog is not None
    assert list(catalog.actions) == ["jvagent/own"]
    none, (problem,) = load_catalog("7.1", DEPLOY)
    assert none is None
    assert ", installed: 7.0;" in problem.hint


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
    catalog, (problem,) = package_catalog(Package(tmp_path, "here"), DEPLOY)
    assert catalog is None
    assert problem.rule == "JVB205"


PATH_AT = Place("deploy.yaml", 2, 3)
OWN = "package: {name: jvagent/own, archetype: Own, dependencies: {pip: [own-lib>=2]}}\n"
USES_OWN = {
    "app.yaml": "agents: [acme/bot]\n",
    "agents/acme/bot/agent.yaml": "agent: acme/bot\nactions: [{action: jvagent/own}]\n",
    "vendor/jvagent/action/own/info.yaml": OWN,
}


def of_the_app(root: Path, version: str = "", path: str = "vendor") -> tuple[App, tuple[Problem, ...]]:
    app, problems = load_app(
        root, "app", jvagent_version=version, version_at=DEPLOY, jvagent_path=Path(path), path_at=PATH_AT
    )
    assert app is not None
    return app, problems


def test_the_image_gets_the_release_that_the_package_is(write: Write) -> None:
    root = write({**USES_OWN, "vendor/jvagent/version.py": '__version__ = "0.1.6"\n'})
    for path in ("vendor", "vendor/jvagent", "./vendor/"):
        app, problems = of_the_app(root, path=path)
        assert not problems
        assert (app.jvagent_version, app.jvagent_is_shipped) == ("0.1.6", False)
        assert [one.spec for one in app.requirements] == ["own-lib>=2"]
    assert of_the_app(root, "0.1.6")[1] == ()


def test_a_package_of_another_release_than_deploy_yaml_names(write: Write) -> None:
    root = write({**USES_OWN, "vendor/jvagent/version.py": '__version__ = "0.1.6"\n'})
    _, (problem,) = of_the_app(root, "0.1.7")
    assert (problem.rule, problem.severity) == ("JVB205", "error")
    assert (problem.place, problem.related) == (DEPLOY, (PATH_AT,))


@pytest.mark.parametrize("text", ["", '__version__ = "0.2.0.dev3+gabc"', "__version__ = '0.2\\n'", "\xff"])
def test_a_package_that_is_no_release_needs_the_name_of_one(write: Write, text: str) -> None:
    root = write({**USES_OWN, "vendor/jvagent/version.py": text})
    _, (problem,) = of_the_app(root)
    assert (problem.rule, problem.severity, problem.place) == ("JVB205", "error", PATH_AT)
    app, problems = of_the_app(root, "0.1.7")
    assert (app.jvagent_version, problems) == ("0.1.7", ())


def test_a_package_that_app_yaml_does_not_allow(write: Write) -> None:
    files = {**USES_OWN, "app.yaml": "jvagent: ~0.2.1\nagents: [acme/bot]\n"}
    root = write({**files, "vendor/jvagent/version.py": '__version__ = "0.1.6"\n'})
    _, (problem,) = of_the_app(root)
    assert (problem.rule, problem.severity, problem.related) == ("JVB213", "warning", (PATH_AT,))


def test_no_file_of_the_apps_package_is_read_outside_the_app(write: Write) -> None:
    root = write(
        {
            **USES_OWN,
            "../secret/version.py": '__version__ = "6.6.6"\n',
            "../secret/action/x/info.yaml": OWN.replace("own", "stolen"),
            "../pyproject.toml": 'requires-python = ">=6.6"\n',
        }
    )
    package = root / "vendor/jvagent"
    (package / "version.py").symlink_to(root.parent / "secret/version.py")
    (package / "action/linked").symlink_to(root.parent / "secret/action/x")
    (package / "action/file").mkdir()
    (package / "action/file/info.yaml").symlink_to(root.parent / "secret/action/x/info.yaml")
    (root / "vendor/pyproject.toml").symlink_to(root.parent / "pyproject.toml")
    app, problems = of_the_app(root, "0.1.7")
    assert app.requires_python == ""
    assert [(p.rule, p.place.file) for p in problems] == [
        ("JVB207", "app/vendor/jvagent/action/file/info.yaml"),
        ("JVB207", "app/vendor/jvagent/version.py"),
        ("JVB207", "app/vendor/pyproject.toml"),
    ]
    (root / "link").symlink_to(root.parent / "secret")
    for path in ("../secret", "link", "vendor/../../secret", "/etc"):
        _, (problem, *_) = of_the_app(root, "0.1.7", path)
        assert (problem.rule, problem.place) == ("JVB207", PATH_AT)


def test_nothing_beside_a_package_at_the_top_of_the_app_is_read(write: Write) -> None:
    own = {"action/own/info.yaml": OWN, "version.py": '__version__ = "0.1.6"\n'}
    root = write({**USES_OWN, **own, "../pyproject.toml": 'requires-python = ">=6.6"\n'})
    app, problems = of_the_app(root, path=".")
    assert (app.jvagent_version, app.requires_python, problems) == ("0.1.6", "", ())


def test_a_pipe_and_words_that_no_file_can_hold_are_problems(write: Write) -> None:
    bad = 'package: {name: "jvagent/a\\nRUN id", archetype: Own}\n'
    root = write({**USES_OWN, "vendor/jvagent/action/bad/info.yaml": bad})
    os.mkfifo(root / "vendor/jvagent/version.py")
    _, problems = of_the_app(root, "0.1.7")
    assert [p.rule for p in problems] == ["JVB211", "JVB209"]


@pytest.mark.parametrize("number", ["²", 5000 * "1"], ids=["no-digit", "too-many"])
def test_metadata_that_is_no_specifier_counts_as_none(write: Write, number: str) -> None:
    metadata = f'requires-python = ">={number}"\ndependencies = [\n "jvspatial>={number}",\n]\n'
    root = write({**USES_OWN, "vendor/pyproject.toml": metadata, "requirements.txt": "jvspatial>=1\n"})
    app, problems = of_the_app(root, "0.1.7")
    assert (app.requires_python, problems) == ("", ())


def test_folders_may_be_nested_deeper_than_pythons_calls(write: Write) -> None:
    root = write(USES_OWN)
    here, levels = Path.cwd(), 1_500
    try:
        os.chdir(root / "vendor/jvagent/action")
        for _ in range(levels):
            Path("d").mkdir()
            os.chdir("d")
        os.chdir(here)
        assert of_the_app(root, "0.1.7")[1] == ()
    finally:
        # pytest could not: it calls itself once a level.
        subprocess.run(["rm", "-rf", root / "vendor"], check=True)
        os.chdir(here)


def test_what_jvspatial_requires_itself(jvagent_package: Path) -> None:
    (metadata,) = jvagent_package.parent.glob("jvspatial-*.dist-info/METADATA")
    lines = metadata.read_text(encoding="utf-8").splitlines()
    found = [re.match(r"Requires-Dist: ([\w.-]+)(?!.*extra ==)", line) for line in lines]
    assert tuple(sorted(match[1].lower() for match in found if match)) == REQUIRED_BY_JVSPATIAL
