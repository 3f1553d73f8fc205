"""The change of a stack: carried out at once, or shown as a change set and carried out when agreed to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Execution, execute_all
from jvbundler.deploy.lambda_.commands import LambdaStack, discard_plan, execute_plan
from jvbundler.deploy.lambda_.live import StackFacts
from jvbundler.errors import ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.deploy import Conversation, DeployOptions

_CHANGE_SET = re.compile(r"arn:aws[a-z-]*:cloudformation:\S+:changeSet/\S+")
_NO_CHANGES = "No changes to deploy"


def change(
    plan: tuple[Command, ...],
    stack: LambdaStack,
    execution: Execution,
    options: DeployOptions,
    conversation: Conversation,
    facts: StackFacts | None,
) -> bool:
    """Whether the stack is now what the template says: not where the change set was shown and dropped."""
    said = execute_all(plan, execution)[-1]
    if not options.diff or _NO_CHANGES in said.text + said.stderr.decode("utf-8", "replace"):
        return True
    found = _CHANGE_SET.search(said.text)
    if found is None:
        raise ToolFailed(f"'sam' named no change set\n{said.text}")
    conversation.show(change_set_table(said.text))
    is_new = facts is None
    if not conversation.agree("carry out these changes"):
        execute_all(discard_plan(stack, found[0], is_new=is_new), execution)
        return False
    again = execute_plan(stack, found[0], is_new=is_new, timeout_seconds=options.timeout_seconds)
    execute_all(again, execution)
    return True


def change_set_table(text: str) -> str:
    """What sam prints about a change set, without what it says before and after."""
    _, found, rest = text.partition("CloudFormation stack changeset")
    return (found + rest.partition("Changeset created")[0]).strip() if found else text.strip()
