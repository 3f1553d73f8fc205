"""What is deployed: one environment of an app, its rendered files, and whether these may be used.

Shared by the platforms; starts no tool and prints nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from jvbundler.deploy.command import Command
from jvbundler.files import reason
from jvbundler.output.drift import Drift, drift
from jvbundler.output.lockfile import LOCK
from jvbundler.output.outside import cache_folder, own_folder
from jvbundler.output.writer_lock import only_writer
from jvbundler.pipeline.render import Rendered, render_app, write_rendered
from jvbundler.pipeline.request import AppFolder, Options, Request, Selection, output_path
from jvbundler.values.problem import InputError, OutputRefused

if TYPE_CHECKING:
    from jvbundler.project.model import Environment, Project
    from jvbundler.values.artifact import Artifact

Target = Literal["docker", "kubernetes", "lambda"]
# What a render fixes by itself; it refuses to touch what somebody else wrote.
REPLACED = ("stale", "missing", "orphaned")


class Release(NamedTuple):
    """`output` is the output folder as commands name it, `targets` are the parts of it that are used."""

    rendered: Rendered
    environment: Environment
    targets: tuple[Target, ...]
    output: Path
    options: Options
    app_root: Path
    shown_as: str

    @property
    def project(self) -> Project:
        return self.rendered.compiled.project

    @property
    def is_protected(self) -> bool:
        return self.environment.name in self.project.base.settings["protected"]

    def using(self, *targets: Target) -> Release:
        """The release with more parts of the output in use."""
        return self._replace(targets=tuple(dict.fromkeys((*self.targets, *targets))))

    def path(self, artifact: str) -> str:
        """An artifact's path as a command names it: deploy/docker/Dockerfile."""
        return (self.output / artifact).as_posix()

    def artifact(self, path: str) -> Artifact:
        """An artifact as it was rendered in this run."""
        return next(a for a in self.rendered.artifacts if a.path == path)

    def secrets(self) -> tuple[str, ...]:
        """The variables of this process that hold a secret of the app."""
        both = (*self.environment.lambda_secrets, *self.environment.kubernetes_secrets)
        return tuple(dict.fromkeys(name for secret in both for name in (secret.name, secret.source)))


def load_release(
    app_root: Path,
    shown_as: str,
    options: Options,
    *,
    targets: tuple[Target, ...],
    environment: str = "",
    output: Path | None = None,
) -> Release:
    """Compile and render the app in memory, and choose its environment.

    Raises InputError with all problems of the app, and if the environment or a target does not exist.
    """
    folder = output_path(Path(shown_as), output, options)
    rendered = render_app(AppFolder(app_root, shown_as, folder), Request(options))
    chosen = chosen_environment(rendered.compiled.project, environment)
    for target in targets:
        if target != "docker" and not chosen.settings[target]["enabled"]:
            raise InputError(
                f"{target} is not enabled in environment '{chosen.name}': set '{target}.enabled: true' in "
                f"{rendered.compiled.project.file}"
            )
    return Release(rendered, chosen, targets, folder, options, app_root, shown_as)


def chosen_environment(project: Project, name: str) -> Environment:
    """The environment of that name; without a name the only one, and never an arbitrary one of several."""
    names = [environment.name for environment in project.environments]
    if name in names:
        return project.environments[names.index(name)]
    if not name and len(names) == 1:
        return project.environments[0]
    if not name:
        raise InputError(f"which environment? choose one with -e: {', '.join(names)}")
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"choose one of: {', '.join(names)}"
    raise InputError(f"environment '{name}' is not declared ({hint})")


def is_rendered(release: Release) -> bool:
    """Whether there is an output at all, current or not."""
    return (release.output / LOCK).exists() or any(
        (release.output / a.path).exists() for a in release.rendered.artifacts if _concerns(release, a.path)
    )


def release_drift(release: Release) -> Drift:
    """How the files that this release uses differ from what a render would write now."""
    used = [a for a in release.rendered.artifacts if _concerns(release, a.path)]
    return drift(release.output, used, keep=lambda path: not _concerns(release, path))


def _concerns(release: Release, path: str) -> bool:
    return "/" in path and _selection(release).covers(path)


def _selection(release: Release) -> Selection:
    return Selection(release.targets, (release.environment.name,))


def render_commands(release: Release, *, render: bool) -> tuple[Command, ...]:
    """The render that makes the files of the release current, if one is needed.

    Values of the command line are in no file yet; with `render`, the user allows files to be out of date.
    Raises OutputRefused for files that are out of date without it, and for those that were edited by hand.
    """
    if not is_rendered(release):
        return (render_command(release, "nothing is rendered yet"),)
    if release.options.assignments:
        refuse_drift(release, but=REPLACED)
        return (render_command(release, "render with the values of the command line"),)
    refuse_drift(release, but=REPLACED if render else ())
    return (
        (render_command(release, "render what is out of date"),) if render and release_drift(release) else ()
    )


def write_release(release: Release) -> None:
    """Like `jvbundler render`; values of the command line change only this environment and its targets."""
    selection = Selection()
    rendered = release.rendered
    if release.options.assignments:
        selection = _selection(release)
        kept = tuple(a for a in rendered.artifacts if selection.covers(a.path))
        rendered = Rendered(rendered.compiled, kept)
    app = AppFolder(release.app_root, release.shown_as, release.output)
    write_rendered(rendered, app, Request(release.options, selection))


def render_command(release: Release, reason: str, role: Literal["render", "note"] = "render") -> Command:
    """`jvbundler render` with what this run was given: shown as a command, and run in this process."""
    words = ["jvbundler", "render", release.shown_as]
    if release.options.config:
        words += ["--config", str(release.options.config)]
    words += ["--output", str(release.output)]
    if release.options.assignments:
        words += ["--environment", release.environment.name]
        targets = ["k8s" if target == "kubernetes" else target for target in release.targets]
        words += [word for target in targets for word in ("--target", target)]
    for key, text in release.options.assignments:
        words += ["--set", f"{key}={text}"]
    return Command(tuple(words), reason, role=role)


def refuse_drift(release: Release, *, but: Collection[str] = ()) -> None:
    """Raise OutputRefused for files that do not match deploy.yaml, except for the kinds of drift in `but`."""
    found = release_drift(release)
    lines = [
        f"  {release.path(path)} {meaning}"
        for kind, path, meaning in found.findings()
        if path != LOCK and kind not in but
    ]
    if lines:
        advice = "'--render' renders first; 'jvbundler render --check' shows more"
        if found.needs_force:
            advice = "move the edit to deploy.yaml; 'jvbundler render --force' discards it"
        raise OutputRefused("\n".join(["the output is not what deploy.yaml says:", *lines, advice]))


def check_unchanged(release: Release) -> Callable[[Command], None]:
    """A check to run just before a command: the files that it reads are those rendered in this run."""
    texts = {release.path(a.path): a.text for a in release.rendered.artifacts}

    def check(command: Command) -> None:
        for word in command.argv:
            path = word.removeprefix("--file=").removeprefix("--filename=")
            if path in texts and not _holds(Path(path), texts[path]):
                raise OutputRefused(f"'{path}' was changed while this ran: nothing was done with it")

    return check


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes().replace(b"\r\n", b"\n") == text.encode()
    except OSError:
        return False


@contextlib.contextmanager
def only_deployment(of: str, environ: Mapping[str, str]) -> Iterator[None]:
    """Hold the lock on `of` (what is changed, and where); OutputRefused if another deployment holds it.

    The lock is outside the output folder, which is committed, and ends with its process.
    """
    folder = _lock_folder(of, environ)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(only_writer(folder))
        except OutputRefused:
            raise OutputRefused(f"another deployment of {of} is running: wait until it is done") from None
        except OSError as failure:
            raise OutputRefused(f"cannot lock '{folder}': {reason(failure)}") from failure
        yield


def _lock_folder(of: str, environ: Mapping[str, str]) -> Path:
    folder = cache_folder(environ) / "deployments" / _file_name(of)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        folder = own_folder("deployments") / _file_name(of)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    return folder


def _file_name(text: str) -> str:
    import hashlib

    return hashlib.sha256(os.fsencode(text)).hexdigest()[:32]
