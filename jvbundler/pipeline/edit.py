"""Changes single values of deploy.yaml in place: its comments, order and layout stay as the user wrote them.

Works on the text at the places that the YAML parser reports, and refuses what it cannot change safely. `env
set` and `env unset` write the container's variables this way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from jvbundler.files import read_file, reason
from jvbundler.output.single import write_file
from jvbundler.render.text import yaml_text
from jvbundler.source.interpolate import shown_parts
from jvbundler.source.wording import did_you_mean
from jvbundler.source.yaml.file import LOADER, parse_yaml, read_yaml
from jvbundler.values.node import Node, find, plain
from jvbundler.values.problem import InputError, Place
from jvbundler.values.secret_names import looks_secret
from jvbundler.values.secret_values import contains_secret

if TYPE_CHECKING:
    from jvbundler.project.model import Environment, Platform

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""")
# Where an unquoted scalar ends: at a comment, and inside `{…}` at a comma or a bracket.
_BLOCK_END = re.compile(r"\s+#")
_FLOW_END = re.compile(r"\s*[,}\]]|\s+#")
# What may follow an entry of `{…}` that has its line to itself.
_REST_OF_LINE = re.compile(r"[ \t]*,?[ \t]*(?:#.*)?\r?\n")
# The end of a line such as `environment: &anchor  # comment`.
_END_OF_HEAD = re.compile(r":((?:\s+[&!]\S+)*)(\s*(?:#.*)?)\Z")
_UNUSUAL = "'{}' is written in a way that cannot be changed here: edit deploy.yaml"
_INDENT = 2
# No parser counts it among the characters of the first line.
_BOM = "\ufeff"

Keys = tuple[str, ...]
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SECTIONS = {
    "lambda": ("lambda", "environment"),
    "kubernetes": ("kubernetes", "deployment", "container", "environment"),
}


def set_value(text: str, keys: Keys, value: str) -> str:
    """The text of deploy.yaml with `value` at `keys`, replaced or inserted.

    Raises InputError if the value is not a scalar, or would be several keys deep inside `{…}`.
    """
    if text.startswith(_BOM):
        return _BOM + set_value(text[1:], keys, value)
    root = parsed(text)
    node = find(root, keys)
    if node is None:
        return _checked(text, _inserted(text, root, keys, value), keys, value)
    try:
        return _checked(text, _replaced(text, node, keys, value, _BLOCK_END), keys, value)
    except InputError:
        return _checked(text, _replaced(text, node, keys, value, _FLOW_END), keys, value)


def unset_value(text: str, keys: Keys) -> str:
    """The text without the entry at `keys`; a section that becomes empty is written as `{}`."""
    if text.startswith(_BOM):
        return _BOM + unset_value(text[1:], keys)
    root = parsed(text)
    node = find(root, keys)
    if node is None:
        return text
    entry = _entry_at(text, keys)
    if entry.section.flow_style:
        return _checked(text, _without_in_braces(text, entry), keys, None)
    lines = text.splitlines(keepends=True)
    first, last = _entry_lines(text, keys)
    del lines[first:last]
    if len(entry.section.value) == 1:
        lines = _emptied(lines, root, keys)
    return _checked(text, "".join(lines), keys, None)


def read_for_edit(path: Path) -> str:
    """The text of deploy.yaml; InputError if it cannot be read, or is a link that an edit would replace."""
    try:
        return read_file(path, follow_links=False).decode("utf-8")
    except OSError as failure:
        raise InputError(
            f"cannot edit '{path}': {reason(failure)}; name the file itself with '-c'"
        ) from failure


def parsed(text: str) -> Node:
    """The text as a tree, an empty one as a map. Raises InputError if it is not YAML."""
    root, problems = parse_yaml(text.encode(), "deploy.yaml")
    if all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()):
        return Node({}, Place("deploy.yaml"))
    if root is None or any(problem.is_error for problem in problems):
        raise InputError(problems=problems)
    return Node({}, root.place) if root.value is None else root


def _checked(before: str, after: str, keys: Keys, value: str | None) -> str:
    """`after`, if it says what it should and nothing else changed; anything else is left to the user."""
    try:
        wanted = _with(plain(parsed(before)), keys, value)
        if plain(parsed(after)) == wanted:
            return after
    except InputError:
        pass
    raise InputError(_UNUSUAL.format(".".join(keys)))


def _with(document: object, keys: Keys, value: str | None) -> object:
    """What the document should say afterwards."""
    entries = dict(document) if isinstance(document, dict) else {}
    key, rest = keys[0], keys[1:]
    if rest:
        entries[key] = _with(entries.get(key), rest, value)
    elif value is None:
        entries.pop(key, None)
    else:
        entries[key] = value
    return entries


def scalar(value: str) -> str:
    """The value as YAML that reads back as this text, inside braces too."""
    return yaml_text.scalar(value, in_flow=True)


def _replaced(text: str, node: Node, keys: Keys, value: str, end_of_plain: re.Pattern[str]) -> str:
    if isinstance(node.value, (dict, list)):
        raise InputError(f"'{'.'.join(keys)}' is not a single value: edit deploy.yaml")
    lines = text.splitlines(keepends=True)
    row = node.place.line - 1
    line = lines[row].rstrip("\r\n")
    end = lines[row][len(line) :]
    if node.value is None and not node.text and node.key_place is not None:
        head, tail = _after_colon(line, node.key_place.column - 1)
        lines[row] = f"{head} {scalar(value)}{tail}{end}"
        return "".join(lines)
    start = node.place.column - 1
    stop = start + _scalar_length(line[start:], end_of_plain)
    lines[row] = f"{line[:start]}{scalar(value)}{line[stop:]}{end}"
    return "".join(lines)


def _after_colon(line: str, column: int) -> tuple[str, str]:
    colon = line.index(":", column)
    return line[: colon + 1], line[colon + 1 :].rstrip() and f" {line[colon + 1 :].lstrip()}"


def _scalar_length(text: str, end_of_plain: re.Pattern[str]) -> int:
    """How far the scalar at the start of `text` extends; the check refuses one of several lines."""
    quoted = _QUOTED.match(text)
    if quoted:
        return quoted.end()
    end = end_of_plain.search(text)
    return len(text[: end.start()] if end else text.rstrip())


def _inserted(text: str, root: Node, keys: Keys, value: str) -> str:
    """Below the deepest existing section, as its last entry."""
    depth = next(count for count in range(len(keys) - 1, -1, -1) if find(root, keys[:count]) is not None)
    section = find(root, keys[:depth])
    assert section is not None
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if section.value is None or section.value == {}:
        above = _entry_at(text, keys[:depth]) if depth else None
        if above and above.section.flow_style:
            return _filled_in_braces(text, above.value, keys[depth:], value)
        return _filled(lines, root, section, keys, depth, value)
    if not isinstance(section.value, dict):
        raise InputError(f"'{'.'.join(keys[:depth])}' is not a section: edit deploy.yaml")
    if _is_flow(lines, section):
        return _in_braces(lines, section, keys[depth:], value)
    last = list(section.value)[-1]
    entry = section.value[last]
    assert entry.key_place is not None
    _, row = _entry_lines(text, (*keys[:depth], last))
    lines[row:row] = _entry(keys[depth:], value, entry.key_place.column - 1)
    return "".join(lines)


def _is_flow(lines: list[str], section: Node) -> bool:
    return lines[section.place.line - 1][section.place.column - 1 :].startswith("{")


def _in_braces(lines: list[str], section: Node, keys: Keys, value: str) -> str:
    """As the first entry of `{…}`."""
    row, column = section.place.line - 1, section.place.column
    lines[row] = f"{lines[row][:column]}{_braced(keys, value)[1:-1]}, {lines[row][column:].lstrip(' ')}"
    return "".join(lines)


def _braced(keys: Keys, value: str) -> str:
    """`{a: {b: value}}`."""
    written = scalar(value)
    for key in reversed(keys):
        written = f"{{{scalar(key)}: {written}}}"
    return written


def _filled_in_braces(text: str, section: yaml.Node, keys: Keys, value: str) -> str:
    """A section that is empty and inside `{…}` itself: `{dev: {}}` or `{dev: }`."""
    start, end = section.start_mark.index, section.end_mark.index
    space = "" if text[:start].endswith(" ") else " "
    return f"{text[:start]}{space}{_braced(keys, value)}{text[end:]}"


def _filled(lines: list[str], root: Node, section: Node, keys: Keys, depth: int, value: str) -> str:
    """A section that is written but empty: `dev:` or `dev: {}`."""
    if section.key_place is None:
        return "".join([*lines, *_entry(keys, value, 0)])
    row = section.key_place.line - 1
    line = lines[row].rstrip("\r\n")
    lines[row] = re.sub(r":\s*(?:\{\s*\}|null|~)?(\s*(?:#.*)?)\Z", r":\1", line) + "\n"
    lines[row + 1 : row + 1] = _entry(keys[depth:], value, section.key_place.column - 1 + _INDENT)
    return "".join(lines)


def _entry(keys: Keys, value: str, indent: int) -> list[str]:
    written = [scalar(key) for key in keys]
    heads = [f"{' ' * (indent + _INDENT * level)}{key}:\n" for level, key in enumerate(written[:-1])]
    return [*heads, f"{' ' * (indent + _INDENT * (len(keys) - 1))}{written[-1]}: {scalar(value)}\n"]


class _Entry(NamedTuple):
    """PyYAML's nodes, which have an end too: a section, and the key and value of its entry at `position`."""

    section: yaml.MappingNode
    position: int
    key: yaml.Node
    value: yaml.Node


def _entry_at(text: str, keys: Keys) -> _Entry:
    """Raises InputError for a key that comes from somewhere else, by `<<`."""
    entry, node = None, yaml.compose(text, Loader=LOADER)
    for name in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        found = [n for n, (key, _) in enumerate(pairs) if key.value == name]
        if not found:
            raise InputError(_UNUSUAL.format(".".join(keys)))
        assert isinstance(node, yaml.MappingNode)
        entry = _Entry(node, found[-1], *node.value[found[-1]])
        node = entry.value
    assert entry is not None
    return entry


def is_in_braces(text: str, keys: Keys) -> bool:
    return bool(_entry_at(text, keys).section.flow_style)


def _entry_lines(text: str, keys: Keys) -> tuple[int, int]:
    """The lines of an entry of a block, without blank lines and comments that follow it."""
    entry = _entry_at(text, keys)
    lines = text.splitlines()
    first = entry.key.start_mark.line
    end = _end_of(entry.value)
    last = max(first, end.line - 1 if end.column == 0 else end.line)
    while last > first and not lines[last].strip():
        last -= 1
    return first, last + 1


def _end_of(node: yaml.Node) -> yaml.Mark:
    """Where the last of its texts ends; the parser says of a block that it ends where the next one begins."""
    is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value
    if not is_block:
        return node.end_mark
    last = node.value[-1]
    return _end_of(last[-1] if isinstance(last, tuple) else last)


def _without_in_braces(text: str, entry: _Entry) -> str:
    """An entry of `{…}` goes with its lines, where it has lines of its own, or with one of the commas."""
    pairs, index = entry.section.value, entry.position
    start, end = entry.key.start_mark.index, entry.value.end_mark.index
    line_start = text.rfind("\n", 0, start) + 1
    rest = _REST_OF_LINE.match(text, end)
    if len(pairs) == 1:
        start, end = text.index("{", entry.section.start_mark.index) + 1, entry.section.end_mark.index - 1
    elif rest and not text[line_start:start].strip():
        start, end = line_start, rest.end()
    elif index + 1 < len(pairs):
        end = pairs[index + 1][0].start_mark.index
    else:
        start = pairs[index - 1][1].end_mark.index
    return text[:start] + text[end:]


def _emptied(lines: list[str], root: Node, keys: Keys) -> list[str]:
    section = find(root, keys[:-1])
    if section is None or section.key_place is None:
        return lines
    row = section.key_place.line - 1
    line = lines[row].rstrip("\r\n")
    lines[row] = _END_OF_HEAD.sub(r":\1 {}\2", line) + lines[row][len(line) :]
    return lines


def variables(environment: Environment, platform: str) -> list[tuple[str, str | None]]:
    """The variables by name; None instead of a secret's value, which is not known here.

    In a composed text, `${NAME}` stands for a secret.
    """
    on: Platform = "lambda" if platform == "lambda" else "kubernetes"
    composed = {name: shown_parts(parts) for name, parts in environment.composed(on).items()}
    secrets = dict.fromkeys(secret.name for secret in environment.secrets(on))
    return sorted({**environment.variables(on), **composed, **secrets}.items())


def set_variables(path: Path, platform: str, environment: str, pairs: Iterable[str]) -> bool:
    """Write the pairs, all or none; returns whether the file changed.

    Raises InputError for an invalid name, a secret, or a place that cannot be changed safely.
    """
    split = [pair.partition("=") for pair in pairs]
    for name, equals, value in split:
        _require_name(name, equals)
        _refuse_secret(path, name, value)
    section = _section(path, platform, environment)
    text = before = read_for_edit(path)
    for name, _, value in split:
        text = set_value(text, (*section, name), value)
    return _write(path, before, text)


def unset_variables(path: Path, platform: str, environment: str, names: Iterable[str]) -> bool:
    section = _section(path, platform, environment)
    text = before = read_for_edit(path)
    for name in names:
        text = unset_value(text, (*section, name))
    return _write(path, before, text)


def _require_name(name: str, equals: str) -> None:
    if not equals:
        raise InputError("expected NAME=VALUE, found no '='")
    if not _VARIABLE_NAME.match(name):
        raise InputError(f"'{name}' is not the name of an environment variable")


def _refuse_secret(path: Path, name: str, value: str) -> None:
    """A reference to a variable is not a secret value: it is looked up and never rendered."""
    is_reference = value.startswith("${") and value.endswith("}")
    if is_reference or not value:
        return
    if looks_secret(name) or contains_secret(value) or name in _listed_secrets(path):
        raise InputError(
            f"'{name}' looks like a secret, and deploy.yaml is committed: list it under 'secrets' instead"
        )


def _listed_secrets(path: Path) -> set[str]:
    root, _ = read_yaml(path, str(path))
    items = find(root, ["secrets"]) if root else None
    nodes = items.value if items is not None and isinstance(items.value, list) else []
    return {str((find(node, ["name"]) or node).value) for node in nodes}


def _section(path: Path, platform: str, environment: str) -> tuple[str, ...]:
    root, problems = read_yaml(path, str(path))
    if root is None:
        raise InputError(problems=problems)
    if not environment:
        return _SECTIONS[platform]
    declared = find(root, ["environments"])
    names = list(declared.value) if declared is not None and isinstance(declared.value, dict) else []
    if environment not in names:
        hint = did_you_mean(environment, names) or f"declared: {', '.join(names) or 'none'}"
        raise InputError(f"environment '{environment}' is not declared in {path} ({hint})")
    return ("environments", environment, *_SECTIONS[platform])


def _write(path: Path, before: str, text: str) -> bool:
    if text != before:
        write_file(path, text, force=True)
    return text != before
