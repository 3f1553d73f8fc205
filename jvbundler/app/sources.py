"""Which environment variables Python sources read: by their syntax trees, as nothing of an app is ever run.

Sees a name that is written out: in the read itself, in a constant of the module, or in a loop over such. A
name that is composed, or comes from a file, is not seen.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

_NAME = r"[A-Z][A-Z0-9_]{2,99}"
# What wraps os.getenv and jvspatial's env: jvagent's own, and names that say so.
_WRAPPERS = r"\w*_env|env_\w+|api_key_from_context"
# Python's own limits: deeper nesting than that is no source that anybody wrote.
_BROKEN = (SyntaxError, ValueError, RecursionError, MemoryError)


def names_read(source: bytes) -> dict[str, bool]:
    """The variables, each with whether every read of it has a default of its own: a text that is not empty.

    `os.getenv(NAME) or …` is none: what follows may be an empty text as well. A source that cannot be parsed
    reads nothing; Python would not run it either.
    """
    found: dict[str, bool] = {}
    tree = tree_of(source)
    for name, has_default in _reads(tree) if tree else ():
        found[name] = has_default and found.get(name, True)
    return found


def tree_of(source: bytes) -> ast.Module | None:
    """The syntax tree of a Python source, None for one that cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the app's own code
            return ast.parse(source)
    except _BROKEN:
        return None


def _reads(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    known = _texts_by_name(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _read_by_call(node, known)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value):
            for name in _texts(node.slice, known):
                yield name, False


def _read_by_call(call: ast.Call, known: dict[str, list[str]]) -> Iterator[tuple[str, bool]]:
    """The names that a call reads; those that we do not know may take several, and no default."""
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    is_get = called == "get" and isinstance(function, ast.Attribute) and _is_environ(function.value)
    if is_get or called in ("getenv", "env"):
        for name in _texts(call.args[0], known) if call.args else ():
            yield name, _has_default(call)
    elif re.fullmatch(_WRAPPERS, called):
        for argument in call.args:
            for name in _texts(argument, known):
                yield name, False


def _has_default(call: ast.Call) -> bool:
    values = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "default")]
    return any(isinstance(value, ast.Constant) and bool(value.value) for value in values)


def _is_environ(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (
        isinstance(node, ast.Name) and node.id == "environ"
    )


def _texts(node: ast.AST, known: dict[str, list[str]]) -> list[str]:
    """The names of variables that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if re.fullmatch(_NAME, node.value) else []
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return known.get(name, [])


def _texts_by_name(tree: ast.Module) -> dict[str, list[str]]:
    """What a name of the module stands for: the texts that are assigned to it, or that it loops over."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        for target, value in _bindings(node):
            texts = [text for one in ast.walk(value) for text in _texts(one, found)]
            for one in ast.walk(target):
                key = one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "")
                if key and texts:
                    known = found.setdefault(key, [])
                    known += [text for text in texts if text not in known]
    return found


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield node.target, node.iter
