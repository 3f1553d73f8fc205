"""Pushes blobs and manifests to a registry, with the user's docker credentials.

Sources: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md and
https://distribution.github.io/distribution/spec/auth/token/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from jvbundler.deploy.docker_login import Login, docker_login
from jvbundler.deploy.publish.artifact import INDEX, MANIFEST, Artifact, Blob
from jvbundler.values.problem import ToolFailed

if TYPE_CHECKING:
    from requests import Response, Session

    from jvbundler.deploy.publish.reference import Reference

# Seconds to connect, and between two parts of an answer.
TIMEOUTS = (10.0, 120.0)
# How much of an answer is read: a list of signatures, or why something was refused.
MOST_BYTES = 1024 * 1024
SHOWN_CHARACTERS = 300
# Docker Hub is called docker.io, and answers elsewhere.
_HOSTS = {"docker.io": "registry-1.docker.io"}
# What cosign attaches: https://github.com/sigstore/cosign/blob/v3.0.6/specs/BUNDLE_SPEC.md
_SIGSTORE = "application/vnd.dev.sigstore"


class Registry(NamedTuple):
    """A repository that we are logged in to; `base` is its API."""

    reference: Reference
    base: str
    session: Session


def connect(reference: Reference, environ: Mapping[str, str], *, plain_http: bool) -> Registry:
    """Log in as docker does. Raises ToolFailed if nothing answers or the login is refused."""
    try:
        import requests
    except ImportError:
        raise ToolFailed(
            "'publish' needs the package requests\nto install it: pip install 'jvbundler[publish]'"
        ) from None
    session = requests.Session()
    # Without it, requests would take the credentials of ~/.netrc instead.
    session.auth = lambda request: request
    session.headers["User-Agent"] = "jvbundler"
    scheme = "http" if plain_http or reference.is_loopback else "https"
    host = _HOSTS.get(reference.host, reference.host)
    registry = Registry(reference, f"{scheme}://{host}/v2/{reference.repository}/", session)
    answer = send(registry, "GET", f"{scheme}://{host}/v2/", expected=(200, 401))
    if answer.status_code == 401:
        login = docker_login(reference.host, environ)
        challenge = answer.headers.get("WWW-Authenticate", "")
        session.headers["Authorization"] = _authorization(registry, challenge, login)
    return registry


def _authorization(registry: Registry, challenge: str, login: Login | None) -> str:
    kind, _, rest = challenge.partition(" ")
    if kind.lower() == "basic" and login:
        return f"Basic {login.basic}"
    fields = dict(re.findall(r'([a-z]+)="([^"]*)"', rest))
    if kind.lower() != "bearer" or "realm" not in fields:
        raise _not_logged_in(registry)
    realm = fields["realm"]
    if not realm.startswith("https://") and registry.base.startswith("https://"):
        raise ToolFailed(f"'{registry.reference.host}' asks for the password at {realm}, without encryption")
    given = {"scope": f"repository:{registry.reference.repository}:pull,push"}
    if "service" in fields:
        given["service"] = fields["service"]
    if login and login.identity_token:
        given |= {
            "grant_type": "refresh_token",
            "refresh_token": login.identity_token,
            "client_id": "jvbundler",
        }
        answer = send(registry, "POST", realm, data=given)
    else:
        headers = {"Authorization": f"Basic {login.basic}"} if login else {}
        answer = send(registry, "GET", realm, params=given, headers=headers)
    found = _document(answer)
    token = found.get("token") or found.get("access_token")
    if not isinstance(token, str) or not token:
        raise _not_logged_in(registry)
    return f"Bearer {token}"


def _not_logged_in(registry: Registry) -> ToolFailed:
    host = registry.reference.host
    return ToolFailed(f"'{host}' does not let you in\nto log in: docker login {host}")


def digest_at(registry: Registry, tag: str) -> str:
    """The digest of what is tagged so; empty if nothing is."""
    answer = send(
        registry, "HEAD", f"manifests/{tag}", headers={"Accept": f"{MANIFEST}, */*"}, expected=(200, 404)
    )
    return answer.headers.get("Docker-Content-Digest", "") if answer.status_code == 200 else ""


def is_signed(registry: Registry, digest: str) -> bool:
    """Whether cosign has attached a signature, in its present or its former form."""
    if digest_at(registry, f"{digest.replace(':', '-')}.sig"):
        return True
    # The list of what is attached; a registry that does not keep one holds it under a tag.
    for path in (f"referrers/{digest}", f"manifests/{digest.replace(':', '-')}"):
        answer = send(registry, "GET", path, headers={"Accept": INDEX}, expected=(200, 400, 404, 405))
        found = _document(answer).get("manifests") if answer.status_code == 200 else None
        entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
        if any(str(entry.get("artifactType", "")).startswith(_SIGSTORE) for entry in entries):
            return True
    return False


def push(registry: Registry, artifact: Artifact, tags: tuple[str, ...]) -> None:
    """The blobs first, as a registry refuses a manifest without them."""
    for blob in artifact.blobs:
        _push_blob(registry, blob)
    for tag in tags:
        answer = send(
            registry,
            "PUT",
            f"manifests/{tag}",
            data=artifact.manifest.data,
            headers={"Content-Type": MANIFEST},
            expected=(200, 201, 202),
        )
        stored = answer.headers.get("Docker-Content-Digest", artifact.digest)
        if stored != artifact.digest:
            raise ToolFailed(f"'{registry.reference}' has stored {stored}, not {artifact.digest}")


def _push_blob(registry: Registry, blob: Blob) -> None:
    if send(registry, "HEAD", f"blobs/{blob.digest}", expected=(200, 404)).status_code == 200:
        return
    started = send(registry, "POST", "blobs/uploads/", expected=(202,))
    location = urljoin(started.url, started.headers.get("Location", ""))
    mark = "&" if urlsplit(location).query else "?"
    headers: dict[str, str | None] = {"Content-Type": "application/octet-stream"}
    if urlsplit(location).netloc != urlsplit(started.url).netloc:
        # Storage beside the registry: what lets us in here is not for it.
        headers["Authorization"] = None
    url = f"{location}{mark}digest={blob.digest}"
    send(registry, "PUT", url, data=blob.data, headers=headers, expected=(201, 202, 204))


def send(
    registry: Registry,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str | None] | None = None,
    data: bytes | Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    expected: tuple[int, ...] = (200,),
) -> Response:
    """The answer; `path` is below the repository, or a URL. Raises ToolFailed for another status."""
    import requests

    host = registry.reference.host
    try:
        answer = registry.session.request(
            method,
            urljoin(registry.base, path),
            headers=headers,  # type: ignore[arg-type]  # None takes a header of the session away
            data=data,
            params=params,
            timeout=TIMEOUTS,
            stream=True,
        )
    except requests.exceptions.RequestException as failure:
        raise ToolFailed(f"'{host}' does not answer: {_reason(failure)}") from None
    if answer.status_code in expected:
        return answer
    if answer.status_code in (401, 403):
        said = _said(answer)
        raise ToolFailed(f"'{registry.reference}' refuses it: {said}\nto log in: docker login {host}")
    raise ToolFailed(f"'{registry.reference}' refuses it: {_said(answer)}")


def _reason(failure: Exception) -> str:
    """The innermost words: those around it name objects of Python."""
    text = str(failure)
    found = re.search(r"(?:\[Errno -?\d+\] |: )([A-Z][^:\[\]()'\"]*)[)'\"]*\Z", text)
    return (found[1] if found else text)[:SHOWN_CHARACTERS]


def _said(answer: Response) -> str:
    errors = _document(answer).get("errors")
    words = [
        f"{error.get('code', '')} {error.get('message', '')}".strip()
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    ]
    status = f"{answer.status_code} {answer.reason or ''}".strip()
    return f"{status}: {'; '.join(words)}"[:SHOWN_CHARACTERS] if words else status


def _document(answer: Response) -> dict[str, Any]:
    """The JSON object of an answer, empty for anything else."""
    try:
        found = json.loads(answer.raw.read(MOST_BYTES, decode_content=True))
    except (ValueError, OSError):
        return {}
    return found if isinstance(found, dict) else {}
