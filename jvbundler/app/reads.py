"""Which environment variables an app's actions read, for `init`: nothing that renders needs to know.

Of core actions it is known (schemas/reads.json, from the releases); an action of the app's own is parsed, and
never run. What app.yaml and agent.yaml take by `${NAME}` counts as well, as jvagent's env_resolver.py does.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.app.model import Action, App
from jvbundler.app.needs import is_on
from jvbundler.app.reading import file_bytes, folders, shown
from jvbundler.app.sources import names_read
from jvbundler.values.packaged import packaged_text

READS = "schemas/reads.json"
# Kept by hand: what an action can do without, with a line of the file in which jvagent says so.
OPTIONAL = "schemas/optional_secrets.json"
# jvagent's own pattern, core/env_resolver.py; a comment takes nothing.
_PLACEHOLDER = r"\$\{([A-Z_][A-Z0-9_]*)(?::\?)?\}"
_COMMENT = r"(?m)^\s*#.*$"
_MOST_FILES = 2000


class Read(NamedTuple):
    """A variable that is read, and by what; `optional`: the app does what it is for without it as well."""

    name: str
    by: str
    optional: bool


def variables_read(app: App) -> tuple[Read, ...]:
    """Each variable once, sorted; it is optional if all that read it can do without it."""
    found: dict[str, Read] = {}
    for read in (*_core(app), *_local(app), *_placeholders(app)):
        known = found.get(read.name)
        if known is None or (known.optional and not read.optional):
            found[read.name] = read
    return tuple(found[name] for name in sorted(found))


def optional_secrets() -> list[dict[str, Any]]:
    """`secrets` that `actions` can do without, as the line of `file` with the text `says` has it."""
    found: list[dict[str, Any]] = json.loads(packaged_text(OPTIONAL))
    return found


def _core(app: App) -> Iterator[Read]:
    reads: dict[str, list[str]] = json.loads(packaged_text(READS))
    optional = {
        (action, name)
        for fact in optional_secrets()
        for action in fact["actions"]
        for name in fact["secrets"]
    }
    for action in app.actions:
        if action.origin == "core":
            is_idle = not _is_on(action)
            for name in reads.get(action.id, ()):
                yield Read(name, action.id, is_idle or (action.id, name) in optional)


def _is_on(action: Action) -> bool:
    """jvagent imports an action that is switched off, and it does nothing."""
    return not action.entries or any(is_on(entry, action.needs) for entry in action.entries)


def _local(app: App) -> Iterator[Read]:
    """The actions in the folders of the app's agents, also those that nothing lists: jvagent imports them."""
    off = {action.id for action in app.actions if not _is_on(action)}
    for agent in app.agents:
        actions = f"agents/{agent}/actions"
        for namespace in folders(app.root / actions, shown(app.shown_as, actions), []):
            for folder in folders(namespace, "", []):
                id = f"{namespace.name}/{folder.name}"
                for source in _sources(folder, app):
                    for name, has_default in names_read(source).items():
                        yield Read(name, id, has_default or id in off)


def _sources(folder: Path, app: App) -> Iterator[bytes]:
    """What cannot be read is left out: `render` tells."""
    count = 0
    for top, inside, files in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith((".", "__pycache__")))
        for name in sorted(file for file in files if file.endswith(".py")):
            count += 1
            if count > _MOST_FILES:
                return
            path = Path(top) / name
            yield file_bytes(path, str(path), app.root, []) or b""


def _placeholders(app: App) -> Iterator[Read]:
    for name in ("app.yaml", *(f"agents/{agent}/agent.yaml" for agent in app.agents)):
        text = (file_bytes(app.root / name, name, app.root, []) or b"").decode("utf-8", "replace")
        for variable in re.findall(_PLACEHOLDER, re.sub(_COMMENT, "", text)):
            yield Read(variable, name, optional=False)
