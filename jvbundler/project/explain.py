"""`explain`: what the schema says about one key of deploy.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from jvbundler.project.documentation import Schema, default_words, keys, type_and_limits
from jvbundler.project.schema import load_schema
from jvbundler.values.problem import InputError


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
