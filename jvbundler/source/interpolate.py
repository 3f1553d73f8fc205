"""`${NAME}` in the values of a tree → the text of the process environment, which is passed in.

A secret's value is never read: its node keeps `${NAME}` where it stands, and carries the variable's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from jvbundler.source.variables import Variable
from jvbundler.source.yaml.nodes import typed_text
from jvbundler.values.node import Node
from jvbundler.values.problem import Place, Problem, error
from jvbundler.values.secret_values import contains_secret

# In this order: an escape, a reference with or without a default, and a `${` that is neither.
_TOKEN = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{")
# Braces from outside are not references of the file's author; AWS's own are left for AWS.
_OUTSIDE_BRACES = r"\{\{(?!resolve:[^{}]*\}\})"
_ESCAPE_HINT = "$${ writes a literal ${"
# All values together: four times the largest deploy.yaml.
_MOST_CHARACTERS = 4 * 1024 * 1024


def interpolate(
    root: Node,
    environ: Mapping[str, str],
    is_secret: Callable[[str], bool],
    *,
    listed: Mapping[str, Variable] | None = None,
    used: dict[str, Place] | None = None,
) -> tuple[Node, tuple[Problem, ...]]:
    """The tree with every `${NAME}` and `${NAME:-default}` of its values replaced; keys stay as they are.

    A value that is a single reference is read again as an unquoted scalar, so that numbers and booleans work;
    in a map called `environment` it stays a text, because that is what a process will get.
    Parts of the tree without a reference are the same objects as before. With `listed`, no other variable
    may be read; `used` collects those that are, with their places.
    """
    found: list[Problem] = []
    names = {} if used is None else used
    result = _Interpolation(environ, is_secret, listed, names, found).node(root, "", "")
    return result, tuple(dict.fromkeys(found))  # a value that aliases repeat has one place


class SecretName(str):
    """A part of a composed text: the variable whose value belongs there, which is never known here."""

    __slots__ = ()


def escaped(text: str) -> str:
    """A literal text as it stands in the value of a secret node, beside `${NAME}`."""
    return text.replace("$", "$$")


def parts_with_secrets(text: str) -> tuple[str, ...]:
    """The literal texts and the `SecretName`s that the value of a secret node consists of."""
    parts: list[str] = [""]
    for found in re.finditer(r"\$\$|\$\{(\w+)\}|[^$]+|\$", text):
        if found[1]:
            parts += [SecretName(found[1]), ""]
        else:
            parts[-1] += "$" if found[0] == "$$" else found[0]
    return tuple(part for part in parts if part)


def secret_names_in(parts: Iterable[str]) -> tuple[str, ...]:
    """The secrets in a composed text."""
    return tuple(part for part in parts if isinstance(part, SecretName))


def shown_parts(parts: Iterable[str]) -> str:
    """A composed text with `${NAME}` for its secrets, to show to people."""
    return "".join(f"${{{part}}}" if isinstance(part, SecretName) else part for part in parts)


class _Interpolation:
    """What every node of one tree is replaced with."""

    __slots__ = ("_environ", "_is_secret", "_left", "_listed", "_problems", "_used")

    def __init__(
        self,
        environ: Mapping[str, str],
        is_secret: Callable[[str], bool],
        listed: Mapping[str, Variable] | None,
        used: dict[str, Place],
        problems: list[Problem],
    ) -> None:
        self._environ = environ
        self._is_secret = is_secret
        self._listed = listed
        self._used = used
        self._problems = problems
        self._left = _MOST_CHARACTERS

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
        """`variable` is the environment variable whose value the text is, if any."""
        tokens = list(_TOKEN.finditer(text))
        names = [token[1] for token in tokens if token[1]]
        in_secret = variable is not None and self._is_secret(variable)
        secrets = [
            name for name in names if self._is_secret(name) or (in_secret and not self._is_plain(name))
        ]
        if self._report(node, tokens, secrets):
            # A node that failed gets no value, so that nothing judges its text a second time.
            return node._replace(value=None, secret=secrets[0] if secrets else "")
        self._left -= sum(len(self._value(token)) for token in tokens if token[1] and token[1] not in secrets)
        if self._left < 0:
            return self._flooded(node)
        if secrets:
            return node._replace(value=self._with_secrets(text, tokens, secrets), secret=secrets[0])
        result = _TOKEN.sub(self._replacement, text)
        if names and len(tokens) == 1 and tokens[0][0] == text and variable is None:
            value = typed_text(result)
            return node._replace(value=value, text="" if isinstance(value, str) else result)
        return node._replace(value=result)

    def _is_plain(self, name: str) -> bool:
        """Whether the list allows the value to be rendered; a secret may contain no other."""
        return self._listed is not None and name in self._listed

    def _with_secrets(self, text: str, tokens: list[re.Match[str]], secrets: list[str]) -> str:
        """The text with all replaced but the secrets, as `parts_with_secrets` reads it."""
        result, end = "", 0
        for token in tokens:
            result += escaped(text[end : token.start()])
            end = token.end()
            result += f"${{{token[1]}}}" if token[1] in secrets else escaped(self._replacement(token))
        return result + escaped(text[end:])

    def _flooded(self, node: Node) -> Node:
        size = _MOST_CHARACTERS // (1024 * 1024)
        message = f"the values of variables make this file longer than {size} MiB"
        self._problems.append(error("JVB107", node.place, message, "use them less often, or shorten them"))
        return node._replace(value=None)

    def _value(self, token: re.Match[str]) -> str:
        """The text of the environment, else the default beside the name, else that of the list."""
        name, default = token[1], token[2]
        text = self._environ.get(name, "")
        if text:
            return text
        listed = self._listed.get(name) if self._listed else None
        return str(default if default is not None else (listed and listed.default) or "")

    def _replacement(self, token: re.Match[str]) -> str:
        if token[1] is None:
            return "${"
        text = self._value(token)
        return text if text == token[2] else re.sub(_OUTSIDE_BRACES, "{{ '{{' }}", text)

    def _report(self, node: Node, tokens: list[re.Match[str]], secrets: list[str]) -> bool:
        """Reports what is wrong with the references of a text; returns whether anything is."""
        before = len(self._problems)
        for token in tokens:
            is_secret = token[1] in secrets
            found = (
                self._secret_default(token, secrets)
                or self._bad_reference(token, is_secret)
                or (None if is_secret or token[1] is None else self._bad_variable(token))
            )
            if found:
                rule, message, hint = found
                self._problems.append(error(rule, node.place, message, hint))
            elif token[1] is not None and not is_secret:
                self._used.setdefault(token[1], node.place)
        return len(self._problems) > before

    def _secret_default(self, token: re.Match[str], secrets: list[str]) -> tuple[str, str, str] | None:
        name = token[1]
        if name not in secrets or not token[2]:
            return None
        hint = f"write ${{{name}}}, and set {name} where the app runs"
        return "JVB901", f"a secret has a default written in the file: '{name}'", hint

    def _bad_reference(self, token: re.Match[str], is_secret: bool) -> tuple[str, str, str] | None:
        """A reference that is wrong, whatever the environment holds."""
        name, default = token[1], token[2]
        if token[0] == "${":
            return "JVB105", "a '${' without a name and a '}'", _ESCAPE_HINT
        if default and "{{" in default:
            return "JVB105", f"the default of '{name}' holds '{{{{'", "write the reference outside of '${…}'"
        if name is None or is_secret or self._listed is None or name in self._listed:
            return None
        message = f"variable '{name}' is read from the environment and not declared"
        return "JVB118", message, f"add {name} to 'variables', at the top level"

    def _bad_variable(self, token: re.Match[str]) -> tuple[str, str, str] | None:
        """A value that the environment lacks, or that must not be written to a file."""
        name = token[1]
        listed = self._listed.get(name) if self._listed else None
        if name not in self._environ and token[2] is None and (listed is None or listed.default is None):
            hint = f"set {name}, or write ${{{name}:-default}}"
            return "JVB105", f"environment variable '{name}' is not set", hint
        text = self._value(token)
        if any("\ud800" <= char <= "\udfff" for char in text):
            message = f"the value of environment variable '{name}' is not UTF-8"
            return "JVB105", message, "set it to UTF-8 text"
        if contains_secret(text):
            message = f"the value of variable '{name}' looks like a secret and would be rendered"
            return "JVB901", message, f"list {name} under 'secrets': its value is then never read"
        return _pattern_mismatch(listed, text) if listed and listed.pattern else None


def _pattern_mismatch(variable: Variable, text: str) -> tuple[str, str, str] | None:
    from jvbundler.source.patterns import BadPattern, matches, parsed
    from jvbundler.source.wording import one_line

    assert variable.pattern is not None
    pattern = str(variable.pattern.value)
    try:
        if matches(parsed(pattern), text):
            return None
    except BadPattern as failure:
        if "steps" not in str(failure):
            return None  # reported at the pattern
        return "JVB121", f"the pattern of '{variable.name}' {failure}", "write it without nested repetitions"
    message = f"the value of variable '{variable.name}' does not match its pattern"
    return "JVB121", message, f"set it to a text that matches {one_line(pattern)}"
