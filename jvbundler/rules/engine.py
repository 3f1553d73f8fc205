"""Runs the rules over a project and turns findings into problems: places, waivers, environments, order.

It has all rules, sorted by id: those with a check, and those that are raised where files are read or
rendered. It must not know what any of them checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jvbundler.project.model import Environment, Project, Unknown
from jvbundler.rules import app, environments, gitops, needs, secrets, shared, storage
from jvbundler.rules.descriptions import RAISED_ELSEWHERE
from jvbundler.rules.kubernetes import names, network, probes, scale
from jvbundler.rules.lambda_ import endpoints, function
from jvbundler.rules.rule import REGISTERED, Finding, Path, Rule
from jvbundler.values.problem import Place, Problem, error, ordered, problem, warning

# Importing a module registers its rules.
MODULES = (
    app,
    endpoints,
    environments,
    function,
    gitops,
    names,
    needs,
    network,
    probes,
    scale,
    secrets,
    shared,
    storage,
)

RULES: tuple[Rule, ...] = tuple(sorted((*REGISTERED, *RAISED_ELSEWHERE), key=lambda rule: rule.id))
RULES_BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}
# Found in rendered files, after `check_project`: whether its waiver is used cannot be known here.
FOUND_LATER = ("JVB327", "JVB446")


class Waivers:
    """The `checks.ignore` entries of one environment, by rule, and which of them were used.

    Where they are not known, any warning may be waived, and so all are.
    """

    def __init__(self, places: dict[str, Place], *, are_known: bool = True) -> None:
        self.places = places
        self.are_known = are_known
        self.used: set[str] = set()

    def waive(self, rule: str) -> bool:
        if not self.are_known:
            return RULES_BY_ID[rule].can_be_waived
        if rule not in self.places or not RULES_BY_ID[rule].can_be_waived:
            return False
        self.used.add(rule)
        return True


def check_project(project: Project, earlier: Iterable[Problem] = ()) -> tuple[Problem, ...]:
    """Every problem of the project, sorted by place: what the rules find, and what was found `earlier`.

    Warnings that `checks.ignore` waives are removed from both; a waiver that waived nothing is a warning.
    """
    return check_known(project, earlier)[0]


def check_known(
    project: Project, earlier: Iterable[Problem] = ()
) -> tuple[tuple[Problem, ...], frozenset[str]]:
    """The same of a project with unknown parts, and the ids of the rules that asked for one of these."""
    waivers = {environment.name: waivers_of(environment) for environment in project.environments}
    undecided: set[str] = set()
    found = [
        *(problem for problem in earlier if not is_waived(problem, waivers.values())),
        *problems_of_project(project, waivers, undecided),
        *problems_of_environments(project, waivers, undecided),
    ]
    if not undecided:
        # A waiver may be for what a rule could not decide.
        found += problems_of_waivers(waivers.values())
    return ordered(found), frozenset(undecided)


def without_waived(project: Project, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems without the warnings that the project waives."""
    waivers = [waivers_of(environment) for environment in project.environments]
    return tuple(problem for problem in problems if not is_waived(problem, waivers))


def waivers_of(environment: Environment) -> Waivers:
    try:
        entries = environment.settings["checks"]["ignore"]
    except Unknown:
        return Waivers({}, are_known=False)
    return Waivers(
        {e["rule"]: environment.place("checks", "ignore", i, "rule") for i, e in enumerate(entries)}
    )


def is_waived(problem: Problem, waivers: Iterable[Waivers]) -> bool:
    """A warning about all environments is waived when one of them waives it: it has no other place."""
    if problem.is_error:
        return False
    # Ask all of them, as each notes that it was used.
    answers = [known.waive(problem.rule) for known in waivers]
    return any(answers)


def decided(
    undecided: set[str], rule: Rule, check: Callable[..., Iterator[Finding]], *of: Any
) -> Iterator[Finding]:
    """What the check finds until it asks for something unknown, which makes the rule an undecided one."""
    try:
        yield from check(*of)
    except Unknown:
        undecided.add(rule.id)


def problems_of_project(
    project: Project, waivers: dict[str, Waivers], undecided: set[str]
) -> Iterator[Problem]:
    for rule in RULES:
        if rule.project_check is None:
            continue
        for finding in decided(undecided, rule, rule.project_check, project):
            problem = problem_of(rule, finding, place_of(finding.at, project.environments[0]))
            if not is_waived(problem, waivers.values()):
                yield problem


def problems_of_environments(
    project: Project, waivers: dict[str, Waivers], undecided: set[str]
) -> Iterator[Problem]:
    """The problems of the environments, each once, with the environment's name where it is needed."""
    found: dict[Problem, tuple[Path | Place, list[Environment]]] = {}
    for environment in project.environments:
        for rule in RULES:
            if rule.check is None:
                continue
            for finding in decided(undecided, rule, rule.check, environment, project.app):
                if not waivers[environment.name].waive(rule.id):
                    problem = problem_of(rule, finding, place_of(finding.at, environment))
                    found.setdefault(problem, (finding.at, []))[1].append(environment)
    for problem, (at, having) in found.items():
        yield problem if all_alike(problem, at, having, project) else named(problem, having)


def all_alike(problem: Problem, at: Path | Place, environments: list[Environment], project: Project) -> bool:
    """Whether the line alone says which environments have the problem: all that share it have it."""
    sharing = [other for other in project.environments if place_of(at, other) == problem.place]
    return len(sharing) == len(environments)


def named(problem: Problem, environments: list[Environment]) -> Problem:
    names = ", ".join(f"'{environment.name}'" for environment in environments)
    return problem._replace(message=f"in {names}: {problem.message}")


def place_of(at: Path | Place, environment: Environment) -> Place:
    return at if isinstance(at, Place) else environment.place(*at)


def problem_of(rule: Rule, finding: Finding, place: Place) -> Problem:
    return problem(rule.id, rule.severity, place, finding.message, finding.hint, finding.related)


def problems_of_waivers(waivers: Iterable[Waivers]) -> Iterator[Problem]:
    used: set[Place] = {w.places[rule] for w in waivers for rule in w.used}
    for place, rule in sorted({(place, rule) for w in waivers for rule, place in w.places.items()}):
        known = RULES_BY_ID.get(rule)
        if known is None:
            yield warning("JVB117", place, f"there is no rule '{rule}'", "`jvbundler rules` lists them all")
        elif not known.can_be_waived:
            hint = "correct what it finds, and remove this entry"
            yield error("JVB115", place, f"'{rule}' is an error, and errors cannot be waived", hint)
        elif place not in used and rule not in FOUND_LATER:
            yield warning("JVB116", place, f"the waiver of '{rule}' is not used", "remove it")
