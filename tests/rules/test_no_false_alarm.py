"""Valid files get no finding: the golden cases, and what `init` writes for the framework's example app."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jvbundler.app.load import load_app
from jvbundler.pipeline.answers import Answers
from jvbundler.pipeline.init import example_of, initial_config
from jvbundler.project.build import build_project
from jvbundler.rules.engine import check_project
from jvbundler.source.load import load_source
from jvbundler.values.problem import Problem
from tests.rules.projects import ROOT, project, project_and_problems, support_app

GOLDEN = sorted(path.parent for path in (ROOT / "golden").glob("*/deploy.yaml"))
EXAMPLE = ROOT / "tests/app/example_app"
# What is true of a golden case all the same, and belongs to what it shows.
EXPECTED = {
    "everything": "JVB406",  # its sidecar requests no CPU, which the autoscaler measures
    "minimal": "JVB330 JVB432",  # json, jvagent's own default, and no place to keep it
    "gitops-oci": "JVB432",  # the same on Kubernetes; it is about the artifact
    # Its file storage is on, and local; it installs skills, and jvagent's own makes PDF. It asks for jvagent
    # ~0.0.1, and runs on 0.1.7.
    "example-app": "JVB213 JVB229 JVB230 JVB331 JVB444",
}


def found_in(case: Path) -> tuple[Problem, ...]:
    app = case / "app" if (case / "app").is_dir() else ROOT / "golden/app"
    source, problems = load_source(case / "deploy.yaml", "deploy.yaml", environ={})
    loaded, more = load_app(app, ".")
    assert source is not None
    assert loaded is not None
    made, again = build_project(source, loaded)
    assert made is not None, again
    return check_project(made, (*problems, *more, *again))


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_a_valid_golden_case_has_no_finding(case: Path) -> None:
    found = found_in(case)
    assert [problem for problem in found if problem.is_error] == []
    if case.name != "predecessor":
        assert " ".join(sorted({p.rule for p in found})) == EXPECTED.get(case.name, "")


def test_the_predecessors_file_renders_and_each_of_its_faults_is_a_warning_with_its_line() -> None:
    found = found_in(ROOT / "golden/predecessor")
    lines = (ROOT / "golden/predecessor/deploy.yaml").read_text(encoding="utf-8").splitlines()
    told = [(p.rule, lines[p.place.line - 1].split("#")[0].strip()) for p in found]
    assert {p.severity for p in found} == {"warning"}
    assert told == [
        ("JVB301", "timeout: 300"),
        ("JVB330", 'JVSPATIAL_DB_TYPE: "json"'),
        ("JVB109", "ecs:"),
        ("JVB427", 'namespace: "default"'),
        ("JVB401", "replicas: 2"),
        ("JVB411", "http_get:"),
        ("JVB410", 'path: "/ready"'),
        ("JVB412", 'type: "LoadBalancer"'),
        ("JVB432", "enabled: false"),
    ]


@pytest.mark.parametrize("targets", [("kubernetes",), ("lambda",), ("lambda", "kubernetes")], ids="+".join)
@pytest.mark.parametrize("full", [False, True], ids=["short", "full"])
def test_what_init_writes_for_the_example_app_has_no_finding_but_of_its_own_files(
    targets: tuple[str, ...],
    full: bool,
) -> None:
    app = support_app(EXAMPLE)
    answers = Answers(targets, registry="ghcr.io/acme")
    made = project(initial_config(app, answers, example_of(app), full=full), app)
    on_lambda = ["JVB331"] if "lambda" in targets else []
    assert [p.rule for p in check_project(made)] == ["JVB230", "JVB229", *on_lambda]


def test_a_json_database_on_a_volume_has_no_finding() -> None:
    text = "kubernetes: {enabled: true, registry: {url: r.io}, persistence: {enabled: true}}\n"
    made, problems = project_and_problems(text, support_app(EXAMPLE))
    assert [p.rule for p in check_project(made, problems)] == ["JVB230", "JVB229"], "its skills"


def test_all_rules_together_take_less_than_ten_milliseconds() -> None:
    made = project((ROOT / "golden/three-environments/deploy.yaml").read_text(encoding="utf-8"))
    check_project(made)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        check_project(made)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.010
