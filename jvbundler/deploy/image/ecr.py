"""Lambda's ECR repository: its state, and the commands that create it before the first push."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.aws import Account, read, stack_facts
from jvbundler.deploy.command import Command
from jvbundler.render.lambda_.names import repository_name, repository_stack_name, repository_uri

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

# Placeholder in a dry run for the account that only AWS knows; no AWS account has this number.
UNKNOWN_ACCOUNT = "000000000000"
STACK_SECONDS = 900.0


class Repository(NamedTuple):
    """A repository and the stack that creates it; `template` is empty if it is created elsewhere."""

    name: str
    uri: str
    region: str
    stack: str
    template: str


class RepositoryFacts(NamedTuple):
    """Whether there is a repository, and whether it has a stack; one created by hand has none."""

    is_there: bool
    has_stack: bool


def repository_of(environment: Environment, folder: str, account: str = "") -> Repository:
    """`folder` is where the environment's rendered files are; `account` is that of the credentials."""
    settings = environment.settings["lambda"]
    return Repository(
        name=repository_name(environment),
        uri=repository_uri(environment) or _uri(environment, account or UNKNOWN_ACCOUNT),
        region=settings["region"],
        stack=repository_stack_name(environment),
        template=f"{folder}/repository.yaml" if settings["ecr"]["create_if_missing"] else "",
    )


def _uri(environment: Environment, account: str) -> str:
    region = environment.settings["lambda"]["region"]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{suffix}/{repository_name(environment)}"


def look(account: Account, repository: Repository) -> RepositoryFacts:
    found = is_there(account, repository)
    return RepositoryFacts(found, found and stack_facts(account, repository.stack) is not None)


def is_there(account: Account, repository: Repository) -> bool:
    words = ("ecr", "describe-repositories", "--repository-names", repository.name)
    return read(account, *words, absent=("RepositoryNotFoundException",)) is not None


def is_used_as_it_is(repository: Repository, facts: RepositoryFacts | None) -> bool:
    """Whether there is nothing to do: it is created elsewhere, or was created without a stack."""
    return not repository.template or bool(facts and facts.is_there and not facts.has_stack)


def ensure_commands(repository: Repository, facts: RepositoryFacts | None) -> tuple[Command, ...]:
    """Bring the repository's stack up to date; without changes it stays as it is."""
    if is_used_as_it_is(repository, facts):
        return ()
    argv = (
        *("aws", "cloudformation", "deploy", "--region", repository.region),
        *("--stack-name", repository.stack, "--template-file", repository.template),
        "--no-fail-on-empty-changeset",
    )
    reason = f"create or update the ECR repository '{repository.name}'"
    return (Command(argv, reason, timeout_seconds=STACK_SECONDS),)


def notes(repository: Repository, facts: RepositoryFacts | None) -> tuple[str, ...]:
    if not repository.template or not is_used_as_it_is(repository, facts):
        return ()
    return (f"the ECR repository '{repository.name}' exists without a stack: used as it is",)
