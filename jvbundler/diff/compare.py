"""Two sets of files → what changed, object by object, with the risk of each change. Pure: reads nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from jvbundler.diff.fields import differences, scalars
from jvbundler.diff.mask import instruction_changes, line_changes, masked_field
from jvbundler.diff.model import ABSENT, Action, Change, Field
from jvbundler.diff.objects import Key, Object, documents, objects
from jvbundler.diff.risks.assess import dockerfile_risks, risks_of
from jvbundler.diff.risks.rule import Changed

_SOURCES = ("kubernetes/base/", "kubernetes/overlays/")
_MANIFESTS = "kubernetes/rendered/"
_HOME = ("metadata", "namespace")


class _Pair(NamedTuple):
    """An object in the old and in the new file; None where it is missing."""

    old: Object | None
    new: Object | None


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    """What changed between two sets of texts by path, sorted by path and then as in the files.

    Empty if and only if they are equal. Values that are or look like secrets are masked in it.
    """
    has_manifests = any(path.startswith(_MANIFESTS) for path in (*old, *new))
    found: list[Change] = []
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        if has_manifests and path.startswith(_SOURCES):
            found.append(Change(path, "", "source"))
        else:
            found += _of_file(path, before, after)
    return tuple(found)


def _of_file(path: str, old: str | None, new: str | None) -> list[Change]:
    before, after = documents(old or ""), documents(new or "")
    if path.endswith((".yaml", ".yml")) and before is not None and after is not None:
        changes = [change for pair in _pairs(objects(before), objects(after)) for change in _of(path, pair)]
        return changes or [Change(path, "", _action(old, new) if None in (old, new) else "reworded")]
    if old is None or new is None:
        return [Change(path, "", _action(old, new))]
    if path.rsplit("/", 1)[-1] == "Dockerfile":
        return [_of_text(path, old, new, instruction_changes)]
    return [_of_text(path, old, new, line_changes)]


def _action(old: object, new: object) -> Action:
    return "added" if old is None else "removed" if new is None else "changed"


def _of_text(path: str, old: str, new: str, changes: Callable[[str, str], tuple[str, ...]]) -> Change:
    lines = changes(old, new)
    risks = dockerfile_risks(lines) if lines and changes is instruction_changes else ()
    return Change(path, "", "changed" if lines else "reworded", lines=lines, risks=risks)


def _pairs(old: dict[Key, Object], new: dict[Key, Object]) -> Iterator[_Pair]:
    """Every object of both, in the order of the new file, then the removed ones."""
    moved = _moved(old, new)
    for key, item in new.items():
        yield _Pair(old.get(key) or moved.get(key), item)
    left = {former.key for former in moved.values()}
    for key, item in old.items():
        if key not in new and key not in left:
            yield _Pair(item, None)


def _moved(old: dict[Key, Object], new: dict[Key, Object]) -> dict[Key, Object]:
    """The old version of each new object that was in another namespace, if exactly one matches."""
    gone = [item for key, item in old.items() if key not in new and item.local_key]
    added = [item for key, item in new.items() if key not in old and item.local_key]
    found: dict[Key, Object] = {}
    for item in added:
        former = [other for other in gone if other.local_key == item.local_key]
        if len(former) == 1 and sum(other.local_key == item.local_key for other in added) == 1:
            found[item.key] = former[0]
    return found


def _of(path: str, pair: _Pair) -> Iterator[Change]:
    item = pair.new or pair.old
    assert item is not None, "a pair has at least one side"
    action = _action(pair.old, pair.new)
    if pair.old and pair.new and pair.old.namespace != pair.new.namespace:
        action = "moved"
    fields = tuple(_fields(pair, is_moved=action == "moved"))
    if not fields and action == "changed":
        return
    changed = Changed(item.kind, action, fields, _value(pair.old), _value(pair.new))
    shown = tuple(masked_field(item.kind, field) for field in fields)
    title = f"{pair.old.title} -> {pair.new.title}" if action == "moved" and pair.old and pair.new else ""
    yield Change(path, title or item.title, action, shown, risks=risks_of(changed))


def _value(item: Object | None) -> Any:
    return item.value if item else None


def _fields(pair: _Pair, *, is_moved: bool) -> Iterator[Field]:
    if pair.old and pair.new:
        for field in differences(pair.old.value, pair.new.value):
            if not (is_moved and field.path == _HOME):
                yield field
    elif pair.new:
        yield from (Field(path, ABSENT, value) for path, value in scalars(pair.new.value))
    elif pair.old:
        yield from (Field(path, value, ABSENT) for path, value in scalars(pair.old.value))
