"""A resolved document → Settings: the compiled validator accepts it, jsonschema explains what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from jvbundler.generated import validator
from jvbundler.project.empty_keys import empty_keys, unknown
from jvbundler.values.node import Node, find, locate
from jvbundler.values.packaged import packaged_text
from jvbundler.values.problem import Place, Problem, error, warning

if TYPE_CHECKING:
    from jvbundler.generated.settings import Settings

SCHEMA = "schemas/deploy.schema.json"

# What `jvagent app create --deployment aws-lambda` writes into its deploy.example.yaml.
KEYS_OF_THE_SCAFFOLD = {
    "region": "lambda.region",
    "account_id": "lambda.account_id",
    "lambda.memory_mb": "lambda.function.memory",
    "lambda.timeout_seconds": "lambda.function.timeout",
}

# The settings of a tree, None where it is not valid, and what is wrong with it.
Checked = tuple["Settings | None", tuple[Problem, ...]]
# A jsonschema ValidationError; its attributes are what the schema holds at that place.
Violation = Any


def load_schema() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(packaged_text(SCHEMA)))


def check(root: Node) -> Checked:
    """The settings with every default filled in, or None and all that is wrong with them.

    A null stands for "not given", as an empty section does. Numbers where a text is expected are taken as
    written, so that `version: 1.10` and an account number need no quotes.
    """
    ignored, empty = ignored_sections(root), unknown_empty_keys(root)
    try:
        settings = cast("Settings", validator.validate(document(root)))
    except validator.Invalid:
        return None, (*ignored, *sorted([*explain(root), *empty], key=by_place))
    return (None if empty else settings), (*ignored, *empty)


def by_place(problem: Problem) -> tuple[Place, str]:
    return problem.place, problem.message


def document(root: Node) -> dict[str, Any]:
    """The tree as the schema describes it."""
    mapping = cast("dict[str, Any]", written(root, validator.TEXT_KEYS))
    mapping.pop("ecs", None)
    return mapping


def ignored_sections(root: Node) -> tuple[Problem, ...]:
    section = find(root, ["ecs"])
    if section is None:
        return ()
    return (
        warning(
            "JVB109",
            section.key_place or section.place,
            "section 'ecs' is ignored: jvbundler renders for AWS Lambda and Kubernetes",
            "remove the section, or keep it for jvdeploy",
        ),
    )


def written(node: Node, text_keys: Any) -> Any:
    """The plain value of a tree, without nulls in maps, and with texts as they stand in the file."""
    value = node.value
    if isinstance(value, dict):
        shapes = text_keys if isinstance(text_keys, dict) else {}
        anything = shapes.get("*")
        return {k: written(v, shapes.get(k, anything)) for k, v in value.items() if v.value is not None}
    if isinstance(value, list):
        shape = text_keys.get("*") if isinstance(text_keys, dict) else None
        return [written(child, shape) for child in value]
    if text_keys is True and not isinstance(value, str) and value is not None:
        return node.text or str(value)
    return value


def explain(root: Node) -> tuple[Problem, ...]:
    """Every violation of the schema, with its place."""
    import re

    from jsonschema import Draft7Validator, validators
    from jsonschema.exceptions import ValidationError

    def pattern(_: Any, wanted: str, instance: Any, __: Any) -> Iterator[ValidationError]:
        # Python's `$` accepts a trailing newline, which no name may have.
        exact = wanted[:-1] + r"\Z" if wanted.endswith("$") else wanted
        if isinstance(instance, str) and not re.search(exact, instance):
            yield ValidationError("does not match")

    extend: Any = validators.extend
    schema = load_schema()
    violations = extend(Draft7Validator, {"pattern": pattern})(schema).iter_errors(document(root))
    found = [p for violation in violations for p in problems_of(violation, root, schema)]
    return tuple(sorted(found, key=by_place))


def unknown_empty_keys(root: Node) -> tuple[Problem, ...]:
    """Unknown keys that have no value, which `document` leaves out."""
    paths = [path for path in empty_keys(root) if path[0] != "ecs"]
    if not paths:
        return ()
    schema = load_schema()
    return tuple(unknown_key(root, list(path), known, schema) for path, known in unknown(paths, schema))


def problems_of(violation: Violation, root: Node, schema: dict[str, Any]) -> Iterator[Problem]:
    path = list(violation.absolute_path)
    if violation.validator == "additionalProperties":
        yield from unknown_keys(violation, root, path, schema)
    elif violation.validator == "required":
        missing = [k for k in violation.validator_value if k not in violation.instance]
        names = ", ".join(f"'{k}'" for k in missing)
        yield error("JVB113", locate(root, path), f"{dotted(path)} lacks {names}", f"add {names}")
    elif violation.validator == "oneOf" and violation.context:
        yield from problems_of_variants(violation, root, schema)
    elif "propertyNames" in violation.absolute_schema_path:
        yield bad_key(violation, root, path)
    else:
        yield bad_value(violation, locate_value(root, path), path)


def problems_of_variants(violation: Violation, root: Node, schema: dict[str, Any]) -> Iterator[Problem]:
    """The problems of the variant that the user meant: the one whose type fits, else the types that would."""
    by_variant: dict[Any, list[Violation]] = {}
    for cause in violation.context or ():
        by_variant.setdefault(cause.schema_path[0], []).append(cause)
    meant = [causes for causes in by_variant.values() if all(c.validator != "type" or c.path for c in causes)]
    if meant:
        for cause in meant[0]:
            yield from problems_of(cause, root, schema)
        return
    path = list(violation.absolute_path)
    yield bad_value(violation, locate_value(root, path), path)


def unknown_keys(
    violation: Violation, root: Node, path: list[Any], schema: dict[str, Any]
) -> Iterator[Problem]:
    for key in violation.instance:
        if key not in violation.schema.get("properties", {}):
            yield unknown_key(root, [*path, key], violation.schema, schema)


def unknown_key(root: Node, path: list[Any], siblings: dict[str, Any], schema: dict[str, Any]) -> Problem:
    *above, key = path
    where = f" under {dotted(above)}" if above else ""
    in_use = [name for name, child in siblings.get("properties", {}).items() if not child.get("deprecated")]
    hint = suggestion(path, in_use, schema)
    return error("JVB104", locate(root, path), f"unknown key '{key}'{where}", hint)


def suggestion(path: list[Any], siblings: list[str], schema: dict[str, Any]) -> str:
    """The key that was probably meant: one of another tool's, a sibling, or one of its name elsewhere."""
    from difflib import get_close_matches

    from jvbundler.project.documentation import keys

    key = str(path[-1])
    if dotted(path) in KEYS_OF_THE_SCAFFOLD:
        return f"did you mean '{KEYS_OF_THE_SCAFFOLD[dotted(path)]}'?"
    near = get_close_matches(key, siblings, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    everywhere = {known.rsplit(".", 1)[-1]: known for known, _ in reversed(list(keys(schema, ""))) if known}
    far = get_close_matches(key, list(everywhere), n=1, cutoff=0.7)
    if far:
        return f"did you mean '{everywhere[far[0]]}'?"
    return "known here: " + ", ".join(siblings) if siblings else ""


def bad_key(violation: Violation, root: Node, path: list[Any]) -> Problem:
    key = violation.instance
    return error(
        "JVB103",
        locate(root, [*path, key]),
        f"'{key}' is not a valid name under {dotted(path)}",
        f"write {violation.schema['patternErrorMessage']}",
    )


def bad_value(violation: Violation, place: Place, path: list[Any]) -> Problem:
    from jvbundler.project.documentation import type_and_limits

    # The value is not repeated: it may be a secret that stands in the wrong place.
    schema = violation.schema if isinstance(violation.schema, dict) else {}
    reasons = {
        "type": "has the wrong type",
        "minimum": "is too small",
        "maximum": "is too large",
        "enum": "is none of the known values",
    }
    reason = reasons.get(str(violation.validator), "is not valid")
    if isinstance(violation.instance, (dict, list)):
        reason = (
            f"is a {'map' if isinstance(violation.instance, dict) else 'list'}"
            if violation.validator in ("type", "oneOf")
            else reason
        )
    example = schema.get("examples", [None])[0]
    words = type_and_limits(schema)
    hint = f"write {words if 'pattern' in schema else with_article(words)}" + (
        f", such as {json.dumps(example)}" if example is not None else ""
    )
    return error("JVB103", place, f"{dotted(path)} {reason}", hint)


def with_article(words: str) -> str:
    """`an integer, 1 to 900`; what already says `one of` needs none."""
    if words.startswith("one of"):
        return words
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def locate_value(root: Node, path: list[Any]) -> Place:
    node = find(root, path)
    return node.place if node else locate(root, path)


def dotted(path: list[Any]) -> str:
    """`kubernetes.ingress.rules[0].host`, as the documentation writes keys."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"
