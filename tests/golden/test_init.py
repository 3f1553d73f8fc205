"""`init` words a first deploy.yaml; golden/example-app holds the one for the framework's own example app."""

from __future__ import annotations

import re
from pathlib import Path

from tests.golden.cases import GOLDEN, UPDATE, app_of, environ, jvbundler


def test_init_writes_the_example_apps_deploy_yaml(tmp_path: Path) -> None:
    app = app_of("example-app", tmp_path)
    (app / "deploy.yaml").unlink()
    jvbundler("init", "--all", cwd=app, env=environ("example-app"))
    written = (app / "deploy.yaml").read_text(encoding="utf-8")
    expected = GOLDEN / "example-app" / "deploy.yaml"
    if UPDATE:
        expected.write_text(written, encoding="utf-8")
    assert written == expected.read_text(encoding="utf-8")


def test_every_option_that_init_leaves_as_a_comment_is_valid_when_it_is_written_out(tmp_path: Path) -> None:
    app = app_of("example-app", tmp_path)
    file = app / "deploy.yaml"
    options = re.sub(r"(?m)^( *)# ([a-z_]+: )", r"\1\2", file.read_text(encoding="utf-8"))
    options = re.sub(r"(?m)^environments: .*$", "", options)
    file.write_text(options, encoding="utf-8")
    done = jvbundler("validate", cwd=app, env=environ("example-app"), expected=(0, 2))
    # The examples do not agree with each other, which the rules say; the schema has nothing against any.
    assert not re.search(r"JVB10[34]", done.stderr), done.stderr
