"""What is still to do until an environment of the app runs, as far as the files tell, in the order to do it.

One list for `init`, `render`, `validate`, `doctor` and `next`; deploy/next_steps.py strikes out what is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from jvbundler.pipeline.request import DEFAULT_OUTPUT, fleet_folder
from jvbundler.project.gitops import systems
from jvbundler.project.model import Platform
from jvbundler.project.variables import storage_root
from jvbundler.rules.rule import platforms
from jvbundler.rules.shared import is_without_registry
from jvbundler.rules.storage import has_file_database, unknown_addresses
from jvbundler.values.safe_text import shell_line

if TYPE_CHECKING:
    from jvbundler.app.model import App
    from jvbundler.project.model import Environment, Project

# As a platform is called on the command line.
SHORT: dict[Platform, str] = {"kubernetes": "k8s", "lambda": "lambda"}
# The rules that warn of a database that loses what it has, or that has no address.
LOSING_DATABASE: dict[Platform, str] = {"kubernetes": "JVB432", "lambda": "JVB330"}
NO_ADDRESS = "JVB222"


class Step(NamedTuple):
    """`what` is to be done, in the imperative, and `how`: the key to set, or the command to run.

    Without the ones of the `kind` "value", there is nobody to ask what is done already.
    """

    kind: Literal["value", "database", "secrets", "image", "deploy", "tool", "mend"]
    what: str
    how: str


class Place(NamedTuple):
    """Where commands find the app, as the user typed it, and its environment: empty for the only one."""

    app: str = "."
    config: str = ""
    output: str = ""
    environment: str = ""

    @property
    def folder(self) -> str:
        """The output folder."""
        return self.output or (DEFAULT_OUTPUT if self.app == "." else f"{self.app}/{DEFAULT_OUTPUT}")

    def command(self, *verb: str, more: Sequence[str] = ()) -> str:
        """A command line of ours, ready to be pasted."""
        words = ["jvbundler", *verb, *((self.app,) if self.app != "." else ())]
        words += ["-e", self.environment] if self.environment else []
        words += ["-c", self.config] if self.config else []
        words += ["-o", self.output] if self.output and verb[0] != "secrets" else []
        return shell_line([*words, *more])


class Where(NamedTuple):
    """An environment on one of its platforms; on none, where it has none yet."""

    environment: str
    platform: Platform | None
    place: Place


Steps = Mapping[Where, Sequence[Step]]
StepsOf = Callable[[Platform, Place], Sequence[Step]]


def steps(project: Project, environment: Environment, platform: Platform, place: Place) -> tuple[Step, ...]:
    """All steps to a running app on the platform; those that are done already are not known here."""
    found = [*_missing_values(environment, project.app, platform)]
    secrets = [secret.source for secret in environment.secrets(platform) if not secret.optional]
    if secrets:
        found.append(Step("secrets", f"create the secrets {listed(secrets)}", place.command("secrets")))
    if platform == "kubernetes" and systems(environment):
        found += _pulled(environment, place)
    else:
        command = place.command("deploy", SHORT[platform], more=("--all",))
        found.append(Step("deploy", "build, push and deploy", command))
    return tuple(found)


def steps_of(project: Project, environment: Environment, place: Place, of: StepsOf | None = None) -> Steps:
    """The steps for each platform of the environment; `of` tells those of one of them.

    The only step of an environment that is for no platform yet is to choose one.
    """
    place = place._replace(environment=environment.name if len(project.environments) > 1 else "")
    enabled = list(platforms(environment))
    if not enabled:
        how = f"set kubernetes.enabled or lambda.enabled to true in {project.file}"
        return {Where(environment.name, None, place): (Step("value", "choose where it runs", how),)}
    of = of or partial(steps, project, environment)
    return {Where(environment.name, one, place): of(one, place) for one in enabled}


def _missing_values(environment: Environment, app: App, platform: Platform) -> Iterator[Step]:
    settings = environment.settings["kubernetes"]
    if platform == "kubernetes" and is_without_registry(environment):
        yield Step("value", "say where the image is kept", "set kubernetes.registry.url, as in ghcr.io/acme")
    # Who has it pulled needs no cluster of their own.
    if platform == "kubernetes" and not settings["context"] and not systems(environment):
        lists = "'kubectl config get-contexts -o name' lists them"
        yield Step("value", "choose the cluster", f"set kubernetes.context; {lists}")
    yield from _database(environment, app, platform)


def _database(environment: Environment, app: App, platform: Platform) -> Iterator[Step]:
    """Where the rules warn of the database, unless that is waived."""
    waived = {waiver["rule"] for waiver in environment.settings["checks"]["ignore"]}
    loses = has_file_database(environment, app, platform) and not storage_root(environment.settings, platform)
    if loses and LOSING_DATABASE[platform] not in waived:
        volume = "lambda.efs" if platform == "lambda" else "kubernetes.persistence"
        how = f"set environment.JVSPATIAL_DB_TYPE to postgres or mongodb, or use {volume}"
        yield Step("database", "choose a database that lasts", how)
    for _, address in unknown_addresses(environment, app, platform) if NO_ADDRESS not in waived else ():
        yield Step("database", "say where the database is", f"list {address} under secrets")


def _pulled(environment: Environment, place: Place) -> Iterator[Step]:
    yield Step("image", "build and push the image", place.command("push"))
    git = ("add", place.folder), ("commit", "--message", f"Deploy {environment.app_version}"), ("push",)
    commit = " && ".join(shell_line(("git", *words)) for words in git)
    yield Step("deploy", "commit the output, and push it", commit)
    for system in systems(environment):
        folder, for_whom = f"{place.folder}/gitops", ""
        roots = fleet_folder(Path(place.app), Path(place.folder))
        if roots and environment.settings["gitops"]["fleet"]["enabled"]:
            folder, for_whom = str(roots), " for all apps of the fleet"
        command = shell_line(("kubectl", "apply", f"--filename={folder}/{system}/{environment.name}.yaml"))
        yield Step("deploy", f"once{for_whom}, in the cluster of the GitOps controller", command)


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`"""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
