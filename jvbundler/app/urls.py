"""The addresses in Python sources that are written out: by their syntax trees, as nothing is ever run.

Left out are the texts that say something: docstrings, and descriptions of settings.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from jvbundler.app.sources import tree_of

_URL = r"(https?)://([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)(?::([0-9]{1,5}))?[^\s\"'<>]*"
_PORTS = {"http": 80, "https": 443}
_PROSE = ("description", "example", "examples", "help", "summary")


class Url(NamedTuple):
    """An address; `setting` is the attribute of an action whose default it is, empty if it is none."""

    text: str
    host: str
    port: int
    line: int
    setting: str = ""


def url_of(text: str, line: int = 1, setting: str = "") -> Url | None:
    """The first address in a text, None if it has none, or one that is put together later."""
    found = re.search(_URL, text)
    port = (int(found[3]) if found[3] else _PORTS[found[1]]) if found else 0
    return Url(found[0], found[2].lower(), port, line, setting) if found and 0 < port < 65_536 else None


def urls_in(source: bytes) -> Iterator[Url]:
    """Each address of a source that may be called."""
    tree = tree_of(source)
    if tree is None:
        return
    constants = _constants(tree)
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, setting = pending.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if found := url_of(node.value, node.lineno, setting):
                yield found
        elif isinstance(node, ast.Name) and setting and node.id in constants:
            pending.append((constants[node.id], setting))
        pending += _parts(node, setting)


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """The names at the top of a module that stand for a constant: names for names may be a circle."""
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _parts(node: ast.AST, setting: str) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.keyword) and child.arg in _PROSE:
            continue
        is_attribute = isinstance(node, ast.ClassDef) and isinstance(child, ast.AnnAssign)
        target = child.target if is_attribute and isinstance(child, ast.AnnAssign) else None
        yield child, target.id if isinstance(target, ast.Name) else setting
