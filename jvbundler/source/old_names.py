"""Old names of keys → today's, before anything else reads the file. What a key means is not known here."""

from __future__ import annotations

from collections.abc import Mapping

from jvbundler.values.node import Node, find
from jvbundler.values.problem import Problem, error, warning

# The first four are in the deploy.example.yaml of `jvagent app create --deployment aws-lambda`; the last is
# jvdeploy's, whose own first file lacks it.
OLD_NAMES = {
    "region": "lambda.region",
    "account_id": "lambda.account_id",
    "lambda.memory_mb": "lambda.function.memory",
    "lambda.timeout_seconds": "lambda.function.timeout",
    "lambda.function_url.invoke_mode": "lambda.invoke_mode",
}


def with_todays_names(root: Node) -> tuple[Node, tuple[Problem, ...]]:
    """The file with every old key under today's name, at the top level and in environments.

    A value keeps the place where it was written. An old key is left where today's has no place, below what
    is no map.
    """
    root, found = _renamed(root)
    environments = find(root, ["environments"])
    if environments is not None and isinstance(environments.value, dict):
        trees = {}
        for name, tree in environments.value.items():
            trees[name], more = _renamed(tree)
            found += more
        assert isinstance(root.value, dict)
        root = root._replace(value={**root.value, "environments": environments._replace(value=trees)})
    return root, tuple(found)


def _renamed(root: Node) -> tuple[Node, list[Problem]]:
    found: list[Problem] = []
    for old_name, name in OLD_NAMES.items():
        old, path = find(root, old_name.split(".")), name.split(".")
        if old is None or not _has_room(root, path):
            continue
        place, present = old.key_place or old.place, find(root, path)
        if present is None or present.value is None:
            root = _with(root, path, old)
            message = f"'{old_name}' is an old name of '{name}'"
            found.append(warning("JVB122", place, message, f"write '{name}', or run 'jvbundler migrate'"))
        elif old.value is not None:
            message = f"'{name}' is given twice: '{old_name}' is an old name of it"
            also = present.key_place or present.place
            found.append(error("JVB102", place, message, f"remove '{old_name}'", also))
        root = _without(root, old_name.split("."))
    return root, found


def _has_room(root: Node, path: list[str]) -> bool:
    """Whether everything above `path` is a map, or not there yet."""
    sections = (find(root, path[:depth]) for depth in range(len(path)))
    return all(section is None or isinstance(section.value, (dict, type(None))) for section in sections)


def _entries(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _with(tree: Node, path: list[str], value: Node) -> Node:
    if not path:
        return value
    entries, (key, *rest) = _entries(tree), path
    section = entries.get(key) or Node({}, value.place, value.key_place)
    return tree._replace(value={**entries, key: _with(section, rest, value)})


def _without(tree: Node, path: list[str]) -> Node:
    entries, (key, *rest) = _entries(tree), path
    if rest:
        return tree._replace(value={**entries, key: _without(entries[key], rest)})
    return tree._replace(value={name: child for name, child in entries.items() if name != key})
