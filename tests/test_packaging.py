"""The wheel and the sdist hold all that a render needs, and nothing of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.golden.cases import CASES, GOLDEN, app_of, environ, tree

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


def test_the_wheel_holds_templates_and_schemas_and_no_tests(built: Path) -> None:
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    assert "jvbundler/schemas/deploy.schema.json" in names
    assert "jvbundler/templates/docker/Dockerfile.j2" in names
    assert "jvbundler/compiled_templates.py" in names
    assert "jvbundler/py.typed" in names
    assert not [n for n in names if n.startswith(("tests/", "golden/")) or "/__pycache__/" in n]


def test_the_templates_that_the_wheel_holds_compiled_render_every_case(built: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(next(built.glob("*.whl"))).extractall(tmp_path / "wheel")
    for case in CASES:
        app = app_of(case, tmp_path)
        env = {**environ(case), "PYTHONPATH": str(tmp_path / "wheel")}
        command = [sys.executable, "-X", "importtime", "-m", "jvbundler", "render"]
        done = subprocess.run(command, cwd=app, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert tree(app / "deploy") == tree(GOLDEN / case / "expected")
        uses_filters = "| replace" in (app / "deploy.yaml").read_text(encoding="utf-8")
        assert ("jinja2.environment" in done.stderr) == uses_filters, f"{case} imported Jinja2 for nothing"


@pytest.mark.parametrize(
    "text",
    [
        "{% macro greet() %}hi{% endmacro %}{{ greet() }}",
        "{% for x in xs %}{{ loop.last }}{% endfor %}",
        "{{ x | upper }}",
        "{{ 'a' if x is defined else 'b' }}",
    ],
)
def test_a_template_that_uses_more_of_jinja2_than_the_wheel_has_is_refused(text: str) -> None:
    script = (
        "import sys; sys.path[:0] = ['scripts', '.']\n"
        "from compile_templates import refuse_unsupported\n"
        "from jvbundler.render.text.templating import environment\n"
        "refuse_unsupported(environment(str), 'new.j2', sys.argv[1])"
    )
    command = [sys.executable, "-c", script, text]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "ValueError: new.j2:1: " in done.stderr
    assert "is not in jvbundler/render/text/template_runtime.py" in done.stderr


def test_the_sdist_holds_what_the_wheel_is_built_from(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"schemas/deploy.schema.json", "templates/docker/Dockerfile.j2", "LICENSE", "README.md"} <= names
    assert "jvbundler/py.typed" in names


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_what_is_installed_renders_from_another_folder(built: Path, kind: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    run(tmp_path / "venv/bin/pip", "install", "-q", next(built.glob(kind)), cwd=tmp_path)
    app = tmp_path / "app"
    run("cp", "-r", ROOT / "golden/app", app, cwd=tmp_path)
    run(tmp_path / "venv/bin/jvbundler", "init", "app", "--all", cwd=tmp_path)
    run(tmp_path / "venv/bin/jvbundler", "render", "app", cwd=tmp_path)
    assert (app / "deploy/kubernetes/rendered/default/manifest.yaml").is_file()
