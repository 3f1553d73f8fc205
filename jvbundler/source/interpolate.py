"""`${NAME}` in the values of a tree → the text of the process environment, which is passed in.

A secret's value is never read: its node keeps the text as written and carries the variable's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jvbundler.source.yaml.scalars import typed_text
from jvbundler.values.node import Node
from jvbundler.values.problem import Problem, error

# In this order: an escape, a reference with or without a default, and a `${` that is neither.
_TOKEN = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{")
# Braces that come from outside are no reference of the file's author; AWS's own are left for AWS.
_OUTSIDE_BRACES = r"\{\{(?!resolve:)"
_ESCAPE_HINT = "$${ writes a literal ${"


def interpolate(
    root: Node, environ: Mapping[str, str], is_secret: Callable[[str], bool]
) -> tuple[Node, tuple[Problem, ...]]:
    """The tree with every `${NAME}` and `${NAME:-default}` of its values replaced; keys stay as they are.

    A value that is nothing else is read again as an unquoted scalar, so that numbers and booleans work;
    in a map called `environment` it stays the text it is, because that is what a process will get.
    Parts of the tree without a reference are the same objects as before.
    """
    found: list[Problem] = []
    result = _Interpolation(environ, is_secret, found).node(root, "", "")
    return result, tuple(dict.fromkeys(found))  # a value that aliases repeat has one place


class _Interpolation:
    """What every node of one tree is replaced with."""

    __slots__ = ("_environ", "_is_secret", "_problems")

    def __init__(
        self, environ: Mapping[str, str], is_secret: Callable[[str], bool], problems: list[Problem]
    ) -> None:
        self._environ = environ
        self._is_secret = is_secret
        self._problems = problems

    def node(self, node: Node, parent: str, key: str) -> Node:
        value = node.value
        if isinstance(value, str):
            return (
                self._text(node, value, key if parent == "environment" else None) if "${" in value else node
            )
        if isinstance(value, dict):
            entries = {name: self.node(child, key, name) for name, child in value.items()}
            same = all(entries[name] is child for name, child in value.items())
            return node if same else node._replace(value=entries)
        if isinstance(value, list):
            items = [self.node(child, key, "") for child in value]
            same = all(new is old for new, old in zip(items, value, strict=True))
            return node if same else node._replace(value=items)
        return node

    def _text(self, node: Node, text: str, variable: str | None) -> Node:
        """`variable` is the environment variable that the text is the value of, if it is one's."""
        tokens = list(_TOKEN.finditer(text))
        names = [token[1] for token in tokens if token[1]]
        in_secret = variable is not None and self._is_secret(variable)
        secrets = [name for name in names if in_secret or self._is_secret(name)]
        self._report(node, tokens, secrets)
        if secrets:
            return node._replace(secret=secrets[0])
        result = _TOKEN.sub(self._replacement, text)
        if names and len(tokens) == 1 and tokens[0][0] == text and variable is None:
            value = typed_text(result)
            return node._replace(value=value, text="" if isinstance(value, str) else result)
        return node._replace(value=result)

    def _replacement(self, token: re.Match[str]) -> str:
        name, default = token[1], token[2]
        if name is None:
            return "${"
        text = self._environ.get(name, "")
        if text or default is None:
            return re.sub(_OUTSIDE_BRACES, "{{ '{{' }}", text)
        return str(default)

    def _report(self, node: Node, tokens: list[re.Match[str]], secrets: list[str]) -> None:
        for token in tokens:
            found = self._secret_default(token, secrets) or self._bad_reference(token, bool(secrets))
            if found:
                rule, message, hint = found
                self._problems.append(error(rule, node.place, message, hint))

    def _secret_default(self, token: re.Match[str], secrets: list[str]) -> tuple[str, str, str] | None:
        name = token[1]
        if name not in secrets or not token[2]:
            return None
        hint = f"write ${{{name}}}, and set {name} where the app runs"
        return "JVB901", f"a secret has a default written in the file: '{name}'", hint

    def _bad_reference(self, token: re.Match[str], is_secret: bool) -> tuple[str, str, str] | None:
        name, default = token[1], token[2]
        if token[0] == "${":
            return "JVB105", "a '${' without a name and a '}'", _ESCAPE_HINT
        if default and "{{" in default:
            return "JVB105", f"the default of '{name}' holds '{{{{'", "write the reference outside of '${…}'"
        if name is None or is_secret:
            return None
        if name not in self._environ and default is None:
            hint = f"set {name}, or write ${{{name}:-default}}"
            return "JVB105", f"environment variable '{name}' is not set", hint
        if any("\ud800" <= char <= "\udfff" for char in self._environ.get(name, "")):
            return (
                "JVB105",
                f"the value of environment variable '{name}' is not UTF-8",
                "set it to UTF-8 text",
            )
        return None
