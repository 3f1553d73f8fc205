"""Lambda: the calls of `aws` and `sam` that deploy, change back, show and delete the stack of an environment.

Nothing is made that the rendered templates do not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.command import NO_LIMIT, PARAMETERS, Command
from jvbundler.errors import InputError
from jvbundler.render.lambda_.samconfig import capability
from jvbundler.render.lambda_names import (
    API_LOGS,
    FUNCTION_LOGS,
    repository_name,
    repository_stack_name,
    repository_uri,
)

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

# A stack with a custom domain or an EFS mount takes up to half an hour.
STACK_SECONDS = 2400.0
SHORT_SECONDS = 120.0
# Stands in a dry run for the account that only AWS knows; nobody has this one.
UNKNOWN_ACCOUNT = "000000000000"
IMAGE_PARAMETER = "ImageUri"


class LambdaStack(NamedTuple):
    """The names that all commands about one environment agree on.

    `repository_template` is empty where the repository is made elsewhere. `health_path` is below every URL.
    """

    environment: str
    name: str
    region: str
    function: str
    template: str
    capability: str
    repository: str
    repository_uri: str
    repository_stack: str
    repository_template: str
    health_path: str

    @property
    def where(self) -> tuple[str, ...]:
        """The options that every command has, so that none acts on a default by accident."""
        return ("--region", self.region, "--stack-name", self.name)

    @property
    def log_prefixes(self) -> tuple[str, str]:
        """What the names of the stack's log groups begin with, and of those that former stacks left."""
        return (f"{FUNCTION_LOGS}/{self.name}/", f"{API_LOGS}/{self.name}/")


def lambda_stack(environment: Environment, folder: str, account: str = "") -> LambdaStack:
    """`folder` is where the environment's rendered files are; `account` is asked for where it is not set."""
    settings = environment.settings["lambda"]
    ours = settings["ecr"]["create_if_missing"]
    return LambdaStack(
        environment=environment.name,
        name=environment.stack_name,
        region=settings["region"],
        function=environment.function_name,
        template=f"{folder}/template.yaml",
        capability=capability(environment),
        repository=repository_name(environment),
        repository_uri=repository_uri(environment) or _uri(environment, account),
        repository_stack=repository_stack_name(environment),
        repository_template=f"{folder}/repository.yaml" if ours else "",
        health_path=environment.settings["server"]["health_path"],
    )


def _uri(environment: Environment, account: str) -> str:
    region = environment.settings["lambda"]["region"]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{account or UNKNOWN_ACCOUNT}.dkr.ecr.{region}.{suffix}/{repository_name(environment)}"


def identity(region: str) -> Command:
    argv = ("aws", "sts", "get-caller-identity", "--region", region, "--output", "json")
    return Command(argv, "whose credentials these are", timeout_seconds=SHORT_SECONDS)


def repository_plan(stack: LambdaStack) -> tuple[Command, ...]:
    """Bring the repository's stack up to date; without a change it is left as it is."""
    if not stack.repository_template:
        return ()
    argv = (
        *("aws", "cloudformation", "deploy", "--region", stack.region),
        *("--stack-name", stack.repository_stack, "--template-file", stack.repository_template),
        "--no-fail-on-empty-changeset",
    )
    return (Command(argv, f"make sure of the ECR repository '{stack.repository}'", timeout_seconds=900),)


def leftover_plan(stack: LambdaStack) -> tuple[Command, ...]:
    """Away with what a first deployment left that failed: an empty stack that cannot be updated."""
    return delete_stack(stack.region, stack.name, f"remove the empty stack '{stack.name}' of a failed start")


def deploy_plan(
    stack: LambdaStack,
    image: str,
    parameters: Mapping[str, str],
    secrets: Iterable[tuple[str, str]],
    *,
    only_change_set: bool = False,
    timeout_seconds: float = STACK_SECONDS,
) -> tuple[Command, ...]:
    """`secrets` pairs a parameter with the variable of its value; others keep their value."""
    pairs = tuple(secrets)
    overrides = [f"{IMAGE_PARAMETER}={image}", *(f"{name}={_quoted(v)}" for name, v in parameters.items())]
    argv = (
        *("sam", "deploy", "--template-file", stack.template),
        # sam looks for it beside the template, wherever it is started.
        *("--config-file", "samconfig.toml", "--config-env", stack.environment),
        *stack.where,
        *("--image-repository", stack.repository_uri),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *(("--no-execute-changeset",) if only_change_set else ()),
        *("--parameter-overrides", *overrides, *((f"file://{PARAMETERS}",) if pairs else ())),
    )
    reason = f"{'show the changes of' if only_change_set else 'deploy'} the stack '{stack.name}'"
    return (
        Command(
            argv, reason, parameter_file=pairs, timeout_seconds=timeout_seconds, grace_seconds=10, waits=True
        ),
    )


def _quoted(value: str) -> str:
    """sam splits overrides at spaces that are in no quotes."""
    if not value or any(c.isspace() or c in "\"'" for c in value):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value


def execute_plan(
    stack: LambdaStack, change_set: str, *, is_new: bool, timeout_seconds: float = STACK_SECONDS
) -> tuple[Command, ...]:
    """Carry out the change set that was shown, and nothing else."""
    begin = (
        *("aws", "cloudformation", "execute-change-set", "--region", stack.region),
        *("--change-set-name", change_set),
    )
    waited = "stack-create-complete" if is_new else "stack-update-complete"
    return (
        Command(begin, "carry out these changes", timeout_seconds=SHORT_SECONDS),
        _wait(stack.region, stack.name, waited, timeout_seconds),
    )


def discard_plan(stack: LambdaStack, change_set: str, *, is_new: bool) -> tuple[Command, ...]:
    """Leave nothing of a change set that nobody wanted."""
    if is_new:
        return delete_stack(stack.region, stack.name, f"remove the empty stack '{stack.name}' again")
    argv = (
        *("aws", "cloudformation", "delete-change-set", "--region", stack.region),
        *("--change-set-name", change_set),
    )
    return (Command(argv, "drop these changes", timeout_seconds=SHORT_SECONDS),)


def rollback_plan(
    stack: LambdaStack,
    image: str,
    parameters: Iterable[str],
    *,
    timeout_seconds: float = STACK_SECONDS,
) -> tuple[Command, ...]:
    """The stack as it was deployed with another image: its template and all other parameters stay."""
    kept = [f"ParameterKey={name},UsePreviousValue=true" for name in parameters if name != IMAGE_PARAMETER]
    argv = (
        *("aws", "cloudformation", "update-stack", *stack.where, "--use-previous-template"),
        *("--parameters", f"ParameterKey={IMAGE_PARAMETER},ParameterValue={image}", *kept),
        # Its template has the SAM transform.
        *("--capabilities", *filter(None, (stack.capability, "CAPABILITY_AUTO_EXPAND"))),
    )
    return (
        Command(argv, f"set the image of the stack '{stack.name}' back", timeout_seconds=SHORT_SECONDS),
        _wait(stack.region, stack.name, "stack-update-complete", timeout_seconds),
    )


def logs_plan(
    stack: LambdaStack, *, follow: bool, since: str, pattern: str, live: bool = True
) -> tuple[Command, ...]:
    """`since` as sam reads it: `10min ago`, or a date. `live` shows the lines as they come."""
    argv = (
        *("sam", "logs", "--name", "Function", *stack.where, "--start-time", since),
        *(("--filter", pattern) if pattern else ()),
        *(("--tail",) if follow else ()),
    )
    limit = NO_LIMIT if follow else 600.0
    reason = f"logs of the function '{stack.function}'"
    return (Command(argv, reason, timeout_seconds=limit, live=live, expected=(0, 143)),)


def delete_stack(
    region: str, name: str, reason: str, timeout_seconds: float = STACK_SECONDS
) -> tuple[Command, ...]:
    argv = ("aws", "cloudformation", "delete-stack", "--region", region, "--stack-name", name)
    return (
        Command(argv, reason, timeout_seconds=SHORT_SECONDS),
        _wait(region, name, "stack-delete-complete", timeout_seconds),
    )


def _wait(region: str, name: str, event: str, timeout_seconds: float) -> Command:
    argv = ("aws", "cloudformation", "wait", event, "--region", region, "--stack-name", name)
    return Command(argv, "wait until that is done", timeout_seconds=timeout_seconds, waits=True)


def image_of(uri: str, version: str) -> str:
    """An image by what was typed: a whole reference, a digest or a tag."""
    if "/" in version:
        if not version.startswith(f"{uri}@") and not version.startswith(f"{uri}:"):
            raise InputError(f"'{version}' is not an image of {uri}")
        return version
    return f"{uri}@{version}" if version.startswith("sha256:") else f"{uri}:{version}"
