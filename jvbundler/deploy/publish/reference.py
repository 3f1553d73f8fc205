"""Where an artifact is pushed to: `oci://HOST/REPOSITORY`.

Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
"""

from __future__ import annotations

import re
from typing import NamedTuple

from jvbundler.values.problem import InputError
from jvbundler.values.reference import PATH

SCHEME = "oci://"
_HOST = r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
_REFERENCE = rf"oci://({_HOST})/({PATH})\Z"
_LOOPBACK = r"(?:localhost|127(?:\.[0-9]+){3}|\[::1\])(?::[0-9]+)?\Z"


class Reference(NamedTuple):
    host: str
    repository: str

    def __str__(self) -> str:
        """As docker and cosign name it."""
        return f"{self.host}/{self.repository}"

    @property
    def is_loopback(self) -> bool:
        return re.match(_LOOPBACK, self.host) is not None


def parse(url: str) -> Reference:
    found = re.match(_REFERENCE, url)
    if not found:
        raise InputError(
            f"'{url}' is not where an artifact can be pushed to: write oci://HOST/REPOSITORY in lower case, "
            "without a tag (--tag), as in oci://ghcr.io/acme/support-deploy"
        )
    return Reference(found[1], found[2])
