"""Kubernetes quantities (`100m`, `1.5Gi`, `1e3`) as exact integers, so that two of them can be compared.

Grammar: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from functools import lru_cache

# The result counts billionths, the smallest amount that Kubernetes keeps.
UNIT = 10**9
_QUANTITY = (
    r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?[0-9]{1,2}))?\Z"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


@lru_cache(maxsize=1024)
def parse_quantity(text: str) -> int | None:
    """The amount in billionths, rounded up as Kubernetes does, or None if `text` is not a quantity."""
    found = re.match(_QUANTITY, text)
    if found is None:
        return None
    sign, number, suffix, exponent = found.groups()
    whole, _, fraction = number.partition(".")
    digits = int(whole + fraction or "0")
    if suffix in _BINARY:
        amount = _scaled(digits * UNIT << _BINARY[suffix], -len(fraction))
    else:
        amount = _scaled(digits, 9 + _DECIMAL[suffix or ""] + int(exponent or 0) - len(fraction))
    return -amount if sign == "-" else amount


def _scaled(digits: int, power: int) -> int:
    """`digits` times a power of ten, rounded up."""
    factor: int = 10 ** abs(power)
    return digits * factor if power >= 0 else -(-digits // factor)
