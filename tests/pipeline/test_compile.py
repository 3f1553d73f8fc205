"""deploy.yaml and an app → a project, or all that is wrong with them; and the digest of what went in."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import FrameType

import pytest

from jvbundler.generated import validator
from jvbundler.pipeline.compile import compile_project
from jvbundler.pipeline.inputs import inputs_digest, read_inputs
from jvbundler.pipeline.request import AppFolder, Options, assignments, output_path
from jvbundler.values.problem import InputError

NOTHING = Options(environ={})


@pytest.fixture
def app(tmp_path: Path) -> Path:
    root = tmp_path / "support"
    root.mkdir()
    (root / "app.yaml").write_text("app: support\nversion: 1.2.0\n")
    (root / "deploy.yaml").write_text('version: "1.0"\nsecrets: [DB_PASSWORD]\n')
    return root


def digest(root: Path, options: Options = NOTHING) -> str:
    compiled = compile_project(root, "support", options)
    inputs = read_inputs(AppFolder(root, "support", root / "deploy"), None)
    return inputs_digest(inputs, compiled.source, compiled.project.app.jvagent_version)


def test_all_problems_come_at_once_and_in_order(app: Path) -> None:
    (app / "app.yaml").write_text("app: support\nagents: 3\n")
    (app / "deploy.yaml").write_text("server: {port: 0}\nimage: {extra_pip: ['no spec!']}\nbogus: 1\n")
    with pytest.raises(InputError) as wrong:
        compile_project(app, "support", NOTHING)
    places = [problem.place for problem in wrong.value.problems]
    assert places == sorted(places)
    assert {place.file for place in places} == {"support/app.yaml", "support/deploy.yaml"}


def test_a_package_of_deploy_yaml_is_blamed_on_its_line(app: Path) -> None:
    (app / "deploy.yaml").write_text("image:\n  extra_pip:\n    - httpx\n    - 'no spec!'\n")
    with pytest.raises(InputError) as wrong:
        compile_project(app, "support", NOTHING)
    errors = [problem for problem in wrong.value.problems if problem.is_error]
    assert [str(problem.place) for problem in errors] == ["support/deploy.yaml:4:7"]


def test_a_missing_app_is_not_told_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError) as wrong:
        compile_project(tmp_path, "x", NOTHING)
    assert [problem.rule for problem in wrong.value.problems] == ["JVB200"]


def test_a_variable_of_the_command_line_wins_over_every_section(app: Path) -> None:
    (app / "deploy.yaml").write_text(
        "environment: {LEVEL: a}\nlambda: {enabled: true, environment: {LEVEL: b}}\n"
        "kubernetes: {enabled: true}\n"
    )
    options = Options(environ={}, assignments=assignments([], ["LEVEL=08"]))
    environment = compile_project(app, "support", options).project.environments[0]
    assert environment.lambda_variables["LEVEL"] == "08"
    assert environment.kubernetes_variables["LEVEL"] == "08"


def test_the_digest_does_not_depend_on_where_the_app_is_or_how_it_is_called(app: Path) -> None:
    moved = app.parent / "elsewhere"
    shutil.copytree(app, moved)
    assert digest(moved) == digest(app)


def test_the_digest_follows_what_is_read_and_nothing_else(app: Path) -> None:
    digests = [digest(app)]
    (app / "README.md").write_text("not read")
    (app / ".env").write_text("DB_PASSWORD=x")
    assert digest(app) == digests[0]
    (app / "requirements.txt").write_text("httpx\n")
    digests.append(digest(app))
    digests.append(digest(app, Options(environ={}, assignments=assignments(["app.name=x"], []))))
    assert len(set(digests)) == len(digests)


def test_the_digest_tells_nothing_of_a_secrets_value(app: Path) -> None:
    (app / "deploy.yaml").write_text("environment: {DB_PASSWORD: '${DB_PASSWORD}', LEVEL: '${LEVEL}'}\n")
    one = digest(app, Options(environ={"DB_PASSWORD": "one", "LEVEL": "1"}))
    assert one == digest(app, Options(environ={"DB_PASSWORD": "two", "LEVEL": "1"}))
    assert one != digest(app, Options(environ={"DB_PASSWORD": "one", "LEVEL": "2"}))


def test_the_output_is_beside_deploy_yaml() -> None:
    assert output_path(Path("apps/x"), None, NOTHING) == Path("apps/x/deploy")
    assert output_path(Path(), None, Options(environ={}, config=Path("ops/d.yaml"))) == Path("ops/deploy")
    assert output_path(Path(), Path("out"), NOTHING) == Path("out")


def validations(app: Path) -> int:
    """How often compiling the app calls the validator."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is validator.validate.__code__:
            calls.append(event)

    sys.setprofile(note)
    try:
        compile_project(app, "support", NOTHING)
    finally:
        sys.setprofile(None)
    return len(calls)


def test_the_top_level_is_validated_once(app: Path) -> None:
    assert validations(app) == 1
    (app / "deploy.yaml").write_text("environments: {dev: {}, prod: {}}\n")
    assert validations(app) == 3
