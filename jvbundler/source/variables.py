"""The `variables` list of deploy.yaml: which variables of the process environment `${NAME}` may read.

The environment of a render may hold secrets that have nothing to do with the file, so a file lists what it
reads. Without a list, every variable may be read whose name does not look like a secret's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from jvbundler.source.wording import one_line, quoted
from jvbundler.values.node import Node
from jvbundler.values.problem import Place, Problem, error, warning

KEY = "variables"
SET = Place("--set", 1, 1)  # the place of what the command line sets
_MOST_NAMES_SHOWN = 20


class Variable(NamedTuple):
    """An entry of the list. `default` and `pattern`, a regular expression, are None where it has none."""

    name: str
    place: Place
    default: str | None = None
    pattern: Node | None = None


def listed_variables(root: Node) -> dict[str, Variable] | None:
    """The list by name, None where there is none. What the schema will refuse is left out."""
    node = root.value.get(KEY) if isinstance(root.value, dict) else None
    if node is None or node.value is None:
        return None
    entries = node.value if isinstance(node.value, list) else []
    return {variable.name: variable for entry in entries if (variable := _variable(entry))}


def _variable(entry: Node) -> Variable | None:
    if isinstance(entry.value, str):
        return Variable(entry.value, entry.place)
    fields = entry.value if isinstance(entry.value, dict) else {}
    name, default, pattern = (fields.get(key) for key in ("name", "default", "pattern"))
    if name is None or not isinstance(name.value, str):
        return None
    text = None if default is None or default.value is None else default.text or str(default.value)
    return Variable(
        name.value, name.place, text, pattern if pattern and isinstance(pattern.value, str) else None
    )


def problems_of_list(
    listed: Mapping[str, Variable], is_secret: Callable[[str], bool], bad_pattern: Callable[[str], str]
) -> Iterator[Problem]:
    """Secrets in the list, and invalid patterns; `bad_pattern` says what is wrong with one."""
    for variable in listed.values():
        if is_secret(variable.name):
            message = f"{quoted(variable.name)} is a secret, and the value of a variable is rendered"
            hint = f"list {one_line(variable.name)} under 'secrets': its value is never read"
            yield error("JVB904", variable.place, message, hint)
        reason = bad_pattern(str(variable.pattern.value)) if variable.pattern else ""
        if variable.pattern and reason:
            hint = "write a regular expression for the whole value, such as '[0-9a-f]{7,40}'"
            message = f"the pattern of {quoted(variable.name)} {one_line(reason)}"
            yield error("JVB121", variable.pattern.place, message, hint)


def problem_without_list(used: Mapping[str, Place], *, required: bool) -> Problem | None:
    """One problem for all the names that a file without a list reads, at the first of them."""
    if not used:
        return None
    names = sorted(used)
    shown = ", ".join(names[:_MOST_NAMES_SHOWN]) + (", …" if len(names) > _MOST_NAMES_SHOWN else "")
    what = "a variable" if len(names) == 1 else "variables"
    message = f"{what} read from the environment without being declared: {shown}"
    return (error if required else warning)(
        "JVB119", min(used.values()), message, f"add 'variables: [{shown}]'"
    )


def without_list(root: Node) -> Node:
    """The tree without the list, in whose texts no reference is read."""
    if not isinstance(root.value, dict) or KEY not in root.value:
        return root
    return root._replace(value={key: child for key, child in root.value.items() if key != KEY})


def with_list(tree: Node, root: Node) -> Node:
    """The tree with the list of `root`, for the schema to check."""
    if not isinstance(root.value, dict) or not isinstance(tree.value, dict) or KEY not in root.value:
        return tree
    return tree._replace(value={**tree.value, KEY: root.value[KEY]})
