"""How a resource type is made by public API calls, and small change to spell properties as the APIs do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Properties = dict[str, Any]
# What Ref and GetAtt give: `Ref`, and attributes by name.
Values = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """`update` is None where CloudFormation, or moto, replaces the resource."""

    service: str
    create: Callable[[Any, Properties, str], Values]
    delete: Callable[[Any, Values], Any]
    update: Callable[[Any, Properties, Values], Values] | None = None


def lower_first(value: Any) -> Any:
    """The keys as the older APIs spell them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower_first(item) for key, item in value.items()}
    return [lower_first(item) for item in value] if isinstance(value, list) else value


def tags_by_key(properties: Properties) -> dict[str, str]:
    tags = properties.get("Tags", {})
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def picked(properties: Properties, *names: str) -> Properties:
    return {name: properties[name] for name in names if name in properties}


def nothing(client: Any, values: Values) -> None:
    """Gone with the resource that it belongs to."""
