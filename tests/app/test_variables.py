"""What `init` learns from .env.example."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jvbundler.app.load import load_app
from jvbundler.app.model import Variable
from jvbundler.app.variables import framework_extras, parse_env_example
from jvbundler.values.problem import Place
from tests.app.conftest import Write

TEXT = """\
# =====
# SERVER
# =====
# Where it listens.
# Behind a proxy: 0.0.0.0
JVAGENT_HOST="127.0.0.1"
# JVAGENT_PORT=8000  # default
export NAME='a # b'

# Note: this=that is prose
OPENAI_API_KEY=sk-change-me
PRIVATE="-----BEGIN PRIVATE KEY-----
FAKE=
-----END PRIVATE KEY-----"
EMPTY=
LIMIT=2000  # null or empty = unlimited
"""


def test_assignments_defaults_and_comments() -> None:
    found = parse_env_example(TEXT, ".env.example")
    assert found[:2] == (
        Variable(
            name="JVAGENT_HOST",
            default="127.0.0.1",
            secret=False,
            comment="Where it listens. Behind a proxy: 0.0.0.0",
            commented=False,
            place=Place(".env.example", 6, 1),
        ),
        Variable("JVAGENT_PORT", "8000", False, "", True, Place(".env.example", 7, 3)),
    )
    assert [(one.name, one.default, one.secret) for one in found[2:]] == [
        ("NAME", "a # b", False),
        ("OPENAI_API_KEY", "", True),
        ("PRIVATE", "", True),
        ("EMPTY", "", False),
        ("LIMIT", "2000", False),
    ]


def test_an_assignment_counts_more_than_a_commented_one() -> None:
    (one,) = parse_env_example("A=1\n# A=2\n", "")
    assert (one.default, one.commented) == ("1", False)
    (one,) = parse_env_example("# A=2\nA=1\n", "")
    assert (one.default, one.commented) == ("1", False)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for variable in parse_env_example(text, ""):
        assert variable.default == "" or not variable.secret


def test_the_app_has_them(write: Write) -> None:
    root = write({"app.yaml": "app: demo\n", ".env.example": TEXT, ".env": "A=1\n"})
    app, _ = load_app(root, "myapp", jvagent_version="0.1.7")
    assert app is not None
    assert app.has_env_file
    assert app.variables[0].place == Place("myapp/.env.example", 6, 1)


def test_extras_of_the_framework() -> None:
    assert framework_extras({}, on_lambda=False) == ()
    assert framework_extras({}, on_lambda=True) == ("lambda",)
    assert framework_extras({"JVSPATIAL_DB_TYPE": "postgresql"}, on_lambda=False) == ("postgres",)
    assert framework_extras({"JVSPATIAL_LOG_DB_TYPE": "DynamoDB"}, on_lambda=False) == ("lambda",)
    assert framework_extras({"JVSPATIAL_FILE_STORAGE_PROVIDER": "s3"}, on_lambda=False) == ("lambda",)
    assert framework_extras({"JVSPATIAL_REDIS_URL": "redis://cache"}, on_lambda=False) == ("cache",)
    assert framework_extras({"JVSPATIAL_CACHE_BACKEND": "memory"}, on_lambda=False) == ()


def test_app_yaml_selects_a_database_too(write: Write) -> None:
    root = write(
        {"app.yaml": "app: demo\nconfig: {database: {type: postgres}, file_storage: {provider: s3}}\n"}
    )
    app, _ = load_app(root, "myapp", jvagent_version="0.1.7")
    assert app is not None
    assert framework_extras(dict(app.configured), on_lambda=False) == ("lambda", "postgres")
    overridden = {**dict(app.configured), "JVSPATIAL_DB_TYPE": "json"}
    assert framework_extras(overridden, on_lambda=False) == ("lambda",)
