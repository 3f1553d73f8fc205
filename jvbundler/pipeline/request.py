"""What is asked of an app, and the outcome: the values that every job takes and returns.

Messages call paths as the user typed them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.values.problem import InputError, JvbundlerError, Problem

if TYPE_CHECKING:
    from jvbundler.diff.model import Difference
    from jvbundler.output.drift import Drift
    from jvbundler.pipeline.validate import Checked

CONFIG = "deploy.yaml"
DEFAULT_OUTPUT = "deploy"

# The name of an environment in a path is below these folders.
_PER_ENVIRONMENT = ("lambda", "kubernetes/overlays", "kubernetes/rendered", "gitops/argocd", "gitops/flux")

# A container's environment in deploy.yaml; the platforms' own maps win over the shared one.
_ENVIRONMENTS = ("environment", "lambda.environment", "kubernetes.deployment.container.environment")
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*\Z"


class Options(NamedTuple):
    """How to read an app: `environ` resolves `${NAME}`, `assignments` pair a key with a YAML text.

    `config` is a deploy.yaml other than the app's own; `jvagent` is a jvagent package to read core actions
    from, instead of the shipped lists. With `requires_list`, deploy.yaml has to list the variables it reads.
    `images` is what the image file is to say, in place of what it says.
    """

    environ: Mapping[str, str]
    config: Path | None = None
    assignments: tuple[tuple[str, str], ...] = ()
    jvagent: Path | None = None
    requires_list: bool = False
    images: bytes | None = None


class Selection(NamedTuple):
    """Empty means all. Files that several targets or environments share belong to every selection."""

    targets: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.targets or self.environments)

    def covers(self, path: str) -> bool:
        target, _, rest = path.partition("/")
        if rest and self.targets and target not in self.targets:
            return False
        return not self.environments or environment_of(path) in ("", *self.environments)

    def leaves_out(self, path: str) -> bool:
        return not self.covers(path)


class AppFolder(NamedTuple):
    """An app: its folder, what messages call it, and the folder for its output."""

    root: Path
    shown_as: str
    output: Path


class Request(NamedTuple):
    """What is asked for every app. `templates` is a folder of the user's own; with `strict`, a warning
    is an error; `force` replaces files in the output that are not ours.
    """

    options: Options
    selection: Selection = Selection()
    templates: Path | None = None
    strict: bool = False
    force: bool = False


class Outcome(NamedTuple):
    """The result for one app: paths by what happened to them, and the `failure` that ended it, if any.

    What was `created` is part of what was `written`. `rejected` are the app and its files that a validation
    found wrong. `drift` is None if there is none, `difference` if none was asked for. `roots` are those that
    the app wants of its fleet: digests by their paths in the folder of the roots.
    """

    app: AppFolder
    problems: tuple[Problem, ...] = ()
    failure: JvbundlerError | None = None
    rejected: bool = False
    written: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    drift: Drift | None = None
    difference: Difference | None = None
    checkers: tuple[Checked, ...] = ()
    roots: tuple[tuple[str, str], ...] = ()

    @property
    def total(self) -> int:
        return len(self.written) + len(self.unchanged)

    @property
    def exit_code(self) -> int:
        """The exit code of a command for this app alone (docs/exit-codes.md)."""
        if self.failure:
            return self.failure.exit_code
        differs = self.drift is not None or bool(self.difference and self.difference.changes)
        return 2 if self.rejected else int(differs)

    @property
    def failed(self) -> bool:
        """Whether there is no result, or a bad one; a difference is a result."""
        return self.failure is not None or self.rejected


def environment_of(path: str) -> str:
    """The environment that has the file to itself: prod for kubernetes/rendered/prod/manifest.yaml."""
    for folder in _PER_ENVIRONMENT:
        name, _, rest = path.removeprefix(f"{folder}/").partition("/")
        if path.startswith(f"{folder}/") and rest:
            return name
        if path.startswith(f"{folder}/") and folder.startswith("gitops/"):
            return name.partition(".")[0]
    return ""


def fleet_folder(app_root: Path, output: Path) -> Path | None:
    """The folder for the roots of the app's fleet, None where its output is in no folder with its name."""
    parts, name = Path(os.path.realpath(output)).parts, folder_name(app_root)
    if name not in parts:
        return None
    from jvbundler.project.gitops import ROOTS

    ups = parts[::-1].index(name) + 1
    return Path(os.path.normpath(os.path.join(output, *([".."] * ups), ROOTS)))  # noqa: PTH118


def below(folder: str, name: str) -> str:
    """`name` in `folder`, as messages call it: `deploy.yaml`, `apps/support/deploy.yaml`."""
    return name if folder in ("", ".") else f"{folder.rstrip('/')}/{name}"


def config_path(app_root: Path, options: Options) -> Path:
    return options.config or app_root / CONFIG


def output_path(app_root: Path, output: Path | None, options: Options) -> Path:
    """The output folder: as given, else `deploy/` beside deploy.yaml."""
    return output or config_path(app_root, options).parent / DEFAULT_OUTPUT


def folder_name(app_root: Path) -> str:
    """The name of the app's folder, also if it is given as `.`"""
    name = app_root.name
    return name if name not in ("", "..") else os.path.basename(os.path.realpath(app_root))  # noqa: PTH119


def repository_path(output: Path) -> str:
    """The output folder's path in the git work tree that it is in; `.` for its root, empty for none."""
    folder = os.path.realpath(output)
    tree = work_tree(folder)
    return os.path.relpath(folder, tree).replace(os.sep, "/") if tree else ""


def work_tree(folder: str) -> str:
    """The root of the git work tree that a folder is in, given its real path; empty for none."""
    while not os.path.lexists(f"{folder}/.git"):
        parent = os.path.dirname(folder)  # noqa: PTH120 (texts here, as for every file of an app)
        if parent == folder:
            return ""
        folder = parent
    return folder


def assignments(settings: Iterable[str], variables: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The pairs of `--set KEY=VALUE` and `--env NAME=VALUE`; InputError for what is not of that form."""
    pairs = [_pair("--set", text) for text in settings]
    for text in variables:
        name, value = _pair("--env", text)
        if not re.match(_VARIABLE, name):
            raise InputError(f"--env: '{name}' is not the name of an environment variable")
        # Quoted, as a variable is always a text.
        pairs += [(f"{path}.{name}", json.dumps(value)) for path in _ENVIRONMENTS]
    return tuple(pairs)


def _pair(option: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        # The text is not repeated in full: it may be the value of a secret.
        meant = "; did you mean -e, which chooses an environment?" if option == "--env" and key else ""
        raise InputError(f"{option}: expected KEY=VALUE, found no '=' after a key{meant}")
    return key, value
