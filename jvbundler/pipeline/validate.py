"""`validate`: our rules, then the checkers of each kind of rendered file, if they are installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.pipeline.render import Rendered, render_app
from jvbundler.pipeline.request import AppFolder, Outcome, Request, below, environment_of
from jvbundler.values.problem import Problem, ordered

if TYPE_CHECKING:
    from jvbundler.project.model import Project
    from jvbundler.values.artifact import Artifact


class Checked(NamedTuple):
    """A checker: what it checked, or why it did not run. `problems` are its findings."""

    checker: str
    note: str
    ran: bool = True
    problems: tuple[Problem, ...] = ()


def validate_app(app: AppFolder, request: Request) -> Outcome:
    """Every finding. Files are named as they would be in the output folder, and need not exist.

    Raises InputError for what keeps the app from being rendered, and ToolFailed if a checker breaks.
    """
    # A strict render would end before the checkers.
    rendered = render_app(app, request._replace(strict=False))
    checkers = tuple(_checked(rendered, app.output))
    found = ordered([*rendered.compiled.problems, *(p for checked in checkers for p in checked.problems)])
    rejected = any(request.strict or problem.is_error for problem in found)
    return Outcome(app, found, rejected=rejected, checkers=checkers, roots=rendered.roots)


def _checked(rendered: Rendered, output: Path) -> Iterator[Checked]:
    by_path = {a.path: a._replace(path=below(str(output), a.path)) for a in rendered.artifacts}
    yield Checked("rules", "deploy.yaml and the app")
    yield from _kubernetes(_manifests(by_path, rendered.compiled.project))
    yield _cfn([file for path, file in by_path.items() if _is_template(path)])
    yield _hadolint([file for path, file in by_path.items() if path == "docker/Dockerfile"])


def _is_template(path: str) -> bool:
    return path.startswith("lambda/") and path.endswith(("template.yaml", "repository.yaml"))


def _manifests(by_path: dict[str, Artifact], project: Project) -> dict[str, list[Artifact]]:
    """The flat manifests by the Kubernetes version that they are for."""
    versions = {e.name: e.settings["kubernetes"]["version"] for e in project.environments}
    manifests: dict[str, list[Artifact]] = {}
    for path, file in by_path.items():
        if path.startswith("kubernetes/rendered/"):
            manifests.setdefault(versions[environment_of(path)], []).append(file)
    return manifests


def _kubernetes(manifests: dict[str, list[Artifact]]) -> Iterator[Checked]:
    if not manifests:
        yield from (
            Checked(name, "no file for it", ran=False) for name in ("Kubernetes schemas", "kubeconform")
        )
        return
    from jvbundler.checkers import kubeconform, kubernetes_schema

    for version, files in manifests.items():
        unknown = {k for f in files for k in kubernetes_schema.unchecked_kinds(f.path, f.text, version)}
        note = f"{_count(files)} for {kubernetes_schema.schema_version(version)}"
        note += f"; no schema for {', '.join(sorted(unknown))}" if unknown else ""
        found = [p for f in files for p in kubernetes_schema.check_manifests(f.path, f.text, version)]
        yield Checked("Kubernetes schemas", note, problems=tuple(found))
        if kubeconform.available():
            yield Checked("kubeconform", _count(files), problems=kubeconform.check(files, version))
        else:
            yield Checked("kubeconform", "not on PATH", ran=False)


def _cfn(templates: Sequence[Artifact]) -> Checked:
    from jvbundler.checkers import cfn

    available = cfn.available()
    return _each("cfn-lint", templates, available, "pip install 'jvbundler[validate]'", cfn.check_template)


def _hadolint(files: Sequence[Artifact]) -> Checked:
    from jvbundler.checkers import hadolint

    return _each("hadolint", files, hadolint.available(), "not on PATH", hadolint.check)


def _each(
    checker: str,
    files: Sequence[Artifact],
    available: bool,
    why_not: str,
    check: Callable[[str, str], tuple[Problem, ...]],
) -> Checked:
    if not files:
        return Checked(checker, "no file for it", ran=False)
    if not available:
        return Checked(checker, why_not, ran=False)
    found = [problem for file in files for problem in check(file.path, file.text)]
    return Checked(checker, _count(files), problems=tuple(found))


def _count(files: Sequence[Artifact]) -> str:
    return f"{len(files)} file{'' if len(files) == 1 else 's'}"
