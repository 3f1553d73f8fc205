"""Rules about secrets in places that project.variables does not look at: they judge a name, never a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import Environment
from jvbundler.rules.rule import Finding, Path, rule
from jvbundler.secret_names import looks_secret

if TYPE_CHECKING:
    from jvbundler.app.model import App

POD: Path = ("kubernetes", "deployment", "pod")


@rule(
    "JVB903",
    "error",
    title="Secret in a build argument or in a sidecar",
    source="Docker: build arguments stay in the image's history; Kubernetes: manifests are committed",
)
def secret_by_name(environment: Environment, app: App) -> Iterator[Finding]:
    """A build argument whose name looks like a secret ends up in the Dockerfile and in the image's history,
    and a variable of an extra container in the manifest. Use a build secret there, and `valueFrom` with a
    `secretKeyRef` here. The value is not repeated in the message."""
    for name, value in environment.settings["image"]["build"]["args"].items():
        if value and looks_secret(name):
            message = f"build argument '{name}' looks like a secret and would stay in the image"
            hint = "remove it, and pass the value as a build secret (docker build --secret)"
            yield Finding(("image", "build", "args", name), message, hint)
    pod = environment.settings["kubernetes"]["deployment"]["pod"]
    for kind, containers in (
        ("init_containers", pod["init_containers"]),
        ("extra_containers", pod["extra_containers"]),
    ):
        for index, container in enumerate(containers):
            yield from secret_variables((*POD, kind, index, "env"), container)


def secret_variables(path: Path, container: dict[str, Any]) -> Iterator[Finding]:
    variables = container.get("env")
    for index, variable in enumerate(variables if isinstance(variables, list) else ()):
        if (
            isinstance(variable, dict)
            and variable.get("value")
            and looks_secret(str(variable.get("name", "")))
        ):
            message = f"variable '{variable['name']}' looks like a secret and would be rendered"
            hint = "take it from a Secret: valueFrom: {secretKeyRef: {name: …, key: …}}"
            yield Finding((*path, index), message, hint)
