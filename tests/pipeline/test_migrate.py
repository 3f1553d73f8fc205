"""`migrate` moves what has an old name, and leaves all else as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from jvbundler.pipeline.migrate import migrated
from jvbundler.values.problem import InputError
from tests.cli.conftest import Run, app, jvbundler

__all__ = ["app", "jvbundler"]

OLD = """\
# All about the app.
region: us-east-1  # near us
# The account of the team.
account_id: 012345678901
environment: {JVSPATIAL_DB_TYPE: mongodb}
lambda:
  enabled: true
  # Much of it.
  memory_mb: 1024   # MB
  function_url: {enabled: true}

# The environments.
environments:
  prod:
    region: "eu-central-1"
    lambda:
      timeout_seconds: 30
"""
TODAY = """\
# All about the app.
environment: {JVSPATIAL_DB_TYPE: mongodb}
lambda:
  enabled: true
  function_url: {enabled: true}
  region: us-east-1  # near us
  # The account of the team.
  account_id: 012345678901
  function:
    # Much of it.
    memory: 1024   # MB

# The environments.
environments:
  prod:
    lambda:
      region: "eu-central-1"
      function:
        timeout: 30
"""


def test_comments_order_and_values_stay() -> None:
    assert migrated(OLD) == TODAY
    assert migrated(TODAY) == TODAY


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("region: a\n", "lambda:\n  region: a\n"),
        ("lambda:\n  memory_mb: 1\n", "lambda:\n  function:\n    memory: 1\n"),
        (
            "lambda:\n  function_url:\n    invoke_mode: buffered\n",
            "lambda:\n  function_url: {}\n  invoke_mode: buffered\n",
        ),
        ("region: a\r\nlambda:\r\n  enabled: true\r\n", "lambda:\r\n  enabled: true\r\n  region: a\n"),
        ("", ""),
    ],
)
def test_a_section_is_made_or_filled(text: str, after: str) -> None:
    assert migrated(text) == after


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{region: a}\n", "'region' is not a value on a line of its own: move it to 'lambda.region'"),
        ("region: |\n  a\n", "'region' is not a value on a line of its own"),
        ("region: a\nlambda: {region: b}\n", "JVB102"),
        ("region: [", "JVB101"),
        ("x: &x {region: a}\nenvironments: {prod: {<<: *x}}\n", "is not a value on a line of its own"),
    ],
)
def test_what_cannot_be_moved_safely_is_left_to_the_user(text: str, message: str) -> None:
    with pytest.raises(InputError) as told:
        migrated(text)
    assert message in str(told.value) + " ".join(problem.rule for problem in told.value.problems)


def test_it_shows_what_would_change_and_writes_only_when_told_to(app: Path, jvbundler: Run) -> None:
    config = app / "deploy.yaml"
    config.write_text("# Ours.\nregion: eu-central-1\nlambda:\n  enabled: true\n")
    before = config.read_text()
    assert "run 'jvbundler migrate'" in jvbundler("render", "support").stderr
    shown = jvbundler("migrate", "support")
    assert (shown.returncode, config.read_text()) == (0, before)
    assert "-region: eu-central-1\n" in shown.stdout
    assert "+  region: eu-central-1\n" in shown.stdout
    done = jvbundler("migrate", "support", "--write")
    assert (done.returncode, done.stdout) == (0, "support/deploy.yaml: written\n")
    assert config.read_text() == "# Ours.\nlambda:\n  enabled: true\n  region: eu-central-1\n"
    assert "JVB122" not in jvbundler("render", "support").stderr
    assert jvbundler("migrate", "support").stdout == "support/deploy.yaml: has today's names\n"
