"""`init` words a first deploy.yaml; golden/example-app holds those for the framework's own example app.

Its deploy.yaml is what is rendered: what the app needs. deploy.full.yaml has every option.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.golden.cases import GOLDEN, UPDATE, app_of, environ, jvbundler

FILES = {"deploy.yaml": (), "deploy.full.yaml": ("--full",)}


@pytest.mark.parametrize("file", FILES)
def test_init_writes_the_example_apps_deploy_yaml(tmp_path: Path, file: str) -> None:
    app = app_of("example-app", tmp_path)
    (app / "deploy.yaml").unlink()
    jvbundler("init", "--all", *FILES[file], cwd=app, env=environ("example-app"))
    written = (app / "deploy.yaml").read_text(encoding="utf-8")
    expected = GOLDEN / "example-app" / file
    if UPDATE:
        expected.write_text(written, encoding="utf-8")
    assert written == expected.read_text(encoding="utf-8")


def test_a_short_file_is_read_at_a_glance() -> None:
    lines = (GOLDEN / "example-app/deploy.yaml").read_text(encoding="utf-8").splitlines()
    # Of an app with 23 actions, which reads many variables.
    assert len(lines) < 75
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("file", FILES)
def test_every_option_that_init_leaves_as_a_comment_is_valid_when_it_is_written_out(
    tmp_path: Path, file: str
) -> None:
    app = app_of("example-app", tmp_path)
    text = (GOLDEN / "example-app" / file).read_text(encoding="utf-8")
    options = re.sub(r"(?m)^( *)# ( *[a-z_]+:( |$))", r"\1\2", text)
    options = re.sub(r"(?m)^environments: .*$", "", options)
    (app / "deploy.yaml").write_text(options, encoding="utf-8")
    done = jvbundler("validate", cwd=app, env=environ("example-app"), expected=(0, 2))
    # The examples do not agree with each other, which the rules say; the schema has nothing against any.
    assert not re.search(r"JVB10[0-9]", done.stderr), done.stderr
    assert options != text
