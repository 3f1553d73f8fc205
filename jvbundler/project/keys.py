"""The schema of deploy.yaml as data: every key, and what its value may be, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from jvbundler.values.packaged import packaged_text

Schema = dict[str, Any]


@cache
def load_schema() -> Schema:
    return cast("Schema", json.loads(packaged_text("schemas/deploy.schema.json")))


def keys(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Every key at and below `path` with its schema, in the order of the file; list items are `name[]`."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from keys(child, f"{path}.{name}" if path else name)
    for item in _item_schemas(schema):
        for name, child in item.get("properties", {}).items():
            yield from keys(child, f"{path}[].{name}")


def _item_schemas(schema: Schema) -> list[Schema]:
    items = schema.get("items", {})
    return [items, *items.get("oneOf", [])]


def type_and_limits(schema: Schema) -> str:
    """The type of a key and what limits its value, in words."""
    if "enum" in schema:
        values = [v for v in schema["enum"] if v != ""]
        return "one of " + ", ".join(f"`{v}`" for v in values)
    if "oneOf" in schema:
        return " or ".join(
            dict.fromkeys(type_and_limits(v) for v in schema["oneOf"] if v.get("type") != "null")
        )
    if "pattern" in schema:
        return str(schema["patternErrorMessage"]) + _limits(schema)
    types = schema.get("type", "anything")
    words = [t for t in ([types] if isinstance(types, str) else types) if t != "null"]
    text = " or ".join({"object": "map", "array": "list"}.get(t, t) for t in words)
    if isinstance(schema.get("items"), dict) and schema["items"]:
        each = ", each " if "pattern" in schema["items"] else " of "
        text += each + type_and_limits(schema["items"])
    return text + _limits(schema)


def _limits(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    parts = []
    if low is not None and high is not None:
        parts.append(f"{low} to {high}")
    elif low is not None:
        parts.append(f"at least {low}")
    for word, key in (
        ("at most {} characters", "maxLength"),
        ("at most {} items", "maxItems"),
        ("at least {} items", "minItems"),
    ):
        if key in schema:
            text = word.format(schema[key])
            parts.append(text.removesuffix("s") if schema[key] == 1 else text)
    return f", {', '.join(parts)}" if parts else ""
