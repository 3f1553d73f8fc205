"""A client of the API server: one connection, JSON in and out."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any

Object = dict[str, Any]
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


class Refused(Exception):
    """The server's answer was an error, other than that the object is gone or has changed."""


class Api:
    """Not for several threads."""

    def __init__(self, port: int, authority: Path, token: str) -> None:
        self._token = token
        context = ssl.create_default_context(cafile=str(authority))
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)

    def call(self, method: str, path: str, body: Object | None = None, kind: str = "application/json") -> Any:
        """The answer, or None if the object is not there or was changed meanwhile."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, path, data, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        if answer.status in (404, 409):
            return None
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text or b"null")

    def items(self, path: str) -> list[Object]:
        """From the server's cache: cheap enough for several times a second."""
        found = self.call("GET", f"{path}?resourceVersion=0")
        return list(found.get("items") or []) if found else []
