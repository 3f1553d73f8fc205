"""A resolved document → Settings: the compiled validator accepts it, jsonschema explains what is wrong.

A null means "not given", and hides a key from both: unknown keys without a value are looked for here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from jvbundler.generated import validator
from jvbundler.project.keys import keys, load_schema, type_and_limits
from jvbundler.source.old_names import OLD_NAMES
from jvbundler.source.wording import MOST_GUESSES, closest, one_line, quoted
from jvbundler.values.node import Node, find, locate
from jvbundler.values.problem import Place, Problem, error, warning

if TYPE_CHECKING:
    from jvbundler.generated.settings import Settings

# The settings of a tree, None where it is not valid, and what is wrong with it.
Checked = tuple["Settings | None", tuple[Problem, ...]]
# The problems of a section, by its key and the identity of its node.
Reported = dict[tuple[str, int], tuple[Problem, ...]]

# A jsonschema ValidationError; its attributes are what the schema holds at that place.
Violation = Any
Path = tuple[Any, ...]


def check(root: Node, reported: Reported | None = None) -> Checked:
    """The settings with every default filled in, or None and all that is wrong with them.

    A null stands for "not given", as an empty section does. Numbers where a text is expected are taken as
    written, so that `version: 1.10` and an account number need no quotes. `reported` holds the problems of
    other environments: they share the sections that they do not change.
    """
    ignored, empty = ignored_sections(root), unknown_empty_keys(root)
    try:
        settings = cast("Settings", validator.validate(document(root)))
    except validator.Invalid:
        found = explain(root, {} if reported is None else reported)
        return None, (*ignored, *sorted([*found, *empty], key=by_place))
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


def explain(root: Node, reported: Reported) -> tuple[Problem, ...]:
    """Every violation of the schema, with its place; a section in `reported` is not checked again."""
    sections = root.value if isinstance(root.value, dict) else {}
    found: list[Problem] = []
    for key, section in sections.items():
        known = (key, id(section))
        if known not in reported:
            may_guess = (
                sum(map(len, reported.values())) < MOST_GUESSES if len(reported) < MOST_GUESSES else False
            )
            reported[known] = section_problems(key, section, root, may_guess=may_guess)
        found += reported[known]
    return tuple(sorted(found, key=lambda p: (p.place, p.message)))


def section_problems(key: str, section: Node, root: Node, *, may_guess: bool) -> tuple[Problem, ...]:
    """The schema violations of one top-level key and what is below it; no schema rule spans two of them."""
    alone = root._replace(value={key: section})
    schema = load_schema()
    found: list[Problem] = []
    for violation in explaining_validator().iter_errors(document(alone)):
        is_early = may_guess and len(found) < MOST_GUESSES
        found.extend(problems_of(violation, alone, schema, may_guess=is_early))
    return tuple(found)


@cache
def explaining_validator() -> Any:
    """jsonschema's validator of deploy.yaml."""
    import re

    from jsonschema import Draft7Validator, validators
    from jsonschema.exceptions import ValidationError

    def pattern(_: Any, wanted: str, instance: Any, __: Any) -> Iterator[ValidationError]:
        # Python's `$` accepts a trailing newline, which no name may have.
        exact = wanted[:-1] + r"\Z" if wanted.endswith("$") else wanted
        if isinstance(instance, str) and not re.search(exact, instance):
            yield ValidationError("does not match")

    extend: Any = validators.extend
    return extend(Draft7Validator, {"pattern": pattern})(load_schema())


def unknown_empty_keys(root: Node) -> tuple[Problem, ...]:
    """Unknown keys that have no value, which `document` leaves out."""
    paths = [path for path in empty_keys(root) if path[0] != "ecs"]
    if not paths:
        return ()
    schema = load_schema()
    found = enumerate(unknown_among(paths, schema))
    return tuple(
        unknown_key(root, list(path), known, schema, may_guess=number < MOST_GUESSES)
        for number, (path, known) in found
    )


def problems_of(
    violation: Violation, root: Node, schema: dict[str, Any], *, may_guess: bool = True
) -> Iterator[Problem]:
    path = list(violation.absolute_path)
    if violation.validator == "additionalProperties":
        yield from unknown_keys(violation, root, path, schema, may_guess=may_guess)
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
    violation: Violation, root: Node, path: list[Any], schema: dict[str, Any], *, may_guess: bool
) -> Iterator[Problem]:
    unknown = [key for key in violation.instance if key not in violation.schema.get("properties", {})]
    for number, key in enumerate(unknown):
        is_early = may_guess and number < MOST_GUESSES
        yield unknown_key(root, [*path, key], violation.schema, schema, may_guess=is_early)


def unknown_key(
    root: Node, path: list[Any], siblings: dict[str, Any], schema: dict[str, Any], *, may_guess: bool
) -> Problem:
    *above, key = path
    where = f" under {dotted(above)}" if above else ""
    hint = (
        suggestion(path, names_in_use(siblings), schema)
        if may_guess
        else "'jvbundler schema' prints all keys"
    )
    return error("JVB104", locate(root, path), f"unknown key {quoted(key)}{where}", hint)


def suggestion(path: list[Any], siblings: list[str], schema: dict[str, Any]) -> str:
    """Which key was probably meant, or those that are known there."""
    meant = meant_key(path, siblings, schema)
    if not meant:
        return "known here: " + ", ".join(siblings) if siblings else ""
    is_sibling = meant[:-1] == tuple(path[:-1]) and dotted(path) not in OLD_NAMES
    return f"did you mean '{meant[-1] if is_sibling else dotted(list(meant))}'?"


def names_in_use(schema: dict[str, Any]) -> list[str]:
    """The keys of an object, without the deprecated ones."""
    return [name for name, child in schema.get("properties", {}).items() if not child.get("deprecated")]


def meant_key(path: Sequence[Any], siblings: Iterable[str], schema: dict[str, Any]) -> Path:
    """The key that was probably meant: today's name, a sibling, or one of the same name elsewhere; or ()."""
    *above, key = path
    if dotted(list(path)) in OLD_NAMES:
        return tuple(OLD_NAMES[dotted(list(path))].split("."))
    near = closest(str(key), siblings)
    if near:
        return (*above, near)
    everywhere = {known.rsplit(".", 1)[-1]: known for known, _ in reversed(list(keys(schema, ""))) if known}
    far = closest(str(key), everywhere, cutoff=0.7)
    return tuple(everywhere[far].split(".")) if far else ()


def bad_key(violation: Violation, root: Node, path: list[Any]) -> Problem:
    key = violation.instance
    return error(
        "JVB103",
        locate(root, [*path, key]),
        f"{quoted(key)} is not a valid name under {dotted(path)}",
        f"write {violation.schema['patternErrorMessage']}",
    )


def bad_value(violation: Violation, place: Place, path: list[Any]) -> Problem:
    # The value is not repeated: it may be a secret in the wrong place.
    schema = violation.schema if isinstance(violation.schema, dict) else {}
    reasons = {
        "type": "has the wrong type",
        "minimum": "is too small",
        "maximum": "is too large",
        "enum": "is not one of the known values",
    }
    reason = reasons.get(str(violation.validator), "is not valid")
    if isinstance(violation.instance, (dict, list)):
        reason = (
            f"is a {'map' if isinstance(violation.instance, dict) else 'list'}"
            if violation.validator in ("type", "oneOf")
            else reason
        )
    return error("JVB103", place, f"{dotted(path)} {reason}", value_hint(violation.instance, schema))


def value_hint(written: Any, schema: dict[str, Any]) -> str:
    """What to write, in words and by an example."""
    glued = re.match(r"(\w+):\S", written) if isinstance(written, str) else None
    if glued and glued[1] in schema.get("properties", {}):
        return f"write a space after '{glued[1]}:'"
    words = type_and_limits(schema)
    if schema.get("type") == "array" and not isinstance(written, list):
        words = "list"
    example = schema.get("examples", [None])[0]
    such_as = f", such as {json.dumps(example)}" if example is not None else ""
    return f"write {words if 'pattern' in schema else with_article(words)}{such_as}"


def with_article(words: str) -> str:
    """`an integer, 1 to 900`; `one of …` needs no article."""
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
        text += (
            f"[{part}]" if isinstance(part, int) else f".{one_line(part)}" if text else one_line(str(part))
        )
    return text or "the file"


class EmptyKey(NamedTuple):
    """`siblings` is the schema of the map that contains the key."""

    path: Path
    siblings: dict[str, Any]


def empty_keys(node: Node) -> Iterator[Path]:
    """The path of every key whose value is null, in file order."""
    value = node.value
    entries: Any = (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    )
    for key, child in entries:
        if child.value is None and isinstance(value, dict):
            yield (key,)
        else:
            yield from ((key, *path) for path in empty_keys(child))


def unknown_among(paths: list[Path], schema: dict[str, Any]) -> Iterator[EmptyKey]:
    """Those whose key is unknown in a known map: an unknown map is reported anyway."""
    for path in paths:
        maps = [
            found for found in _schemas_at(schema, path[:-1]) if found is not True and "properties" in found
        ]
        if maps and not list(_schemas_at(schema, path)):
            yield EmptyKey(path, maps[0])


def _schemas_at(schema: Any, path: Path) -> Iterator[Any]:
    """The schemas that a value at `path` may have; none where a key on the way is unknown."""
    if isinstance(schema, dict) and "oneOf" in schema:
        for variant in schema["oneOf"]:
            yield from _schemas_at(variant, path)
    elif not path:
        yield schema
    elif not isinstance(schema, dict):
        yield True  # anything goes
    elif isinstance(path[0], int):
        yield from _schemas_at(schema.get("items", True), path[1:])
    elif "object" not in schema.get("type", "object"):
        return  # a text, say, has no keys
    elif path[0] in schema.get("properties", {}):
        yield from _schemas_at(schema["properties"][path[0]], path[1:])
    elif schema.get("additionalProperties", True) is not False:
        yield from _schemas_at(schema.get("additionalProperties", True), path[1:])
