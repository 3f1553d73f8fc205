"""CloudFormation's functions as text. Their arguments are literal, except a `Variable`."""

from __future__ import annotations

from itertools import groupby

from jvbundler.project.model import Environment
from jvbundler.render.text.escaping import Verbatim
from jvbundler.render.text.yaml_text import scalar


def ref(name: str) -> Verbatim:
    return Verbatim(f"!Ref {name}")


def ref_if(condition: str, name: str) -> Verbatim:
    """The reference where the condition holds, else nothing at all: the property is left out."""
    return Verbatim(f"!If [{condition}, !Ref {name}, !Ref AWS::NoValue]")


def get_att(attribute: str) -> Verbatim:
    return Verbatim(f"!GetAtt {attribute}")


def own_name(root: str) -> Verbatim:
    """A name that no other stack has or had, as the resource outlives the stack: ROOT/STACK/ID."""
    identity = '!Select [2, !Split ["/", !Ref AWS::StackId]]'
    return Verbatim(f'!Join ["/", [{scalar(root)}, !Ref AWS::StackName, {identity}]]')


class Variable(str):
    """The name of a parameter, a resource or a pseudo parameter, which `sub` replaces by its value."""

    __slots__ = ()


ACCOUNT = Variable("AWS::AccountId")
PARTITION = Variable("AWS::Partition")
REGION = Variable("AWS::Region")


def sub(*parts: str) -> Verbatim:
    """`!Sub` of the parts in a row: variables and literal texts."""
    text = ""
    for is_variable, run in groupby(parts, lambda part: isinstance(part, Variable)):
        if is_variable:
            text += "".join(f"${{{variable}}}" for variable in run)
        else:
            # Only now, as two adjacent texts may form a `${`.
            text += "".join(run).replace("${", "${!")
    return Verbatim(f"!Sub {scalar(text)}")


def arn(environment: Environment, service: str, *resource: str, region: str = REGION) -> Verbatim:
    """An ARN of the environment's account. A given account number limits it to that account."""
    account = environment.settings["lambda"]["account_id"] or ACCOUNT
    return sub("arn:", PARTITION, f":{service}:", region, ":", account, ":", *resource)


def dynamic_reference(secret_id: str, json_key: str) -> Verbatim:
    """CloudFormation inserts the value when it deploys; the template never holds it."""
    return Verbatim(scalar(dynamic_text(secret_id, json_key), in_flow=True))


def dynamic_text(secret_id: str, json_key: str) -> str:
    """The same, for use in a longer text."""
    return f"{{{{resolve:secretsmanager:{secret_id}:SecretString:{json_key}}}}}"
