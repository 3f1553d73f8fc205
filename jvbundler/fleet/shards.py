"""A shard of a fleet: deterministic, disjoint from the others, and all of them together are the fleet."""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Shard(NamedTuple):
    """One of `of` parts, counted from 1."""

    number: int
    of: int


def shard_of(text: str) -> Shard:
    """`2/8` is the second of eight; ValueError for anything else."""
    number, slash, of = text.partition("/")
    # No more than a million: a number may have any length.
    if not (slash and all(part.isascii() and part.isdigit() and len(part) < 7 for part in (number, of))):
        raise ValueError(f"expected NUMBER/OF, as in 2/8, found '{text}'")
    shard = Shard(int(number), int(of))
    if not 1 <= shard.number <= shard.of:
        first_to_last = f"from 1/{shard.of} to {shard.of}/{shard.of}" if shard.of else "from 1/1"
        raise ValueError(f"there is no shard '{text}': they go {first_to_last}")
    return shard


def is_in(shard: Shard, name: str) -> bool:
    """Whether the app of this name belongs to the shard: by a hash, so that a new app moves no other."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") % shard.of == shard.number - 1
