"""An action's info.yaml: its name and what it depends on. Must not look at any other file.

Reading is memoised by content, because apps of one repository often contain the same actions; the places
inside a memoised result have no file yet.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from jvbundler.app.reading import BROKEN, items, kind, mapping, text
from jvbundler.source.yaml.file import parse_yaml
from jvbundler.values.node import Node
from jvbundler.values.problem import Place, Problem, error, warning

Written = tuple[str, Place]


class Info(NamedTuple):
    """`package` is `package.name` as written (empty when missing), `archetype` the action's class."""

    package: str
    archetype: str
    place: Place
    pip: tuple[Written, ...]
    actions: tuple[Written, ...]

    @property
    def name(self) -> str:
        """The part of the package name that jvagent uses as the action's name; may be empty."""
        return self.package.partition("/")[2] if "/" in self.package else self.package


def read_info(data: bytes, file: str) -> tuple[Info | None, tuple[Problem, ...]]:
    """What an info.yaml says, None if jvagent could not load it either."""
    info, problems = _parse(data)
    return info and _in_file(info, file), tuple(
        p._replace(place=p.place._replace(file=file), related=tuple(r._replace(file=file) for r in p.related))
        for p in problems
    )


def _in_file(info: Info, file: str) -> Info:
    def moved(written: tuple[Written, ...]) -> tuple[Written, ...]:
        return tuple((value, place._replace(file=file)) for value, place in written)

    return info._replace(
        place=info.place._replace(file=file), pip=moved(info.pip), actions=moved(info.actions)
    )


@lru_cache(maxsize=4096)
def _parse(data: bytes) -> tuple[Info | None, tuple[Problem, ...]]:
    top, found = parse_yaml(data, "")
    problems = list(found)
    if top is None:
        return None, tuple(problems)
    package = mapping(top, "package", problems)
    if package is None:
        if not problems:
            problems.append(error(BROKEN, top.place, "info.yaml has no 'package'", _EXAMPLE))
        return None, tuple(problems)
    return _info(package, problems), tuple(problems)


_EXAMPLE = "write 'package:' with 'name: namespace/action' and 'archetype: ClassOfTheAction' in it"


def _info(package: Node, problems: list[Problem]) -> Info:
    name = text(package, "name", problems)
    if not name:
        problems.append(
            warning(
                BROKEN,
                package.key_place or package.place,
                "'package' has no 'name': jvagent uses the name of the folder",
                "write 'name: namespace/action'",
            )
        )
    dependencies = mapping(package, "dependencies", problems) or Node({}, package.place)
    named = package.value.get("name") if isinstance(package.value, dict) else None
    return Info(
        package=name,
        archetype=text(package, "archetype", problems),
        place=named.place if named else package.place,
        pip=_texts(dependencies, "pip", "JVB204", problems),
        actions=_texts(dependencies, "actions", BROKEN, problems),
    )


def _texts(node: Node, key: str, rule: str, problems: list[Problem]) -> tuple[Written, ...]:
    found = []
    for item in items(node, key, problems):
        if isinstance(item.value, str):
            found.append((item.value.strip(), item.place))
        elif item.value is not None:
            problems.append(error(rule, item.place, f"an item of '{key}' must be text, not {kind(item)}"))
    return tuple((value, place) for value, place in found if value)
