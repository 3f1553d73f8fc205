"""A job for one app among many: an error that we expect is an outcome like others, and stops no other app."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jvbundler.values.errors import InputError, JvbundlerError
from jvbundler.workflow.current import Outcome, Request
from jvbundler.workflow.many import AppFolder


def attempt(app: AppFolder, *, job: Callable[..., Outcome], request: Request) -> Outcome:
    """The outcome of `job(app, request=request)`. A bug of ours ends the whole run."""
    try:
        return job(app, request=request)
    except JvbundlerError as failure:
        problems = failure.problems if isinstance(failure, InputError) else ()
        return Outcome(app, problems, str(failure), failure.exit_code)


def validate_one(app: AppFolder, *, request: Request) -> Outcome:
    """All findings on the app and on what it renders to."""
    from jvbundler.workflow.validate import validate_app

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


def diff_one(app: AppFolder, *, request: Request, revision: str, between: tuple[str, str] | None) -> Outcome:
    """What a render of the app would change, or how two of its environments differ."""
    from jvbundler.workflow.diff import diff_app, diff_environments

    where = (app.root, app.shown_as, request.options)
    if between:
        found = diff_environments(
            *where,
            environments=between,
            targets=request.selection.targets,
            templates=request.templates,
            output=app.output,
        )
    else:
        found = diff_app(
            *where,
            selection=request.selection,
            templates=request.templates,
            output=app.output,
            revision=revision,
        )
    return Outcome(app, found.problems, difference=found)


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """That of the gravest outcome: wrong input, a refusing output, a failed tool, a difference, nothing."""
    codes = {outcome.exit_code or int(outcome.differs) for outcome in outcomes}
    return min(codes - {0, 1}, default=max(codes, default=0))
