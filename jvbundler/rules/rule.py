"""What a rule is, and the two decorators that register one. Knows no rule and checks nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.values.problem import Place, Severity

if TYPE_CHECKING:
    from jvbundler.app.model import App
    from jvbundler.project.model import Environment, Project

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
