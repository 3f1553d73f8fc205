"""Secrets → `***`, in every value and line that a comparison shows, on both sides.

Texts are compared by lines here, as masking a line depends on those around it; a Dockerfile by instructions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from jvbundler.diff.model import ABSENT, Field
from jvbundler.diff.objects import SECRET_PARAMETER, function_name
from jvbundler.values.secret_values import MASK, names_secret, without_secrets

# Below these, a key is the name of a variable or a file, whatever it says; elsewhere it may be a field of
# Kubernetes such as a volume's `secret`.
_NAMED_FREELY = {"data", "stringData", "env", "Variables", "annotations", "labels"}
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*\Z")
# These hold the name of a secret, not its value.
_REFERENCES = {"valueFrom", "secretKeyRef", "remoteRef"}
_RESOLVED_LATER = re.compile(r"\{\{resolve:[^{}]*\}\}\Z")
_ASSIGNMENT = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_-]*)(\\?[\"']?\s*[:=]\s*)(?=(\S.*))")
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?(?:-----END \1PRIVATE KEY-----|\Z)", re.S)
Instruction = tuple[str, ...]
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")


def masked_field(kind: str, field: Field) -> Field:
    """The field of an object of this kind, without the secrets in it."""
    old, new = (masked(kind, field.path, value) for value in (field.old, field.new))
    return Field(field.path, old, new)


def masked(kind: str, path: tuple[str, ...], value: Any) -> Any:
    if value is ABSENT or value is None or isinstance(value, bool):
        return value
    if is_secret(kind, path):
        return _hidden(value)
    if isinstance(value, dict):
        name = value.get("name")
        inner = (*path, f"[{name}]") if isinstance(name, str) else path
        return {key: masked(kind, (*inner, key), child) for key, child in value.items()}
    if isinstance(value, list):
        return [masked(kind, (*path, f"[{index}]"), child) for index, child in enumerate(value)]
    return masked_text(value) if isinstance(value, str) else value


def is_secret(kind: str, path: tuple[str, ...]) -> bool:
    """Whether the value at `path` is a secret, judging by its place."""
    if kind == "Secret" and path[:1] in (("data",), ("stringData",)):
        return True
    if kind == SECRET_PARAMETER and path == ("Default",):
        return True
    if _REFERENCES.intersection(path):
        return False
    free = False
    for part in path:
        name = part.strip("[]")
        if name not in ("name", "Name") and (free or _VARIABLE.match(name)) and names_secret(name):
            # The `name` of a variable is not a secret; the value beside it is.
            return path[-1] not in ("name", "Name")
        free = free or part in _NAMED_FREELY
    return False


def _hidden(value: Any) -> Any:
    """The mask; a reference is kept, as it is not a secret and its target is worth knowing."""
    if function_name(value) in ("Ref", "Fn::GetAtt", "Fn::ImportValue"):
        return value
    if isinstance(value, dict):
        return {key: value[key] if key in _REFERENCES else _hidden_entry(key, value[key]) for key in value}
    if isinstance(value, list):
        return [_hidden(child) for child in value]
    is_reference = isinstance(value, str) and (not value or _RESOLVED_LATER.match(value))
    return value if is_reference else MASK


def _hidden_entry(key: str, value: Any) -> Any:
    return value if key in ("name", "Name") else _hidden(value)


def masked_text(text: str) -> str:
    """Masks, in any text, the values of names that look secret and whatever looks like a secret."""
    return "\n".join(masked_lines(text))


def masked_lines(text: str) -> list[str]:
    """The masked lines, as many as the text has."""
    text = _PRIVATE_KEY.sub(lambda found: "\n".join([MASK] * (found[0].count("\n") + 1)), text)
    return [_masked_line(line) for line in text.split("\n")]


def _masked_line(line: str) -> str:
    for found in _ASSIGNMENT.finditer(line):
        if names_secret(found[1]) and not _is_reference(found[3]):
            line = f"{line[: found.start(3)]}{MASK}"
            break
    return without_secrets(line)


def _is_reference(value: str) -> bool:
    value = value.rstrip(",").strip("\"'")
    return bool(_RESOLVED_LATER.match(value)) or value.startswith(("!Ref ", "!GetAtt "))


def line_changes(old: str, new: str) -> tuple[str, ...]:
    """Removed lines with `-` and added lines with `+`, without unchanged ones."""
    return tuple(_changes(old.splitlines(), new.splitlines(), _shown(old), _shown(new)))


def _shown(text: str) -> list[str]:
    """The lines, masked; other kinds of line feed inside a line do not change their number."""
    return masked_lines("\n".join(text.splitlines()))


def _changes(old: list[str], new: list[str], shown_old: list[str], shown_new: list[str]) -> Iterator[str]:
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (f"-{line}" for line in shown_old[i:j])
            yield from (f"+{line}" for line in shown_new[k:m])


def instruction_changes(old: str, new: str) -> tuple[str, ...]:
    """Like `line_changes`, without comments; the first line of a longer instruction says where a line is."""
    before, after = instructions(old), instructions(new)
    found: list[str] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        paired = min(j - i, m - k)
        for step in range(paired):
            found += _instruction(before[i + step], after[k + step])
        found += (f"-{line}" for gone in before[i + paired : j] for line in _masked(gone))
        found += (f"+{line}" for come in after[k + paired : m] for line in _masked(come))
    return tuple(found)


def _instruction(old: Instruction, new: Instruction) -> list[str]:
    """The lines of an instruction that changed."""
    changes = list(_changes(list(old), list(new), _masked(old), _masked(new)))
    return changes if old[0] != new[0] else [f" {_masked(new)[0]}", *changes]


def _masked(lines: Instruction) -> list[str]:
    return masked_lines("\n".join(lines))


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile with the lines of each, continued ones and heredocs included."""
    found: list[Instruction] = []
    current: list[str] = []
    ends: list[str] = []
    for line in text.splitlines():
        if ends:
            current.append(line)
            if line.strip() == ends[0]:
                ends.pop(0)
        elif not line.strip() or line.lstrip().startswith("#"):
            continue
        else:
            current.append(line)
            ends = [match[2] for match in _HEREDOC.finditer(line)]
        if not ends and not current[-1].rstrip().endswith("\\"):
            found.append(tuple(current))
            current = []
    return [*found, tuple(current)] if current else found
