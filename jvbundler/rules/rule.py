"""What a rule is, the two decorators that register one, and what several rules read from an environment.

Knows no rule and checks nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.project.model import Environment, Platform
from jvbundler.project.variables import PLATFORM_PATHS, SHARED_PATH, variables_with_secrets
from jvbundler.values.node import find
from jvbundler.values.problem import Place, Severity

if TYPE_CHECKING:
    from jvbundler.app.model import App
    from jvbundler.project.model import Project

Path = tuple[str | int, ...]


class Finding(NamedTuple):
    """What a check found: where (a path in deploy.yaml, or a place in any file), and what to do about it."""

    at: Path | Place
    message: str
    hint: str = ""
    related: tuple[Place, ...] = ()


EnvironmentCheck = Callable[["Environment", "App"], Iterator[Finding]]
ProjectCheck = Callable[["Project"], Iterator[Finding]]


class Rule(NamedTuple):
    """A rule as `jvbundler rules` and docs/rules.md show it.

    `docstring` is its paragraph, indented as in the code; `source` says who sets the limit. A rule without
    a check is raised where the files are read or rendered; `also_warns` marks one of those that is an error
    in some cases only.
    """

    id: str
    severity: Severity
    title: str
    source: str
    docstring: str
    check: EnvironmentCheck | None = None
    project_check: ProjectCheck | None = None
    also_warns: bool = False

    @property
    def text(self) -> str:
        """Its paragraph."""
        from inspect import cleandoc

        return cleandoc(self.docstring)

    @property
    def can_be_waived(self) -> bool:
        return self.severity == "warning" or self.also_warns


REGISTERED: list[Rule] = []


def rule(
    id: str, severity: Severity, *, title: str, source: str
) -> Callable[[EnvironmentCheck], EnvironmentCheck]:
    """Registers a check of one environment; its docstring becomes the paragraph of the rule."""

    def register(check: EnvironmentCheck) -> EnvironmentCheck:
        REGISTERED.append(Rule(id, severity, title, source, check.__doc__ or "", check=check))
        return check

    return register


def project_rule(
    id: str, severity: Severity, *, title: str, source: str
) -> Callable[[ProjectCheck], ProjectCheck]:
    """The same for a check of the app and of all environments together."""

    def register(check: ProjectCheck) -> ProjectCheck:
        REGISTERED.append(Rule(id, severity, title, source, check.__doc__ or "", project_check=check))
        return check

    return register


FILE_DATABASES = ("json", "sqlite")
PLATFORM_TITLES: dict[Platform, str] = {"lambda": "Lambda", "kubernetes": "Kubernetes"}
CONTAINER = ("kubernetes", "deployment", "container")


def platforms(environment: Environment) -> Iterator[Platform]:
    """The platforms that files are rendered for."""
    if environment.settings["lambda"]["enabled"]:
        yield "lambda"
    if environment.settings["kubernetes"]["enabled"]:
        yield "kubernetes"


def plain_variables(environment: Environment, platform: Platform) -> dict[str, str]:
    return environment.variables(platform)


def secret_names(environment: Environment, platform: Platform) -> set[str]:
    """The variables whose value is a secret, or has one in it."""
    return set(variables_with_secrets(environment, platform))


def app_variables(environment: Environment, app: App, platform: Platform) -> dict[str, str]:
    """What the app sees: deploy.yaml over app.yaml, as jvagent reads them."""
    return {**dict(app.configured), **plain_variables(environment, platform)}


def database(environment: Environment, app: App, platform: Platform) -> str:
    """The kind of the app's database, `json` by default."""
    return app_variables(environment, app, platform).get("JVSPATIAL_DB_TYPE", "json").strip().lower()


def variable_path(environment: Environment, platform: Platform, name: str, otherwise: Path) -> Path:
    """Where a variable is written; `otherwise` where deploy.yaml does not have it."""
    for section in (PLATFORM_PATHS[platform], SHARED_PATH):
        if find(environment.node, (*section, name)) is not None:
            return (*section, name)
    return otherwise


def written_or(environment: Environment, path: Path, otherwise: Path) -> Path:
    """The path if it is written, else `otherwise`, the one to blame instead."""
    return path if find(environment.node, path) is not None else otherwise


def is_true(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "on")


def container_port(environment: Environment) -> int:
    return environment.settings["kubernetes"]["deployment"]["container"]["port"] or environment.server_port


def runs_jvagent(environment: Environment) -> bool:
    command = environment.settings["server"]["command"]
    return not command or command[0] == "jvagent"


def ports_of(container: dict[str, Any]) -> set[tuple[int, str]]:
    """The ports that a container, written by the user, declares, with their protocols."""
    ports = container.get("ports")
    entries = [entry for entry in ports if isinstance(entry, dict)] if isinstance(ports, list) else []
    numbers = [(entry.get("containerPort"), str(entry.get("protocol", "TCP"))) for entry in entries]
    return {(number, protocol) for number, protocol in numbers if isinstance(number, int)}


def served_ports(environment: Environment) -> set[int] | None:
    """The ports that containers of the pod listen on, None where a sidecar does not say."""
    others = environment.settings["kubernetes"]["deployment"]["pod"]["extra_containers"]
    declared = [ports_of(other) for other in others]
    if not all(declared):
        return None
    return {container_port(environment), *(number for ports in declared for number, _ in ports)}


def pods(environment: Environment) -> tuple[int, int]:
    """The fewest and the most pods that are meant to run."""
    kubernetes = environment.settings["kubernetes"]
    scaling = kubernetes["autoscaling"]
    if scaling["enabled"]:
        return scaling["min_replicas"], scaling["max_replicas"]
    return kubernetes["deployment"]["replicas"], kubernetes["deployment"]["replicas"]


def pods_path(environment: Environment) -> Path:
    """The setting that decides how many pods run."""
    if environment.settings["kubernetes"]["autoscaling"]["enabled"]:
        return ("kubernetes", "autoscaling", "max_replicas")
    return ("kubernetes", "deployment", "replicas")
