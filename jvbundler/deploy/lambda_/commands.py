"""Lambda: the names of an environment's stack, and the calls of `aws` and `sam` for it.

Creates nothing that is not in the rendered templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.command import NO_LIMIT, PARAMETERS, Command
from jvbundler.deploy.image.ecr import Repository, repository_of
from jvbundler.render.lambda_.names import API_LOGS, FUNCTION_LOGS
from jvbundler.render.lambda_.parameters import capability
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release

# A stack with a custom domain or an EFS mount takes up to half an hour.
STACK_SECONDS = 2400.0
SHORT_SECONDS = 120.0
IMAGE_PARAMETER = "ImageUri"


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
        """The options of every command, so that none uses a default by accident."""
        return ("--region", self.region, "--stack-name", self.name)

    @property
    def place(self) -> str:
        """What only one deployment may change at a time."""
        return f"lambda {self.region} {self.name}"

    @property
    def log_prefixes(self) -> tuple[str, str]:
        """The prefix of the stack's log groups, and of those that former stacks left."""
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
    """The image that was typed: a whole reference, a digest or a tag."""
    if "/" in version:
        if not version.startswith(f"{uri}@") and not version.startswith(f"{uri}:"):
            raise InputError(f"'{version}' is not an image of {uri}")
        return version
    return f"{uri}@{version}" if version.startswith("sha256:") else f"{uri}:{version}"


class LogOptions(NamedTuple):
    """`since` as sam reads it: `10min ago`, or a date. `tail` 0 is all lines, as they come."""

    since: str
    follow: bool = False
    pattern: str = ""
    tail: int = 0


def delete_leftover(stack: LambdaStack) -> tuple[Command, ...]:
    """Delete the empty stack that a failed first deployment left: CloudFormation does not update it."""
    return delete_stack(stack.region, stack.name, f"delete the empty stack '{stack.name}' of a failed start")


def deploy_stack(
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
        # sam looks for it beside the template, whatever its working folder.
        *("--config-file", "samconfig.toml", "--config-env", stack.environment),
        *stack.where,
        *("--image-repository", stack.repository.uri),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *(("--no-execute-changeset",) if only_change_set else ()),
        *("--parameter-overrides", *overrides, *((f"file://{PARAMETERS}",) if pairs else ())),
    )
    reason = f"{'show the changes of' if only_change_set else 'deploy'} the stack '{stack.name}'"
    return (
        Command(
            argv,
            reason,
            parameter_file=pairs,
            timeout_seconds=timeout_seconds,
            grace_seconds=10,
            waits=True,
            role="stack",
        ),
    )


def _quoted(value: str) -> str:
    """sam splits overrides at unquoted spaces."""
    if not value or any(c.isspace() or c in "\"'" for c in value):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value


def execute_change_set(
    stack: LambdaStack, change_set: str, *, is_new: bool, timeout_seconds: float = STACK_SECONDS
) -> tuple[Command, ...]:
    """Execute the change set that was shown, and nothing else."""
    begin = (
        *("aws", "cloudformation", "execute-change-set", "--region", stack.region),
        *("--change-set-name", change_set),
    )
    waited = "stack-create-complete" if is_new else "stack-update-complete"
    return (
        Command(begin, "execute these changes", timeout_seconds=SHORT_SECONDS, role="stack"),
        _wait(stack.region, stack.name, waited, timeout_seconds),
    )


def discard_change_set(stack: LambdaStack, change_set: str, *, is_new: bool) -> tuple[Command, ...]:
    """Remove a change set that was declined, with the empty stack that CloudFormation made for it."""
    if is_new:
        return delete_stack(stack.region, stack.name, f"delete the empty stack '{stack.name}' again")
    argv = (
        *("aws", "cloudformation", "delete-change-set", "--region", stack.region),
        *("--change-set-name", change_set),
    )
    return (Command(argv, "discard these changes", timeout_seconds=SHORT_SECONDS),)


def set_image(
    stack: LambdaStack,
    image: str,
    parameters: Iterable[str],
    *,
    timeout_seconds: float = STACK_SECONDS,
) -> tuple[Command, ...]:
    """The deployed stack with another image: its template and all other parameters stay."""
    kept = [f"ParameterKey={name},UsePreviousValue=true" for name in parameters if name != IMAGE_PARAMETER]
    argv = (
        *("aws", "cloudformation", "update-stack", *stack.where, "--use-previous-template"),
        *("--parameters", f"ParameterKey={IMAGE_PARAMETER},ParameterValue={image}", *kept),
        # Its template has the SAM transform.
        *("--capabilities", *filter(None, (stack.capability, "CAPABILITY_AUTO_EXPAND"))),
    )
    return (
        Command(
            argv,
            f"change the image of the stack '{stack.name}' back",
            timeout_seconds=SHORT_SECONDS,
            role="stack",
        ),
        _wait(stack.region, stack.name, "stack-update-complete", timeout_seconds),
    )


def logs(stack: LambdaStack, options: LogOptions) -> Command:
    argv = (
        *("sam", "logs", "--name", "Function", *stack.where, "--start-time", options.since),
        *(("--filter", options.pattern) if options.pattern else ()),
        *(("--tail",) if options.follow else ()),
    )
    limit = NO_LIMIT if options.follow else 600.0
    reason = f"logs of the function '{stack.function}'"
    return Command(argv, reason, timeout_seconds=limit, live=not options.tail, expected=(0, 143))


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
    return Command(argv, "wait until it is done", timeout_seconds=timeout_seconds, waits=True, role="stack")


def delete_all(
    stack: LambdaStack,
    *,
    has_stack: bool,
    has_repository: bool,
    has_repository_stack: bool,
    log_groups: Iterable[str] = (),
    timeout_seconds: float = STACK_SECONDS,
) -> tuple[Command, ...]:
    """Delete the stack, then these log groups, then the repository with all its images."""
    commands: list[Command] = []
    if has_stack:
        reason = f"delete the stack '{stack.name}'"
        commands += delete_stack(stack.region, stack.name, reason, timeout_seconds)
    commands += [_delete_logs(stack.region, name) for name in log_groups]
    if has_repository:
        argv = (
            *("aws", "ecr", "delete-repository", "--region", stack.region),
            *("--repository-name", stack.repository.name, "--force"),
        )
        reason = f"delete the ECR repository '{stack.repository.name}' with all its images"
        commands.append(Command(argv, reason, timeout_seconds=SHORT_SECONDS))
    if has_repository_stack:
        reason = f"delete the stack '{stack.repository.stack}' of the repository"
        commands += delete_stack(stack.region, stack.repository.stack, reason, timeout_seconds)
    return tuple(commands)


def _delete_logs(region: str, name: str) -> Command:
    argv = ("aws", "logs", "delete-log-group", "--region", region, "--log-group-name", name)
    return Command(argv, "delete a log group with all its events", timeout_seconds=SHORT_SECONDS)
