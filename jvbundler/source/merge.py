"""Merges trees, as an environment is merged with the top level."""

from __future__ import annotations

from jvbundler.values.node import Node


def merge(base: Node, overlay: Node) -> Node:
    """Maps merge, lists and scalars replace, and a `null` in the overlay removes the key.

    These are the rules of JSON merge patch (RFC 7396), so a null in a map that the base lacks is removed as
    well. A merged map keeps its place in the base.
    """
    if not isinstance(overlay.value, dict):
        return overlay
    under = base if isinstance(base.value, dict) else Node({}, overlay.place, overlay.key_place)
    entries = dict(under.value)  # type: ignore[arg-type]
    for key, child in overlay.value.items():
        if child.value is None:
            entries.pop(key, None)
        else:
            entries[key] = merge(entries.get(key) or child, child)
    return Node(entries, under.place, under.key_place)
