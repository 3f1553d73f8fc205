"""What a live object says, compared with what was rendered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jvbundler.values.quantity import parse_quantity


def differences(rendered: Any, live: Any, path: str = "") -> Iterator[str]:
    """Each rendered field that the live object does not have with our value; the server may add others."""
    if isinstance(rendered, dict) and isinstance(live, dict):
        for key, value in rendered.items():
            yield from differences(value, live.get(key), f"{path}.{key}")
    elif isinstance(rendered, list) and isinstance(live, list) and len(rendered) == len(live):
        for number, (ours, theirs) in enumerate(zip(rendered, live, strict=True)):
            yield from differences(ours, theirs, f"{path}[{number}]")
    elif rendered != live and not (".resources." in path and _is_same_quantity(rendered, live)):
        yield f"{path}: {rendered!r} is {live!r}"


def _is_same_quantity(ours: Any, theirs: Any) -> bool:
    """The server writes `2000m` as `2`."""
    amount = parse_quantity(str(ours))
    return amount is not None and amount == parse_quantity(str(theirs))
