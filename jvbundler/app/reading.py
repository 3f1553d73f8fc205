"""Reads the app's YAML files and the values in them, and says what is wrong with either.

A reader appends its problems to the list it is given and returns something usable, so that one run finds
everything. Names in these files have to match the patterns of deploy.yaml, as both end up in the same files.
Knows nothing of agents or actions.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jvbundler.files import MIB, leads_outside, read_file, reason
from jvbundler.generated.app_texts import DESCRIPTION, NAME, VERSION, Text
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem, error

BROKEN = "JVB206"
UNFIT = "JVB211"
# CloudFormation replaces it wherever it is in a template, and has no escape for it.
DYNAMIC_REFERENCE = "{{resolve:"


def shown(shown_as: str, name: str) -> str:
    """The path of a file of the app in messages, such as `myapp/app.yaml`."""
    return name if shown_as in ("", ".") else f"{shown_as.rstrip('/')}/{name}"


def outside(path: str, place: Place) -> Problem:
    return error(
        "JVB207",
        place,
        f"'{path}' leads outside the app folder",
        "keep every file of the app inside it: an image has nothing from outside",
    )


def unreadable(file: str, failure: OSError) -> Problem:
    message = f"cannot read '{file}': {reason(failure)}"
    return error("JVB209", Place(file), message, "check its type, size and permissions")


def file_bytes(path: Path, file: str, root: Path, problems: list[Problem], limit: int = MIB) -> bytes | None:
    """The content of a file of the app of at most `limit` bytes, or None with the reason in `problems`."""
    if leads_outside(path, root):
        problems.append(outside(file, Place(file)))
        return None
    try:
        return read_file(path, limit)
    except OSError as failure:
        problems.append(unreadable(file, failure))
    return None


def folders(path: Path, file: str, problems: list[Problem]) -> list[Path]:
    """The folders in `path`, sorted; none if there is no such folder."""
    try:
        with os.scandir(path) as entries:
            return [path / name for name in sorted(entry.name for entry in entries if entry.is_dir())]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as failure:
        problems.append(unreadable(file, failure))
        return []


def exists(path: Path, file: str, problems: list[Problem]) -> bool:
    """Whether there is something at `path`; a folder that may not be searched counts as a problem."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as failure:
        problems.append(unreadable(file, failure))
        return False
    return True


def mapping(node: Node, key: str, problems: list[Problem]) -> Node | None:
    """The mapping under `key`; None if it is absent, null or something else."""
    child = _child(node, key)
    if child is None or isinstance(child.value, dict):
        return child
    problems.append(_wrong_type(child, key, "a mapping"))
    return None


def items(node: Node, key: str, problems: list[Problem]) -> Sequence[Node]:
    """The list under `key`; empty if it is absent, null or something else."""
    child = _child(node, key)
    if child is None:
        return ()
    if isinstance(child.value, list):
        return child.value
    problems.append(_wrong_type(child, key, "a list"))
    return ()


def text(node: Node, key: str, problems: list[Problem], default: str = "") -> str:
    """The scalar under `key` as text."""
    child = _child(node, key)
    if child is None:
        return default
    if isinstance(child.value, (dict, list)):
        problems.append(_wrong_type(child, key, "text"))
        return default
    return str(child.value)


def kind(node: Node) -> str:
    """The type of a value, as a YAML user would call it."""
    value = node.value
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "a mapping", list: "a list", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), "empty" if value is None else "a date")


def _child(node: Node, key: str) -> Node | None:
    child = node.value.get(key) if isinstance(node.value, dict) else None
    return None if child is None or child.value is None else child


def _wrong_type(child: Node, key: str, wanted: str) -> Problem:
    return error(BROKEN, child.place, f"'{key}' must be {wanted}, not {kind(child)}")


def name_text(node: Node, key: str, problems: list[Problem], default: str) -> str:
    return _fitting(node, key, NAME, problems, default)


def version_text(node: Node, key: str, problems: list[Problem], default: str) -> str:
    return _fitting(node, key, VERSION, problems, default)


def description_text(node: Node, key: str, problems: list[Problem], default: str = "") -> str:
    """Prose, which YAML may hold over several lines, as one line."""
    return _fitting(node, key, DESCRIPTION, problems, default, prose=True)


def id_problem(what: str, id: str, place: Place) -> Problem | None:
    """What is wrong with the `namespace/name` of an agent or an action."""
    # jvagent also loads names with underscores at their ends.
    parts = [part.strip("_") for part in id.split("/")]
    if len(parts) == 2 and all(part and fits(NAME.pattern, part) for part in parts):
        return None
    message = f"'{id}' is not a valid name for an {what}"
    return error(UNFIT, place, message, f"write 'namespace/name', each of them {NAME.words}")


def _fitting(
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
        problems.append(error(UNFIT, place, message, f"remove '{DYNAMIC_REFERENCE}…}}}}'"))
    else:
        message = f"'{key}' cannot be written into the rendered files"
        problems.append(error(UNFIT, place, message, f"write {wanted.words}"))
    return default


@lru_cache(maxsize=4096)
def fits(pattern: str, text: str) -> bool:
    # `$` would accept a line end after it.
    return bool(re.match(pattern.removesuffix("$") + r"\Z", text))
