"""The settings of the `sam` commands. They are committed, so no secret may ever be among them."""

from __future__ import annotations

import re
from typing import Any

from jvbundler.project.model import Environment
from jvbundler.render.lambda_.names import image_uri, repository_uri
from jvbundler.render.text.escaping import Verbatim, toml_value

# CloudFormation takes a larger template from a bucket only.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_TEMPLATE_BODY = 51_200
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_BARE_WORD = re.compile(r"[A-Za-z0-9_./:@+-]+\Z")


def samconfig(environment: Environment, template_bytes: int) -> dict[str, Any]:
    settings = environment.settings["lambda"]
    image = image_uri(environment)
    return {
        "section": Verbatim(toml_key(environment.name)),
        "stack_name": environment.stack_name,
        "region": settings["region"],
        "capabilities": capability(environment),
        "resolve_s3": template_bytes > MAX_TEMPLATE_BODY,
        "image_repository": repository_uri(environment),
        "parameter_overrides": [f"ImageUri={image}"] if image else [],
        "tags": [pair(key, value) for key, value in settings["tags"].items()],
    }


def capability(environment: Environment) -> str:
    """What the stack is allowed to make; empty where it makes no role."""
    iam = environment.settings["lambda"]["iam"]
    if iam["role_arn"]:
        return ""
    return "CAPABILITY_NAMED_IAM" if iam["role_name"] else "CAPABILITY_IAM"


def toml_key(text: str) -> str:
    return text if _BARE_KEY.match(text) else toml_value(text)


def pair(key: str, value: str) -> str:
    """A tag as sam reads it: `key=value`, each quoted where it is more than a word.

    sam first splits at spaces, quotes or not, and is content where each has one `=`. A space in front makes
    an empty part, and then it minds the quotes (samcli/cli/types.py, CfnTags).
    """
    text = f"{word(key)}={word(value)}"
    return f" {text}" if " " in text and text.count("=") > 1 else text


def word(text: str) -> str:
    return text if _BARE_WORD.match(text) else '"' + text.replace('"', '\\"') + '"'
