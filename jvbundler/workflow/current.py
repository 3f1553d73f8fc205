"""`render` and `render --check` of one app; the render is left out where the output is known to be current.

That way loads neither YAML nor templates, so whatever only a render needs is imported in `_rendered`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.values.problem import Problem
from jvbundler.workflow.many import AppFolder
from jvbundler.workflow.options import Options
from jvbundler.workflow.records import Looked, inputs_of, recorded, remember, standing
from jvbundler.workflow.selection import Selection

if TYPE_CHECKING:
    from jvbundler.output.drift import Drift
    from jvbundler.workflow.diff import Difference
    from jvbundler.workflow.render import Rendered
    from jvbundler.workflow.validate import Checked


class Request(NamedTuple):
    """What is asked for every app alike."""

    options: Options
    selection: Selection
    templates: Path | None = None
    strict: bool = False
    force: bool = False


class Outcome(NamedTuple):
    """What came of one app: paths by what happened to them, and `failure` and `exit_code` of the error that
    ended it, if one did. `drift` is None where there is none, `difference` where none was asked for.
    """

    app: AppFolder
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    exit_code: int = 0
    written: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    drift: Drift | None = None
    difference: Difference | None = None
    checkers: tuple[Checked, ...] = ()

    @property
    def total(self) -> int:
        return len(self.written) + len(self.unchanged)

    @property
    def differs(self) -> bool:
        return self.drift is not None or bool(self.difference and self.difference.changes)


def write_one(app: AppFolder, *, request: Request) -> Outcome:
    """Render the app into its output folder. Raises InputError and OutputRefused."""

    def written(rendered: Rendered) -> Outcome:
        from jvbundler.workflow.render import write_rendered

        result = write_rendered(
            rendered,
            app.output,
            selection=request.selection,
            templates=request.templates,
            force=request.force,
        )
        return Outcome(
            app,
            rendered.compiled.problems,
            written=result.written,
            deleted=result.deleted,
            unchanged=result.unchanged,
        )

    return _unless_unchanged(app, request, written)


def check_one(app: AppFolder, *, request: Request) -> Outcome:
    """Compare the app's output folder with what a render would write. Raises InputError and OutputRefused."""

    def compared(rendered: Rendered) -> Outcome:
        from jvbundler.workflow.render import drift_of

        found = drift_of(rendered, app.output, selection=request.selection)
        paths = tuple(artifact.path for artifact in rendered.artifacts)
        return Outcome(app, rendered.compiled.problems, unchanged=paths, drift=found or None)

    return _unless_unchanged(app, request, compared)


def _unless_unchanged(app: AppFolder, request: Request, finish: Callable[[Rendered], Outcome]) -> Outcome:
    """What `finish` makes of the render, which is left out where it is on record and its files are there."""
    asked_for_all = not request.selection and not request.force
    inputs = _inputs(app, request) if asked_for_all else ""
    record = recorded(app, inputs, request.options.environ) if inputs else None
    paths = standing(app.output, record.files) if record else None
    if record and paths is not None:
        return Outcome(app, record.problems, unchanged=paths)
    looked = Looked(request.options.environ)
    rendered = _rendered(app, request._replace(options=request.options._replace(environ=looked)))
    outcome = finish(rendered)
    if inputs and not outcome.drift:
        remember(app, inputs, looked, rendered.artifacts, rendered.compiled.problems)
    return outcome


def _inputs(app: AppFolder, request: Request) -> str:
    return inputs_of(app, request.options, templates=request.templates, strict=request.strict)


def _rendered(app: AppFolder, request: Request) -> Rendered:
    from jvbundler.workflow.render import render_app

    return render_app(
        app.root,
        app.shown_as,
        request.options,
        selection=request.selection,
        templates=request.templates,
        output=app.output,
        strict=request.strict,
    )
