"""An environment on Lambda: the names that all commands about its stack have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.image.ecr import Repository, repository_of
from jvbundler.render.lambda_.names import API_LOGS, FUNCTION_LOGS
from jvbundler.render.lambda_.samconfig import capability
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release


class LambdaStack(NamedTuple):
    """The names of one environment; `health_path` is below every URL."""

    environment: str
    name: str
    region: str
    function: str
    template: str
    capability: str
    repository: Repository
    health_path: str

    @property
    def where(self) -> tuple[str, ...]:
        """The options that every command has, so that none acts on a default by accident."""
        return ("--region", self.region, "--stack-name", self.name)

    @property
    def place(self) -> str:
        """What one deployment at a time may change."""
        return f"lambda {self.region} {self.name}"

    @property
    def log_prefixes(self) -> tuple[str, str]:
        """What the names of the stack's log groups begin with, and of those that former stacks left."""
        return (f"{FUNCTION_LOGS}/{self.name}/", f"{API_LOGS}/{self.name}/")


def stack_of(release: Release, account: str = "") -> LambdaStack:
    """`account` is that of the credentials; without one, the repository's address may be a placeholder."""
    environment = release.environment
    folder = release.path(f"lambda/{environment.name}")
    return LambdaStack(
        environment=environment.name,
        name=environment.stack_name,
        region=environment.settings["lambda"]["region"],
        function=environment.function_name,
        template=f"{folder}/template.yaml",
        capability=capability(environment),
        repository=repository_of(environment, folder, account),
        health_path=environment.settings["server"]["health_path"],
    )


def image_of(uri: str, version: str) -> str:
    """An image by what was typed: a whole reference, a digest or a tag."""
    if "/" in version:
        if not version.startswith(f"{uri}@") and not version.startswith(f"{uri}:"):
            raise InputError(f"'{version}' is not an image of {uri}")
        return version
    return f"{uri}@{version}" if version.startswith("sha256:") else f"{uri}:{version}"
