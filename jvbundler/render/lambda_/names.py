"""Names that the template, samconfig.toml, repository.yaml and the deployment must agree on."""

from __future__ import annotations

from collections.abc import Iterable

from jvbundler.project.model import Environment, Secret, slug

UNNAMED_HTTP_STAGE = "$default"
REST_STAGE = "live"
ALIAS = "live"
# Log groups are ROOT/STACK/ID. API Gateway requires the vendedlogs prefix.
FUNCTION_LOGS = "/aws/lambda"
API_LOGS = "/aws/vendedlogs/api"


def stage_name(environment: Environment) -> str:
    """`$default` serves at the root of an HTTP API's URL; a REST API has no such stage."""
    api = environment.settings["lambda"]["api_gateway"]
    if api["type"] == "REST":
        return REST_STAGE if api["stage_name"] in ("", UNNAMED_HTTP_STAGE) else api["stage_name"]
    return api["stage_name"] or UNNAMED_HTTP_STAGE


def repository_name(environment: Environment) -> str:
    return environment.settings["lambda"]["ecr"]["repository_name"] or environment.image_name


def repository_stack_name(environment: Environment) -> str:
    """The bootstrap stack is named after the repository, which several environments may share."""
    name = slug(repository_name(environment))
    prefix = "" if name[:1].isalpha() else "ecr-"
    return f"{prefix}{name}-repository"


def registry(environment: Environment) -> str:
    """The account's registry, or an empty text while the account is not known."""
    settings = environment.settings["lambda"]
    if not settings["account_id"]:
        return ""
    suffix = "amazonaws.com.cn" if settings["region"].startswith("cn-") else "amazonaws.com"
    return f"{settings['account_id']}.dkr.ecr.{settings['region']}.{suffix}"


def repository_uri(environment: Environment) -> str:
    """Where the image is, or an empty text while the account is not known."""
    host, own = registry(environment), environment.settings["lambda"]["ecr"]["repository"]
    return own or (f"{host}/{repository_name(environment)}" if host else "")


def image_uri(environment: Environment) -> str:
    """The image by digest, else by tag, or an empty text while the account is not known."""
    repository = repository_uri(environment)
    digest = environment.digest("lambda")
    version = f"@{digest}" if digest else f":{environment.tag('lambda')}"
    return f"{repository}{version}" if repository else ""


def secret_parameters(secrets: Iterable[Secret]) -> dict[str, str]:
    """The template parameter of each secret by its variable: OPENAI_API_KEY → OpenaiApiKeySecret.

    Parameters have letters and digits only, so two variables may collide; the later one is numbered.
    No other name in the template ends in `Secret`.
    """
    names: dict[str, str] = {}
    for secret in secrets:
        words = "".join(word[:1].upper() + word[1:].lower() for word in secret.name.split("_"))
        name = f"{words}Secret"
        number = 2
        while name in names.values():
            name = f"{words}Secret{number}"
            number += 1
        names[secret.name] = name
    return names


def has_value(parameter: str) -> str:
    """The condition that an optional parameter has a value."""
    return f"Has{parameter}"
