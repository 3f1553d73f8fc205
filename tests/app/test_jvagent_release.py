"""Which release of jvagent the image gets: app.yaml's constraint, deploy.yaml's word, a package's version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from jvbundler.app.catalog import available_versions
from jvbundler.app.jvagent_release import allows, pep_440, reaches
from jvbundler.app.load import load_app
from jvbundler.app.model import App
from jvbundler.values.problem import Place, Problem
from tests.app.conftest import Write

KNOWN = available_versions()
DEPLOY = Place("deploy.yaml", 3, 5)


def loaded(write: Write, constraint: str, version: str = "") -> tuple[App, tuple[Problem, ...]]:
    root = write({"app.yaml": f"app: demo\njvagent: {constraint}\n"})
    app, problems = load_app(root, "app", jvagent_version=version, version_at=DEPLOY)
    assert app is not None
    return app, problems


@pytest.mark.parametrize(
    ("constraint", "allowed"),
    [
        ("~0.1.7", ["0.1.7", "0.1.70"]),
        ("~ 0.1.6", ["0.1.6", "0.1.7", "0.1.70"]),
        ("~0.1", ["0.1.6", "0.1.7", "0.1.70"]),
        ("~0", ["0.1.6", "0.1.7", "0.1.70", "0.2.0"]),
        ("~0.1.7rc1", ["0.1.7", "0.1.70"]),
        ("~0.1.6, !=0.1.7", ["0.1.6", "0.1.70"]),
        ("~=0.1.6", ["0.1.6", "0.1.7", "0.1.70"]),
        ("0.1.7", ["0.1.7"]),
        ("0.1", ["0.1.6", "0.1.7", "0.1.70"]),
        ("==0.1.6", ["0.1.6"]),
        (">=0.1.7,<0.2", ["0.1.7", "0.1.70"]),
        ("*", ["0.1.6", "0.1.7", "0.1.70", "0.2.0", "1.0"]),
    ],
)
def test_what_a_constraint_allows(constraint: str, allowed: list[str]) -> None:
    assert [v for v in ("0.1.6", "0.1.7", "0.1.70", "0.2.0", "1.0") if allows(constraint, v)] == allowed


@pytest.mark.parametrize("constraint", ["^0.1", "latest", "~0.1.7 || ~0.2", "~x", "${V}", "~0." + 5000 * "1"])
def test_what_is_no_constraint(constraint: str) -> None:
    assert allows(constraint, "0.1.7") is None


RELEASES = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@given(base=RELEASES, version=RELEASES)
def test_the_quick_way_answers_as_packaging_does(base: str, version: str) -> None:
    constraint = f"~{base}"
    assert allows(constraint, version) == SpecifierSet(pep_440(constraint)).contains(version)


def test_the_newest_that_app_yaml_allows(write: Write) -> None:
    for constraint, version in (("==0.1.3", "0.1.3"), ("'>=0.1.2,<0.1.5'", "0.1.4"), ("0.1", KNOWN[-1])):
        app, problems = loaded(write, constraint)
        assert (app.jvagent_version, problems) == (version, ())


def test_the_newest_where_nothing_is_asked(write: Write) -> None:
    app, problems = loaded(write, "")
    assert (app.jvagent_version, problems) == (KNOWN[-1], ())


def test_deploy_yaml_decides_and_a_contradiction_has_both_places(write: Write) -> None:
    app, (problem,) = loaded(write, "==0.1.3", "0.1.6")
    assert app.jvagent_version == "0.1.6"
    assert (problem.rule, problem.severity) == ("JVB213", "warning")
    assert (str(problem.place), problem.related) == ("app/app.yaml:2:10", (DEPLOY,))


@pytest.mark.parametrize("constraint", ["~99.0", "==99.1.*", "'>=99,<100'", "99"])
def test_one_that_is_newer_than_all_is_an_error_until_deploy_yaml_names_one(
    write: Write, constraint: str
) -> None:
    _, (problem,) = loaded(write, constraint)
    assert (problem.rule, problem.severity) == ("JVB213", "error")
    _, (problem,) = loaded(write, constraint, "0.1.7")
    assert problem.severity == "warning"


@pytest.mark.parametrize("constraint", ["~0.0.1", "'<0.1'", "^0.1", "===nonsense", "[~0.1]"])
def test_any_other_leaves_the_newest_with_a_warning(write: Write, constraint: str) -> None:
    app, (problem,) = loaded(write, constraint)
    assert app.jvagent_version == KNOWN[-1]
    is_list = constraint.startswith("[")
    assert (problem.rule, problem.severity) == (("JVB206", "error") if is_list else ("JVB213", "warning"))


def test_an_action_of_a_later_release_names_it_and_where_the_release_comes_from(write: Write) -> None:
    root = write(
        {
            "app.yaml": "jvagent: ==0.1.3\nagents: [acme/bot]\n",
            "agents/acme/bot/agent.yaml": "agent: acme/bot\nactions: [{action: jvagent/ui}]\n",
        }
    )
    _, (problem,) = load_app(root, "app")
    assert problem.rule == "JVB202"
    assert problem.hint.startswith("jvagent 0.1.4, 0.1.5")
    assert problem.related == (Place("app/app.yaml", 1, 10),)
    (other,) = load_app(root, "app", jvagent_version="0.1.2", version_at=DEPLOY)[1][1:]
    assert other.related == (DEPLOY,)


@pytest.mark.parametrize(
    ("specifier", "reached"),
    [
        ("==0.0.17", False),
        ("==0.0.22", False),
        ("==0.1.0", True),
        ("==0.1", True),
        ("== 1.2.3", True),
        ("<0.1", False),
        (">=0.0.17", True),
        (">=0.0.17,<0.1.0", False),
        ("~=0.0.17", False),
        ("~=0.1.1", True),
        ("~=0.42.0", True),
        (">=0.3", True),
        ("", True),
        (f"=={'9' * 5000}", False),
    ],
)
def test_the_newest_version_of_a_specifier(specifier: str, reached: bool) -> None:
    assert reaches(specifier, "0.1.0") is reached
