"""Words for every key of deploy.yaml, from the schema: docs/configuration.md and `jvbundler explain`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from jvbundler.project.schema import load_schema
from jvbundler.values.problem import InputError

Schema = dict[str, Any]


def configuration_reference(schema: Schema) -> str:
    """The text of docs/configuration.md: a section per top-level key, a table row per key."""
    lines = [
        "# deploy.yaml, key by key",
        "",
        "<!-- Generated from schemas/deploy.schema.json; run `make generate`. -->",
        "",
        schema["description"] + " `jvbundler explain KEY` prints the same text.",
    ]
    for name, section in schema["properties"].items():
        lines += ["", f"## {name}", "", section["description"]]
        rows = list(keys(section, name))
        if len(rows) == 1:
            lines += ["", *_facts(section)]
            continue
        lines += ["", "| key | what it says | type and limits | default | example |", "|---|---|---|---|---|"]
        lines += [_row(path, key) for path, key in rows[1:]]
    return "\n".join(lines) + "\n"


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


def default_words(schema: Schema) -> str:
    if "x-derived" in schema:
        return str(schema["x-derived"])
    if "properties" in schema or "default" not in schema:
        return ""
    default = schema["default"]
    return "none" if default in ("", None) else f"`{json.dumps(default)}`"


def _example(schema: Schema) -> str:
    return f"`{json.dumps(schema['examples'][0])}`" if "examples" in schema else ""


def _row(path: str, schema: Schema) -> str:
    cells = [
        f"`{path}`",
        schema["description"],
        type_and_limits(schema),
        default_words(schema),
        _example(schema),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _facts(schema: Schema) -> list[str]:
    facts = [
        ("type", type_and_limits(schema)),
        ("default", default_words(schema)),
        ("example", _example(schema)),
    ]
    return [f"- {name}: {text}" for name, text in facts if text]


def references_reference() -> str:
    """The text of docs/references.md."""
    from jvbundler.source.expressions import LONGEST_EXPRESSION
    from jvbundler.source.filters import FILTERS, LONGEST_TEXT, METHODS, TESTS

    tables = (
        ("Filters", "`{{ app.name | lower }}`", FILTERS, "`{}`"),
        ("Tests", "`{{ 'a' if app.name is defined else 'b' }}`", TESTS, "`{}`"),
        ("Methods", "`{{ app.name.upper() }}`", METHODS, "`.{}()`"),
    )
    lines = [REFERENCES_HEAD.format(expression=f"{LONGEST_EXPRESSION:,}", text=LONGEST_TEXT // 1024)]
    for title, example, offers, form in tables:
        lines += [f"## {title}", "", f"As in {example}.", "", "| name | what it makes |", "|---|---|"]
        lines += [f"| {form.format(name)} | {offer.words} |" for name, offer in offers.items()]
        lines += [""]
    return "\n".join(lines)


REFERENCES_HEAD = """\
# References and variables in deploy.yaml

<!-- Generated by scripts/generate.py from jvbundler/source/filters.py; run `make generate`. -->

## `${{NAME}}`: the environment
`${{NAME}}` is the value of a variable of the process that renders, `${{NAME:-default}}` has a default,
and `$${{` is a literal `${{`. The file says which variables it reads, for in CI the environment holds the
secrets of others as well:

```yaml
variables:
  - GIT_COMMIT
  - name: IMAGE_TAG
    default: dev
    pattern: "[0-9A-Za-z._-]+"
```

- Any other name is an error (JVB118) that says what to add.
- Without the list, the names that are read are told in one warning (JVB119); with `--strict` in CI the
  list is required.
- A name or a value that looks like a secret is an error with and without the list. A secret is listed
  under `secrets`, and needs no entry here: its value is never read.
- `--env NAME=value` and `--set environment.NAME=value` answer `${{NAME}}` as well, and need no entry; nor
  does a `${{NAME}}` that is written on the command line. What `--set` replaces is not read.

## `{{{{ KEY }}}}`: another key of the file
`{{{{ app.name }}}}` is the value of that key, of the same type where it stands alone.
`{{{{ app.tags.0 }}}}` is an item of a list, and `{{{{ '{{{{' }}}}` writes two literal braces.
`{{{{resolve:ssm:…}}}}` and its like are left for CloudFormation.

Jinja2's syntax, with what is listed here and nothing else: there is no arithmetic, no function and no
loop. The operators are `~`, which joins texts, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`, `and`,
`or`, `not` and `A if B else C`. An expression has at most {expression} characters, a text that it makes
{text} KiB, and all that the references of a file make, in all its environments, 8 MiB.
`jvbundler explain references` prints the list.
"""


def explain_key(key: str) -> str:
    """The key's entry, or what `{{ }}` may use for `references`; InputError for a key that does not exist.

    An index and an environment are no part of a key: `environments.prod.lambda.region` is `lambda.region`.
    """
    if key == "references":
        from jvbundler.source.filters import reference_lines

        return "\n".join(reference_lines()) + "\n"
    wanted = re.sub(r"\[\d*\]", "[]", re.sub(r"^environments\.[^.]+\.", "", key)).removesuffix("[]")
    known = {path: schema for path, schema in keys(load_schema(), "") if path}
    if wanted not in known:
        raise InputError(f"there is no key '{key}'{_meant(wanted, list(known))}")
    return "\n".join(_entry(wanted, known)) + "\n"


def _entry(key: str, known: dict[str, Schema]) -> Iterator[str]:
    schema = known[key]
    yield key
    yield f"  {schema['description']}"
    yield f"  type:    {type_and_limits(schema)}".replace("`", "")
    if default_words(schema):
        yield f"  default: {default_words(schema)}".replace("`", "")
    yield from (f"  example: {json.dumps(example)}" for example in schema.get("examples", ())[:1])
    below = [path for path in known if _parent(path) == key]
    if below:
        yield "  keys:"
        width = max(len(_last(path)) for path in below)
        yield from (f"    {_last(path):{width}}  {_first_sentence(known[path])}" for path in below)


def _parent(path: str) -> str:
    return path.rpartition(".")[0].removesuffix("[]")


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _first_sentence(schema: Schema) -> str:
    return str(schema["description"]).split(". ")[0].rstrip(".")


def _meant(key: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1, cutoff=0.6)
    near = near or [path for path in known if _last(path) == _last(key)]
    return f" (did you mean '{near[0]}'?)" if near else "; 'jvbundler schema' prints all keys"
