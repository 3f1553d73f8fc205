"""What the app's files call things: held to the patterns of deploy.yaml, as both are written to one file."""

from __future__ import annotations

import re
from functools import lru_cache

from jvbundler.app.reading import text
from jvbundler.generated.app_texts import DESCRIPTION, NAME, VERSION, Text
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem, error

RULE = "JVB211"
# CloudFormation puts in what it names, wherever it stands in a template, and knows no way to escape it.
DYNAMIC_REFERENCE = "{{resolve:"


def name(node: Node, key: str, problems: list[Problem], default: str) -> str:
    return _checked(node, key, NAME, problems, default)


def version(node: Node, key: str, problems: list[Problem], default: str) -> str:
    return _checked(node, key, VERSION, problems, default)


def description(node: Node, key: str, problems: list[Problem], default: str = "") -> str:
    """Prose, which YAML may hold over several lines, as one line."""
    return _checked(node, key, DESCRIPTION, problems, default, prose=True)


def id_problem(what: str, id: str, place: Place) -> Problem | None:
    """What is wrong with the `namespace/name` of an agent or an action."""
    # jvagent loads what has underscores at its ends, too.
    parts = [part.strip("_") for part in id.split("/")]
    if len(parts) == 2 and all(part and fits(NAME.pattern, part) for part in parts):
        return None
    message = f"'{id}' is not a valid name for an {what}"
    return error(RULE, place, message, f"write 'namespace/name', each of them {NAME.words}")


def _checked(
    node: Node, key: str, wanted: Text, problems: list[Problem], default: str, *, prose: bool = False
) -> str:
    found = text(node, key, problems, default)
    found = " ".join(found.split()) if prose else found
    if fits(wanted.pattern, found) and DYNAMIC_REFERENCE not in found:
        return found
    written = find(node, [key])
    place = written.place if written else node.place
    if DYNAMIC_REFERENCE in found:
        message = f"'{key}' has a dynamic reference, which CloudFormation would resolve"
        problems.append(error(RULE, place, message, f"remove '{DYNAMIC_REFERENCE}…}}}}'"))
    else:
        message = f"'{key}' cannot be written into the rendered files"
        problems.append(error(RULE, place, message, f"write {wanted.words}"))
    return default


@lru_cache(maxsize=4096)
def fits(pattern: str, text: str) -> bool:
    # `$` would accept a line end behind it.
    return bool(re.match(pattern.removesuffix("$") + r"\Z", text))
