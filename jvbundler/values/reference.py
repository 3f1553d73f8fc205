"""A reference to an image, as in `ghcr.io/acme/support:1.2.3@sha256:…`, and what its parts tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from jvbundler.values.problem import InputError

DOCKER_HUB = "docker.io"
# https://github.com/distribution/reference: host and path of a repository, a tag, a digest.
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
PATH = rf"{_PART}(?:/{_PART})*"
REPOSITORY = rf"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{{1,5}})?/)?{PATH}"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}"
_REFERENCE = rf"(?P<repository>{REPOSITORY})(?::(?P<tag>{TAG}))?(?:@(?P<digest>{DIGEST}))?\Z"
_ECR = r"[0-9]{12}\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\Z"


def require_tags(tags: Iterable[str]) -> None:
    """Raise InputError for what no registry takes as a tag."""
    for tag in tags:
        if not re.fullmatch(TAG, tag):
            raise InputError(f"'{tag}' is not a tag: letters, digits, '_', '.' and '-', at most 128")


class Reference(NamedTuple):
    """`tag` and `digest` are empty where they are not named."""

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"


def parse_reference(text: str) -> Reference | None:
    """The parts of the reference; None for what is none."""
    found = re.match(_REFERENCE, text) if len(text) <= 1000 else None
    return Reference(found["repository"], found["tag"] or "", found["digest"] or "") if found else None


def is_repository(text: str) -> bool:
    """Whether it is a repository, without a tag and a digest."""
    found = parse_reference(text)
    return found is not None and found.repository == text


def registry_of(repository: str) -> str:
    """The registry's host: the part before the first slash, if it is one."""
    host, slash, _ = repository.partition("/")
    is_host = slash and ("." in host or ":" in host or host == "localhost")
    return host if is_host else DOCKER_HUB


def ecr_region(registry: str) -> str:
    """The region of a private registry of Amazon ECR, empty for any other."""
    found = re.match(_ECR, registry)
    return found["region"] if found else ""
