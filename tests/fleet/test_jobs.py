"""A job runs for each app in order, over the cores for many; an expected error is the outcome of its app."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jvbundler.fleet.jobs import ENOUGH_FOR_WORKERS, exit_code, run
from jvbundler.output.drift import Drift
from jvbundler.pipeline.request import AppFolder, Options, Outcome, Request
from jvbundler.values.problem import InputError, OutputRefused, Place, ToolFailed, error

REQUEST = Request(Options(environ={}))
PROBLEM = error("JVB104", Place("deploy.yaml", 2, 1), "unknown key")


def apps(number: int) -> list[AppFolder]:
    return [AppFolder(Path(str(i)), str(i), Path("out", str(i))) for i in range(number)]


def process_of(app: AppFolder, request: Request) -> Outcome:
    return Outcome(app, written=(str(os.getpid()),))


def fail_at_three(app: AppFolder, request: Request) -> Outcome:
    if app.shown_as == "3":
        raise InputError("of the third", [PROBLEM])
    return Outcome(app)


@pytest.mark.parametrize(
    "number", [1, ENOUGH_FOR_WORKERS - 1, ENOUGH_FOR_WORKERS, 5 * ENOUGH_FOR_WORKERS + 1]
)
def test_outcomes_come_in_the_order_of_the_apps(number: int) -> None:
    outcomes = list(run(apps(number), process_of, REQUEST))
    assert [outcome.app for outcome in outcomes] == apps(number)
    if number < ENOUGH_FOR_WORKERS:
        assert {outcome.written for outcome in outcomes} == {(str(os.getpid()),)}


@pytest.mark.parametrize("number", [5, 2 * ENOUGH_FOR_WORKERS])
def test_an_error_keeps_its_problems_and_stops_no_other_app(number: int) -> None:
    outcomes = list(run(apps(number), fail_at_three, REQUEST))
    assert [outcome.app.shown_as for outcome in outcomes if outcome.failed] == ["3"]
    failure = outcomes[3].failure
    assert isinstance(failure, InputError)
    assert (str(failure), failure.problems, outcomes[3].problems) == ("of the third", (PROBLEM,), (PROBLEM,))


def test_the_gravest_outcome_gives_the_exit_code() -> None:
    app = apps(1)[0]
    fine, drifted = Outcome(app), Outcome(app, drift=Drift((), ("README.md",), (), (), ()))
    refused, tool = Outcome(app, failure=OutputRefused()), Outcome(app, failure=ToolFailed())
    wrong, rejected = Outcome(app, failure=InputError()), Outcome(app, rejected=True)
    assert [o.exit_code for o in (fine, drifted, wrong, rejected, refused, tool)] == [0, 1, 2, 2, 3, 4]
    assert exit_code([fine, fine]) == 0
    assert exit_code([fine, drifted]) == 1
    assert exit_code([tool, drifted, refused]) == 3
    assert exit_code([refused, rejected, fine]) == 2
