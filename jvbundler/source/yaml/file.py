"""Any YAML file of the user → a `Node` tree with places, or the problems that say why not.

It must never raise for what a file holds, and must not know what a key means.
"""

from __future__ import annotations

import codecs
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from yaml.events import DocumentStartEvent, Event, StreamEndEvent

from jvbundler.files import MIB, leads_outside, read_file, reason, size_words
from jvbundler.source.yaml.nodes import Composer, Refused
from jvbundler.values.node import Node
from jvbundler.values.problem import Place, Problem, error

MAX_BYTES = MIB
# libyaml is ten times faster; wheels of PyYAML have it, a build from source may not.
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(
    path: Path, shown_as: str, *, within: Path | None = None
) -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree of the file at `path`, which messages call `shown_as`; it must not lead out of `within`."""
    if within is not None and leads_outside(path, within):
        hint = f"name the file itself, as in '-c {os.path.realpath(path)}'"
        return None, (error("JVB207", Place(shown_as), f"'{shown_as}' leads outside the app folder", hint),)
    try:
        data = read_file(path, MAX_BYTES)
    except OSError as failure:
        return None, (unreadable(shown_as, failure),)
    return parse_yaml(data, shown_as)


def parse_yaml(data: bytes, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree of one YAML document whose top level is a map; None where there is no such tree.

    A tree may come with problems: what a reader can go on after (a duplicate key, an unknown tag) does not
    stop it. Values follow PyYAML's SafeLoader, except that keys and dates are texts as written.
    """
    if len(data) > MAX_BYTES:
        return None, (_too_large(file),)
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as failure:
        return None, (_not_utf8(data, failure.start + len(data) - len(failure.object), file),)
    return _parse_text(text, file)


def parse_value(text: str, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree of one value of any kind, such as the `[1, 2]` of a command line's `--set`."""
    return _compose(text, file)


def _parse_text(text: str, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    root, problems = _compose(text, file)
    if root is None or root.value is None:
        empty = error("JVB108", Place(file), "the file is empty", "write 'key: value' lines")
        return None, problems or (empty,)
    if not isinstance(root.value, dict):
        kind = "a list" if isinstance(root.value, list) else "a single value"
        hint = "begin the file with 'key: value' lines"
        return None, (*problems, error("JVB108", root.place, f"the top level is {kind}, not a map", hint))
    return root, problems


def _compose(text: str, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """One document of `text`; None if it has none or cannot be read."""
    problems: list[Problem] = []
    try:
        loader = LOADER(text)
        root = _single_document(loader.get_event, Composer(loader.get_event, file, problems), file)
    except Refused as refusal:
        return None, (*problems, refusal.problem)
    except yaml.YAMLError as failure:
        from jvbundler.source.yaml.errors import syntax_problem

        found = dict.fromkeys((*problems, syntax_problem(failure, text, file)))
        return None, tuple(found)
    return root, tuple(problems)


def _single_document(next_event: Callable[[], Event], composer: Composer, file: str) -> Node | None:
    next_event()  # the start of the stream
    if not isinstance(next_event(), DocumentStartEvent):
        return None
    root = composer.node(next_event())
    next_event()  # the end of the document
    after = next_event()
    if not isinstance(after, StreamEndEvent):
        mark: Any = after.start_mark
        place = Place(file, mark.line + 1, mark.column + 1)
        hint = "keep one document; remove what follows '---'"
        raise Refused(error("JVB107", place, "more than one document in the file", hint))
    return root


def _not_utf8(data: bytes, offset: int, file: str) -> Problem:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return error("JVB107", Place(file), "the file is UTF-16, not UTF-8", "save it as UTF-8")
    start = data.rfind(b"\n", 0, offset) + 1
    line = data.count(b"\n", 0, offset) + 1
    column = len(data[start:offset].decode("utf-8-sig")) + 1
    message = f"byte 0x{data[offset]:02x} at offset {offset} is not UTF-8"
    return error("JVB107", Place(file, line, column), message, "save the file as UTF-8")


def _too_large(file: str) -> Problem:
    hint = "split the file, or move its data elsewhere"
    return error("JVB107", Place(file), f"the file is larger than {size_words(MAX_BYTES)}", hint)


def unreadable(shown_as: str, failure: OSError) -> Problem:
    """What kept a file from being read."""
    if failure.errno == errno.EFBIG:
        return _too_large(shown_as)
    message, hint = _whyunreadable(failure)
    return error("JVB100", Place(shown_as), f"'{shown_as}' {message}", hint)


def _whyunreadable(failure: OSError) -> tuple[str, str]:
    if isinstance(failure, (FileNotFoundError, NotADirectoryError)):
        return "does not exist", "check the path, or create the file"
    if isinstance(failure, IsADirectoryError):
        return "is a folder, not a file", "name the file inside it"
    if isinstance(failure, PermissionError):
        return "cannot be read: permission denied", "give yourself permission to read it, as with 'chmod u+r'"
    if failure.errno == errno.EINVAL:
        return f"is {reason(failure)}", "name a file"
    return f"cannot be read: {reason(failure)}", "check the path"
