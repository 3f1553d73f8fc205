"""The effective configuration of an environment: each value, and where it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from jvbundler.project.model import Environment
from jvbundler.source.variables import SET
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place
from jvbundler.values.secret_names import looks_secret
from jvbundler.values.secret_values import contains_secret

Origin = Literal["default", "file", "environment", "command line"]
# In place of a value that may be one.
SECRET = "(secret)"


class Shown(NamedTuple):
    """A key without keys below it. `place` is where it is written, None for a default."""

    key: str
    value: Any
    origin: Origin
    place: Place | None


def effective(environment: Environment, overlay: Node | None) -> Iterator[Shown]:
    """Every value of the environment; `overlay` is what deploy.yaml writes below its name."""
    for path, value in _leaves(environment.settings):
        node = find(environment.node, path)
        if node is None:
            yield Shown(_dotted(path), value, "default", None)
            continue
        shown = _without_secret(path, value, node)
        yield Shown(_dotted(path), shown, _origin(path, node, overlay), node.key_place or node.place)


def _leaves(settings: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _origin(path: tuple[str, ...], node: Node, overlay: Node | None) -> Origin:
    if node.place.file == SET.file:
        return "command line"
    written = find(overlay, path) if overlay else None
    return "environment" if written is not None and written.place == node.place else "file"


def _without_secret(path: tuple[str, ...], value: Any, node: Node) -> Any:
    """The value, unless it is a secret's, or looks like one: no such value is read, nor printed here."""
    is_variable = len(path) > 1 and path[-2] in ("environment", "args")
    looks_like_one = is_variable and looks_secret(path[-1])
    if node.secret or (isinstance(value, str) and (looks_like_one or contains_secret(value))):
        return SECRET if value else value
    if isinstance(value, list) and isinstance(node.value, list):
        pairs = zip(value, node.value, strict=False)
        return [_without_secret(path, item, child) for item, child in pairs]
    if isinstance(value, dict) and isinstance(node.value, dict):
        children = node.value
        return {
            name: _without_secret((*path, name), item, children[name]) if name in children else item
            for name, item in value.items()
        }
    return value


def _dotted(path: tuple[str, ...]) -> str:
    """As `--set` takes it."""
    return ".".join(part.replace(".", "\\.") for part in path)
