"""CloudFormation's functions as text.

What a user wrote goes into `!Sub` only where the schema keeps `$` out of it, or through `escaped`.
"""

from __future__ import annotations

from jvbundler.project.model import Environment
from jvbundler.render.text.escaping import Verbatim
from jvbundler.render.text.yaml_text import scalar


def ref(name: str) -> Verbatim:
    return Verbatim(f"!Ref {name}")


def get_att(attribute: str) -> Verbatim:
    return Verbatim(f"!GetAtt {attribute}")


def own_name(root: str) -> Verbatim:
    """A name that no other stack has or had, as what it names stays when the stack goes: ROOT/STACK/ID."""
    identity = '!Select [2, !Split ["/", !Ref AWS::StackId]]'
    return Verbatim(f'!Join ["/", [{scalar(root)}, !Ref AWS::StackName, {identity}]]')


def sub(text: str) -> Verbatim:
    return Verbatim(f"!Sub {scalar(text)}")


def escaped(text: str) -> str:
    """`text` as `!Sub` prints it unchanged."""
    return text.replace("${", "${!")


def arn(environment: Environment, service: str, resource: str, region: str = "${AWS::Region}") -> Verbatim:
    """An ARN of the environment's account. A given account number makes it hold in that account only."""
    account = environment.settings["lambda"]["account_id"] or "${AWS::AccountId}"
    return sub(f"arn:${{AWS::Partition}}:{service}:{region}:{account}:{resource}")
