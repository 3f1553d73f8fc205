"""Environments, waivers and order: what the engine does with findings, seen from outside."""

from __future__ import annotations

from jvbundler.rules.engine import check_project, without_waived
from jvbundler.values.problem import Place, warning
from tests.rules.projects import project

BALANCED = """\
kubernetes:
  enabled: true
  persistence: {enabled: true}
  service: {type: LoadBalancer}
  registry: {url: r.io}
"""
TWO = BALANCED + "environments: {dev: {}, prod: {}}\n"
WAIVER = "checks: {ignore: [{rule: JVB412, reason: the network is private}]}\n"


def rules_at_lines(text: str) -> list[tuple[str, int]]:
    return [(problem.rule, problem.place.line) for problem in check_project(project(text))]


def test_what_all_environments_share_is_told_once_and_names_none() -> None:
    (problem,) = check_project(project(TWO))
    assert (problem.rule, problem.place) == ("JVB412", Place("deploy.yaml", 4, 13))
    assert problem.message == "the load balancer is open to the world"


def test_an_environment_is_named_where_the_line_alone_does_not_tell() -> None:
    ranges = "{kubernetes: {service: {load_balancer_source_ranges: [203.0.113.0/24]}}}"
    text = BALANCED + f"environments: {{dev: {{}}, test: {{}}, prod: {ranges}}}\n"
    (problem,) = check_project(project(text))
    assert problem.message == "in 'dev', 'test': the load balancer is open to the world"


def test_a_setting_of_one_environment_is_named_by_its_line() -> None:
    text = (
        "kubernetes: {enabled: true, registry: {url: r.io}, persistence: {enabled: true}}\n"
        "environments:\n"
        "  dev: {}\n"
        "  prod:\n"
        "    kubernetes: {service: {type: LoadBalancer}}\n"
    )
    (problem,) = check_project(project(text))
    assert (problem.place.line, problem.message) == (5, "the load balancer is open to the world")


def test_a_waived_warning_is_gone_and_its_waiver_is_not_complained_about() -> None:
    assert rules_at_lines(BALANCED + WAIVER) == []


def test_a_waiver_of_one_environment_leaves_the_others_alone() -> None:
    text = BALANCED + f"environments:\n  dev: {{{WAIVER.strip()}}}\n  prod: {{}}\n"
    (problem,) = check_project(project(text))
    assert problem.message == "in 'prod': the load balancer is open to the world"


def test_a_waiver_is_used_when_any_environment_needs_it() -> None:
    text = WAIVER + (
        "kubernetes: {enabled: true, registry: {url: r.io}, persistence: {enabled: true}}\n"
        "environments: {dev: {}, prod: {kubernetes: {service: {type: LoadBalancer}}}}\n"
    )
    assert rules_at_lines(text) == []


def test_an_error_is_not_waived() -> None:
    text = (
        "lambda: {enabled: true, efs: {enabled: true}, reserved_concurrency: 1}\n"
        "checks: {ignore: [{rule: JVB307, reason: it works here}]}\n"
    )
    assert rules_at_lines(text) == [("JVB307", 1), ("JVB115", 2)]


def test_warnings_that_were_found_earlier_are_waived_too() -> None:
    earlier = warning("JVB109", Place("deploy.yaml", 9), "section 'ecs' is ignored")
    quiet = "kubernetes: {enabled: true, registry: {url: r.io}, persistence: {enabled: true}}\n"
    waived = quiet + "checks: {ignore: [{rule: JVB109, reason: jvdeploy reads it}]}\n"
    assert check_project(project(quiet), [earlier]) == (earlier,)
    assert check_project(project(waived), [earlier]) == ()


def test_warnings_of_the_rendered_files_can_be_waived_afterwards() -> None:
    late = warning("JVB327", Place("lambda/default/template.yaml"), "the template has 60,000 bytes")
    text = (
        "kubernetes: {enabled: true, registry: {url: r.io}, persistence: {enabled: true}}\n"
        "checks: {ignore: [{rule: JVB327, reason: sam resolves the bucket}]}\n"
    )
    assert check_project(project(text)) == ()
    assert without_waived(project(text), [late]) == ()


def test_problems_come_in_the_order_of_the_file() -> None:
    text = (
        "lambda:\n  enabled: true\n  function: {timeout: 300}\n"
        "kubernetes:\n  enabled: true\n  namespace: default\n  deployment: {replicas: 2}\n"
        "  registry: {url: r.io}\n"
    )
    assert rules_at_lines(text) == [
        ("JVB330", 2),
        ("JVB301", 3),
        ("JVB432", 5),
        ("JVB427", 6),
        ("JVB401", 7),
    ]
