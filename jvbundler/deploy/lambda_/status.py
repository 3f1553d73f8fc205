"""`status lambda`: what runs, and whether it is healthy and matches deploy.yaml; `logs lambda`, with sam.

Changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.deploy.aws import NO_STACK, Account, StackFacts, items_of, read, stack_facts
from jvbundler.deploy.doctor import require, sam
from jvbundler.deploy.execution import Execution, execute
from jvbundler.deploy.lambda_.commands import LambdaStack, logs, stack_of
from jvbundler.deploy.lambda_.live import (
    Answer,
    Failure,
    account_and_stack,
    ask,
    health_url,
    image_digest,
    needs_signature,
    stack_failures,
    urls,
)
from jvbundler.deploy.operation import Operation
from jvbundler.values.problem import InputError, ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.commands import LogOptions
    from jvbundler.deploy.release import Release

# After a rollback, everything runs as before: drift says whether that is what deploy.yaml wants.
_WELL = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


class FunctionFacts(NamedTuple):
    """`version` is the one that the alias points to, empty without an alias."""

    name: str
    state: str
    state_reason: str
    last_update: str
    last_update_reason: str
    image: str
    alias: str = ""
    version: str = ""


class LambdaStatus(NamedTuple):
    """`rendered_image` is the digest that deploy.yaml means, empty if not known."""

    stack: LambdaStack
    facts: StackFacts | None
    function: FunctionFacts | None = None
    rendered_image: str = ""
    is_same_template: bool = True
    alarms: Mapping[str, str] = MappingProxyType({})
    answers: tuple[Answer, ...] = ()
    unasked: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def unhealthy(self) -> tuple[str, ...]:
        """Why it is not healthy, a line each."""
        return tuple(_complaints(self))

    @property
    def drifted(self) -> tuple[str, ...]:
        """How it differs from deploy.yaml, a line each."""
        return tuple(_differences(self))


def lambda_status(release: Release, environ: Mapping[str, str], *, health_seconds: float) -> LambdaStatus:
    """Raises ToolFailed if AWS cannot be asked."""
    account, stack = account_and_stack(release, environ)
    facts = stack_facts(account, stack.name)
    if facts is None:
        return LambdaStatus(stack, None)
    reachable = {n: u for n, u in urls(facts.outputs).items() if not needs_signature(release, n)}
    return LambdaStatus(
        stack,
        facts,
        function_facts(account, stack, facts),
        rendered_image(account, stack, release),
        is_same_template(account, stack, release),
        alarms(account, stack) if release.environment.settings["lambda"]["alarms"]["enabled"] else {},
        _answers(stack, reachable, health_seconds),
        tuple(name for name in urls(facts.outputs) if name not in reachable),
        stack_failures(account, stack.name) if facts.has_failed else (),
    )


def address(release: Release, environ: Mapping[str, str], *, unsigned: bool = False) -> str:
    """The app's address as the stack's outputs have it. Raises ToolFailed if there is none.

    `unsigned` is one for requests without a signature; InputError where only a signed one exists.
    """
    account, stack = account_and_stack(release, environ)
    facts = stack_facts(account, stack.name)
    found = urls(facts.outputs) if facts else {}
    if not found:
        what = "has no address" if facts else "does not exist"
        raise ToolFailed(f"the stack '{stack.name}' {what}: 'jvbundler status lambda' shows its state")
    usable = {name: url for name, url in found.items() if not (unsigned and needs_signature(release, name))}
    if not usable:
        raise InputError(
            f"the stack '{stack.name}' has a Function URL alone, whose requests have to be signed with IAM, "
            "which is not possible here: enable lambda.api_gateway, or set lambda.function_url.auth_type to "
            "NONE; 'jvbundler chat local' talks to the app on this machine"
        )
    # A domain of one's own is what the others are hidden behind.
    return usable.get("CustomDomainUrl") or next(iter(usable.values()))


def _answers(stack: LambdaStack, urls: Mapping[str, str], seconds: float) -> tuple[Answer, ...]:
    if not seconds:
        return ()
    return tuple(ask(health_url(url, stack.health_path), timeout_seconds=seconds) for url in urls.values())


def function_facts(account: Account, stack: LambdaStack, facts: StackFacts) -> FunctionFacts | None:
    alias = facts.outputs.get("AliasArn", "").rsplit(":", 1)[-1]
    words = ("lambda", "get-function", "--function-name", stack.function)
    answer = read(account, *words, *(("--qualifier", alias) if alias else ()), absent=("ResourceNotFound",))
    if answer is None:
        return None
    configuration, code = answer.get("Configuration", {}), answer.get("Code", {})
    return FunctionFacts(
        name=stack.function,
        state=configuration.get("State", "unknown"),
        state_reason=configuration.get("StateReason", ""),
        last_update=configuration.get("LastUpdateStatus", "unknown"),
        last_update_reason=configuration.get("LastUpdateStatusReason", ""),
        image=str(code.get("ResolvedImageUri") or code.get("ImageUri", "")),
        alias=alias,
        version=str(configuration.get("Version", "")) if alias else "",
    )


def rendered_image(account: Account, stack: LambdaStack, release: Release) -> str:
    """The digest that deploy.yaml names, or that its tag has in the repository by now."""
    digest = release.environment.digest("lambda")
    if digest:
        return digest
    try:
        return image_digest(account, stack, release.environment.tag("lambda"))
    except InputError:
        return ""


def is_same_template(account: Account, stack: LambdaStack, release: Release) -> bool:
    """Whether the stack was deployed from the template as it is rendered now."""
    words = ("cloudformation", "get-template", "--template-stage", "Original", "--stack-name", stack.name)
    answer = read(account, *words, absent=NO_STACK)
    deployed = (answer or {}).get("TemplateBody", "")
    rendered = release.artifact(f"lambda/{release.environment.name}/template.yaml").text
    return bool(comparable(deployed) == comparable(rendered))


def comparable(template: Any) -> Any:
    """A template without what sam changes in it: comments, short intrinsics, its own metadata."""
    tree = _loaded(template) if isinstance(template, str) else template
    if isinstance(tree, dict):
        for resource in (tree.get("Resources") or {}).values():
            own = resource.get("Metadata", {}) if isinstance(resource, dict) else {}
            own.pop("SamResourceId", None)
            if isinstance(resource, dict) and not own:
                resource.pop("Metadata", None)
    return tree


def _loaded(text: str) -> Any:
    """YAML with `!Ref X` as `{"Ref": "X"}`, and `!GetAtt A.B` as `{"Fn::GetAtt": ["A", "B"]}`."""
    import yaml

    class Loader(yaml.CSafeLoader):
        """Separate from PyYAML's own, which must not learn these tags."""

    def intrinsic(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
        value: Any
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", intrinsic)
    return yaml.load(text, Loader)


def alarms(account: Account, stack: LambdaStack) -> dict[str, str]:
    """The states of the stack's alarms by name."""
    prefix = ("cloudwatch", "describe-alarms", "--alarm-name-prefix", stack.function)
    found = items_of(read(account, *prefix), "MetricAlarms")
    return {alarm["AlarmName"]: alarm.get("StateValue", "unknown") for alarm in found if _ours(alarm, stack)}


def _ours(alarm: Mapping[str, Any], stack: LambdaStack) -> bool:
    """Whether it belongs to this function, and not to one with the same prefix."""
    return any(d.get("Value") == stack.function for d in alarm.get("Dimensions", []))


def _complaints(status: LambdaStatus) -> Iterator[str]:
    facts, function = status.facts, status.function
    if facts is None:
        yield f"the stack '{status.stack.name}' does not exist: 'jvbundler deploy lambda' creates it"
        return
    if facts.status not in _WELL:
        yield f"the stack is {facts.status}{f': {facts.reason}' if facts.reason else ''}"
    if function is None:
        yield f"the function '{status.stack.function}' does not exist"
        return
    # A function that was not called for weeks is Inactive, and starts again with the next request.
    if function.state not in ("Active", "Inactive"):
        yield f"the function is {function.state}: {function.state_reason or 'no reason given'}"
    if function.last_update != "Successful":
        yield f"its last update is {function.last_update}: {function.last_update_reason or 'no reason given'}"
    yield from (f"the alarm '{name}' is on" for name, state in status.alarms.items() if state == "ALARM")
    yield from (str(answer) for answer in status.answers if not answer.is_healthy)


def _differences(status: LambdaStatus) -> Iterator[str]:
    if status.facts is None:
        return
    running = status.function.image.rpartition("@")[2] if status.function else ""
    if status.rendered_image and running and running != status.rendered_image:
        yield f"the function runs the image {running}, but deploy.yaml means {status.rendered_image}"
    if not status.is_same_template:
        yield "the stack was deployed from another template than the one that is rendered now"


def plan_logs(release: Release, options: LogOptions) -> Operation:
    return Operation((logs(stack_of(release), options),))


def show_logs(operation: Operation, execution: Execution, *, tail: int) -> list[str]:
    """The last `tail` lines; none if all lines were shown as they came."""
    require([sam(execution.environ)])
    (command,) = operation.commands
    done = execute(command, execution)
    return done.text.splitlines()[-tail:] if tail else []
