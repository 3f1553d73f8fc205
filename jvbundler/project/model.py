"""What is deployed, resolved once per environment: the only input of rules, targets and plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from jvbundler.values.node import Node, Path, locate
from jvbundler.values.problem import Place

if TYPE_CHECKING:
    from jvbundler.app.model import App
    from jvbundler.generated.settings import KubernetesRegistry, LambdaEcr, Settings

Platform = Literal["lambda", "kubernetes"]
BASE = ""


class Unknown(Exception):
    """What was asked for depends on a part of the user's files that is wrong (known.py)."""


class Secret(NamedTuple):
    """A secret environment variable and where each platform finds its value, which is never known here.

    `source` is the variable that holds the value where it is handed over: in the shell or the CI job.
    `optional`: the app starts without it as well, and no variable is set where there is no value.
    """

    name: str
    place: Place
    source: str
    kubernetes_secret: str
    kubernetes_key: str
    lambda_secret_id: str
    lambda_json_key: str
    external_key: str
    external_property: str
    optional: bool = False


class Environment(NamedTuple):
    """One environment's settings with everything derived from them.

    `name` is empty for the top level alone, which becomes the Kustomize base. `lambda_variables` and
    `kubernetes_variables` are the plain environment variables of each platform, sorted by name, as
    deploy.yaml gives them and as the writable paths of the platform require; the image sets the rest. Secrets
    are those of the platform, sorted by name; composed variables are texts that contain secrets of the
    platform (`SecretName`s, source/interpolate.py). `instance` is the app's name as a DNS label,
    `qualified_name` the same with the environment, `acme-support-prod`.
    """

    name: str
    node: Node
    settings: Settings
    app_name: str
    app_version: str
    description: str
    instance: str
    qualified_name: str
    image_name: str
    image_tag: str
    namespace: str
    function_name: str
    stack_name: str
    server_port: int
    platforms: tuple[str, ...]
    lambda_variables: dict[str, str]
    kubernetes_variables: dict[str, str]
    lambda_secrets: tuple[Secret, ...]
    kubernetes_secrets: tuple[Secret, ...]
    lambda_composed: dict[str, tuple[str, ...]]
    kubernetes_composed: dict[str, tuple[str, ...]]

    def place(self, *path: str | int) -> Place:
        """Where a setting is written, or its nearest section when it is a default."""
        return locate(self.node, path)

    @property
    def kubernetes_image(self) -> str:
        """The reference that the cluster pulls: `registry/name:tag`, with the digest once it is known."""
        name, digest = f"{self.kubernetes_repository}:{self.tag('kubernetes')}", self.digest("kubernetes")
        return f"{name}@{digest}" if digest else name

    @property
    def kubernetes_repository(self) -> str:
        """The repository that the cluster pulls from; one of Docker Hub if it has no registry."""
        registry = self.settings["kubernetes"]["registry"]
        derived = f"{registry['url']}/{self.image_name}" if registry["url"] else self.image_name
        return registry["repository"] or derived

    def variables(self, platform: Platform) -> dict[str, str]:
        return self.lambda_variables if platform == "lambda" else self.kubernetes_variables

    def secrets(self, platform: Platform) -> tuple[Secret, ...]:
        return self.lambda_secrets if platform == "lambda" else self.kubernetes_secrets

    def composed(self, platform: Platform) -> dict[str, tuple[str, ...]]:
        return self.lambda_composed if platform == "lambda" else self.kubernetes_composed

    def own_image(self, platform: Platform) -> LambdaEcr | KubernetesRegistry:
        """What deploy.yaml and images.yaml say of the image of this platform alone."""
        if platform == "lambda":
            return self.settings["lambda"]["ecr"]
        return self.settings["kubernetes"]["registry"]

    def tag(self, platform: Platform) -> str:
        """The tag that the platform pulls; `image_tag` is the one that is pushed next."""
        return self.own_image(platform)["tag"] or self.image_tag

    def digest(self, platform: Platform) -> str:
        """The digest of the image that the platform pulls, empty while it is not known.

        The common one is that of the common tag.
        """
        own = self.own_image(platform)
        return own["digest"] or ("" if own["tag"] else self.settings["image"]["digest"])

    @property
    def architectures(self) -> tuple[str, ...]:
        """The image's architectures as Kubernetes names them: amd64, arm64."""
        return tuple(platform.rsplit("/", 1)[1] for platform in self.platforms)

    @property
    def function_architecture(self) -> str:
        """The function's architecture as images name it; without one, it is the first of the image's."""
        given = self.settings["lambda"]["function"]["architecture"]
        return {"x86_64": "amd64", "arm64": "arm64"}.get(given) or self.architectures[0]


class Project(NamedTuple):
    """An app and all its environments. `base` is the top level of deploy.yaml, without any environment.

    `file` is deploy.yaml as the user would type it, `images` the file of images beside it, empty if there is
    none. `output` is the output folder relative to the app, empty
    if it is outside: the image must not contain it. `repository_path` is the output folder's path in its git
    work tree, empty if it is in none. `folder` is the name of the app's folder, whatever the app is called.
    """

    app: App
    file: str
    base: Environment
    environments: tuple[Environment, ...]
    output: str = "deploy"
    repository_path: str = ""
    images: str = ""
    folder: str = ""

    @property
    def config_name(self) -> str:
        """The name of deploy.yaml without its folder, as generated files call it on every machine."""
        return self.file.replace("\\", "/").rsplit("/", 1)[-1]


def slug(text: str) -> str:
    """`text` as a DNS label (RFC 1123): lower case, digits and hyphens, at most 63 characters."""
    mapped = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())
    return mapped[:63].strip("-")


def path_of(parts: Path) -> str:
    return ".".join(str(part) for part in parts)
