"""The roots of a fleet, once its apps are done: written by a render of all, and compared by any other.

A root is the same whichever app it is made for (render/fleet.py), as long as all agree on what is in it. So
the digests that come with the outcomes of the apps tell whether they do, and one app is enough to render it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.output.lockfile import read_lock, sha256
from jvbundler.output.paths import content
from jvbundler.pipeline.request import AppFolder, Outcome, Request, fleet_folder
from jvbundler.values.problem import OutputRefused, Place, Problem, error

if TYPE_CHECKING:
    from jvbundler.values.artifact import Artifact

# A fleet that disagrees on everything is told of a few.
MOST_TOLD = 20


class Roots(NamedTuple):
    """The roots of one fleet: the digest that most of its apps want, by path, and an app that wants it."""

    folder: AppFolder
    digests: dict[str, str]
    wanted_by: dict[str, AppFolder]


RootJob = Callable[[Roots, Request], Outcome]


def root_outcomes(outcomes: Sequence[Outcome], request: Request, job: RootJob | None) -> Iterator[Outcome]:
    """For each fleet among the apps the outcome of `job` for its roots, or the problems of its apps.

    Without a job the apps are only compared with each other, and so they are if one of them failed: what it
    would want is not known.
    """
    all_known = not any(outcome.failure for outcome in outcomes)
    for folder, members in _fleets(outcomes).items():
        roots = _roots(folder, members)
        if found := tuple(_problems(roots, members, request)):
            yield Outcome(roots.folder, found, rejected=True)
        elif job and all_known:
            try:
                yield job(roots, request)
            except OutputRefused as failure:
                yield Outcome(roots.folder, (), failure)


def _fleets(outcomes: Sequence[Outcome]) -> dict[Path, list[Outcome]]:
    found: dict[Path, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.roots and (folder := fleet_folder(outcome.app.root, outcome.app.output)):
            found.setdefault(folder, []).append(outcome)
    return found


def _roots(folder: Path, members: Sequence[Outcome]) -> Roots:
    votes: dict[str, Counter[str]] = {}
    for member in members:
        for path, digest in member.roots:
            votes.setdefault(path, Counter())[digest] += 1
    digests = {path: count.most_common(1)[0][0] for path, count in sorted(votes.items())}
    wanted_by: dict[str, AppFolder] = {}
    for member in members:
        for path, digest in member.roots:
            if digest == digests[path]:
                wanted_by.setdefault(path, member.app)
    return Roots(AppFolder(folder, str(folder), folder), digests, wanted_by)


def _problems(roots: Roots, members: Sequence[Outcome], request: Request) -> Iterator[Problem]:
    others = [
        (path, member.app)
        for member in members
        for path, digest in member.roots
        if digest != roots.digests[path]
    ]
    if others:
        from jvbundler.fleet.disagreement import disagreement
    for path, app in others[:MOST_TOLD]:
        yield from disagreement(path, app, roots.wanted_by[path], request)
    if len(others) > MOST_TOLD:
        message = f"{len(others) - MOST_TOLD:,} more apps and environments disagree with the others"
        yield error("JVB455", Place(str(roots.folder.output)), message)


def write_roots(roots: Roots, request: Request) -> Outcome:
    """Write them into the folder. Raises OutputRefused, also where an app has its output."""
    from jvbundler.output.write import write_output

    if _is_current(roots):
        return Outcome(roots.folder, unchanged=tuple(roots.digests))
    digest = sha256(repr(sorted(roots.digests.items())).encode())
    artifacts = rendered(roots, request)
    done = write_output(roots.folder.output, artifacts, force=request.force, inputs=f"sha256:{digest}")
    return Outcome(
        roots.folder,
        written=done.written,
        deleted=done.deleted,
        unchanged=done.unchanged,
        created=done.created,
    )


def check_roots(roots: Roots, request: Request) -> Outcome:
    """Compare the folder with what a render of all apps would write."""
    from jvbundler.output.drift import drift

    if _is_current(roots):
        return Outcome(roots.folder, unchanged=tuple(roots.digests))
    found = drift(roots.folder.output, rendered(roots, request))
    return Outcome(roots.folder, unchanged=tuple(roots.digests), drift=found or None)


def compare_roots(roots: Roots, request: Request) -> Outcome:
    """What a part of a fleet can tell: whether the roots that all have rendered are those that it wants."""
    found = tuple(_unlike(roots))
    return Outcome(roots.folder, found, rejected=bool(found))


def _unlike(roots: Roots) -> Iterator[Problem]:
    folder = roots.folder.output
    for path, digest in roots.digests.items():
        data = content(folder, path) if folder.is_dir() else None
        if data is not None and sha256(data.replace(b"\r\n", b"\n")) != digest:
            message = f"{roots.wanted_by[path].shown_as} wants another root than the fleet has"
            hint = "render all apps of the fleet at once, with neither a part nor a selection of them"
            yield error("JVB455", Place(f"{folder}/{path}"), message, hint)


def rendered(roots: Roots, request: Request) -> list[Artifact]:
    """The roots as files, each from an app that wants it so."""
    from jvbundler.pipeline.render import roots_of

    paths: dict[AppFolder, list[str]] = {}
    for path, app in roots.wanted_by.items():
        paths.setdefault(app, []).append(path)
    found = [
        root.artifact
        for app, wanted in paths.items()
        for root in roots_of(app, request)
        if root.artifact.path in wanted
    ]
    return sorted(found, key=lambda artifact: artifact.path)


def _is_current(roots: Roots) -> bool:
    """Whether the folder has exactly these files; OutputRefused if it is the output of an app."""
    folder = roots.folder.output
    lock = read_lock(folder) if folder.is_dir() else None
    if lock is None:
        return False
    if any(not path.startswith(("argocd/", "flux/")) for path in lock.files):
        raise OutputRefused(
            f"'{folder}' is the output of an app, and the place of the fleet's roots: rename the app's folder"
        )
    return lock.files == roots.digests and all(
        sha256(content(folder, path) or b"") == digest for path, digest in roots.digests.items()
    )
