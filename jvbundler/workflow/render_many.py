"""`render`, `render --check` and `validate` of one app among many: what fails is an outcome like others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from jvbundler.errors import InputError, JvbundlerError
from jvbundler.output.drift import Drift
from jvbundler.output.write import WriteResult
from jvbundler.problem import Problem
from jvbundler.workflow.many import AppFolder
from jvbundler.workflow.options import Options
from jvbundler.workflow.records import Looked, inputs_of, recorded, remember, standing
from jvbundler.workflow.render import Rendered, drift_of, render_app, write_rendered
from jvbundler.workflow.selection import Selection
from jvbundler.workflow.validate import Checked, validate_app

CURRENT = Drift((), (), (), (), ())


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for every app alike."""

    options: Options
    selection: Selection
    templates: Path | None = None
    strict: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one app. `failure` and `exit_code` are those of the error that ended it, if one did."""

    app: AppFolder
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    exit_code: int = 0
    total: int = 0
    written: WriteResult | None = None
    drift: Drift = CURRENT
    checkers: tuple[Checked, ...] = ()


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """That of the gravest outcome: wrong input, a refusing output, a failed tool, drift, nothing."""
    codes = {outcome.exit_code or int(bool(outcome.drift)) for outcome in outcomes}
    return min(codes - {0, 1}, default=max(codes, default=0))


def write_one(app: AppFolder, *, request: Request) -> Outcome:
    """Render the app into its output folder, or find that this would change nothing."""

    def written(rendered: Rendered) -> Outcome:
        result = write_rendered(
            rendered,
            app.output,
            selection=request.selection,
            templates=request.templates,
            force=request.force,
        )
        return Outcome(app, rendered.compiled.problems, total=result.total, written=result)

    return attempt(app, lambda: _unless_unchanged(app, request, written))


def check_one(app: AppFolder, *, request: Request) -> Outcome:
    """Compare the app's output folder with what a render would write."""

    def compared(rendered: Rendered) -> Outcome:
        drift = drift_of(rendered, app.output, selection=request.selection)
        return Outcome(app, rendered.compiled.problems, total=len(rendered.artifacts), drift=drift)

    return attempt(app, lambda: _unless_unchanged(app, request, compared))


def validate_one(app: AppFolder, *, request: Request) -> Outcome:
    """All findings on the app and on what it renders to."""

    def checked() -> Outcome:
        validation = validate_app(
            app.root,
            app.shown_as,
            request.options,
            selection=request.selection,
            templates=request.templates,
            output=app.output,
        )
        failed = any(request.strict or problem.is_error for problem in validation.problems)
        code = InputError.exit_code if failed else 0
        return Outcome(app, validation.problems, exit_code=code, checkers=validation.checkers)

    return attempt(app, checked)


def attempt(app: AppFolder, work: Callable[[], Outcome]) -> Outcome:
    """The outcome, also where the work ends in an error that we expect. A bug of ours ends the whole run."""
    try:
        return work()
    except JvbundlerError as failure:
        problems = failure.problems if isinstance(failure, InputError) else ()
        return Outcome(app, problems, str(failure), failure.exit_code)


def _unless_unchanged(app: AppFolder, request: Request, finish: Callable[[Rendered], Outcome]) -> Outcome:
    """What `finish` makes of the render, which is left out where it is on record and its files are there."""
    inputs = "" if request.selection or request.force else _inputs(app, request)
    record = recorded(app, inputs, request.options.environ) if inputs else None
    paths = standing(app.output, record.files) if record else None
    if record and paths is not None:
        return Outcome(app, record.problems, total=len(paths), written=WriteResult((), (), paths))
    looked = Looked(request.options.environ)
    rendered = render_app(
        app.root,
        app.shown_as,
        replace(request.options, environ=looked),
        selection=request.selection,
        templates=request.templates,
        output=app.output,
        strict=request.strict,
    )
    outcome = finish(rendered)
    if inputs and not outcome.drift:
        remember(app, inputs, looked, rendered.artifacts, rendered.compiled.problems)
    return outcome


def _inputs(app: AppFolder, request: Request) -> str:
    return inputs_of(app, request.options, templates=request.templates, strict=request.strict)
