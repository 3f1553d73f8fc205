"""`render` and `render --check` of one app; the render is left out where the output is known to be current.

That way loads neither YAML nor templates: whatever only a render needs is imported where it is rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jvbundler.fleet.records import Looked, record_key, recorded, remember, standing
from jvbundler.pipeline.inputs import Inputs, read_inputs
from jvbundler.pipeline.request import AppFolder, Outcome, Request

if TYPE_CHECKING:
    from jvbundler.pipeline.render import Rendered


def write_app(app: AppFolder, request: Request) -> Outcome:
    """Render the app into its output folder. Raises InputError and OutputRefused."""

    def written(rendered: Rendered, inputs: Inputs | None) -> Outcome:
        from jvbundler.pipeline.render import write_rendered

        result = write_rendered(rendered, app, request, inputs)
        return Outcome(
            app,
            rendered.compiled.problems,
            written=result.written,
            deleted=result.deleted,
            unchanged=result.unchanged,
        )

    return _unless_unchanged(app, request, written)


def check_app(app: AppFolder, request: Request) -> Outcome:
    """Compare the app's output folder with what a render would write. Raises InputError and OutputRefused."""

    def compared(rendered: Rendered, _: Inputs | None) -> Outcome:
        from jvbundler.pipeline.render import drift_of

        paths = tuple(artifact.path for artifact in rendered.artifacts)
        found = drift_of(rendered, app, request)
        return Outcome(app, rendered.compiled.problems, unchanged=paths, drift=found or None)

    return _unless_unchanged(app, request, compared)


def _unless_unchanged(
    app: AppFolder, request: Request, finish: Callable[[Rendered, Inputs | None], Outcome]
) -> Outcome:
    """What `finish` makes of the render, which is left out where it is on record and its files are there."""
    asked_for_all = not request.selection and not request.force
    inputs = read_inputs(app, request.templates) if asked_for_all else None
    key = record_key(app, request, inputs) if inputs else ""
    record = recorded(app, key, request.options.environ) if key else None
    paths = standing(app.output, record.files) if record else None
    if record and paths is not None:
        return Outcome(app, record.problems, unchanged=paths)
    from jvbundler.pipeline.render import render_app

    looked = Looked(request.options.environ)
    rendered = render_app(app, request._replace(options=request.options._replace(environ=looked)))
    outcome = finish(rendered, inputs)
    # The key says nothing of the files of a jvagent package.
    if key and not outcome.drift and rendered.compiled.project.app.jvagent_is_shipped:
        remember(app, key, looked, rendered.artifacts, rendered.compiled.problems)
    return outcome
