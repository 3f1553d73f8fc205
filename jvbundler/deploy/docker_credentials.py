"""The user's own docker credentials of one registry, from their config file or its credential helper."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jvbundler.runner import run
from jvbundler.values.problem import ToolFailed

# The key of Docker Hub in docker's config (docker/cli, cli/config/configfile).
DOCKER_HUB = "https://index.docker.io/v1/"
TIMEOUT_SECONDS = 60.0


def docker_config(registry: str, environ: Mapping[str, str]) -> str:
    """A docker config with the credentials of this registry alone, as a pull secret holds it.

    `registry` is a host; Docker Hub is `docker.io` or an empty text. Raises ToolFailed where the user has
    not logged in, or the helper fails.
    """
    config = _read_config(environ)
    keys = (
        [DOCKER_HUB]
        if registry in ("", "docker.io")
        else [registry, f"https://{registry}", f"http://{registry}"]
    )
    for key in keys:
        helper = config.get("credHelpers", {}).get(key) or config.get("credsStore", "")
        entry = config.get("auths", {}).get(key, {})
        auth = entry.get("auth") or (_from_helper(helper, key, environ) if helper else "")
        if auth:
            return json.dumps({"auths": {key: {"auth": auth}}})
    raise ToolFailed(
        f"you are not logged in to '{registry or 'docker.io'}'\nto log in: docker login {registry}".rstrip()
    )


def _read_config(environ: Mapping[str, str]) -> dict[str, Any]:
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "~")).expanduser() / ".docker")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as failure:
        raise ToolFailed(f"cannot read docker's config in '{folder}': {failure}") from None
    return config if isinstance(config, dict) else {}


def _from_helper(helper: str, key: str, environ: Mapping[str, str]) -> str:
    """https://github.com/docker/docker-credential-helpers: the key to standard input, JSON back."""
    argv = [f"docker-credential-{helper}", "get"]
    done = run(argv, input=key.encode(), env=environ, timeout_seconds=TIMEOUT_SECONDS, expected=(0, 1))
    if done.code:
        return ""
    try:
        found = json.loads(done.text)
        return base64.b64encode(f"{found['Username']}:{found['Secret']}".encode()).decode()
    except (ValueError, KeyError, TypeError):
        raise ToolFailed(f"'docker-credential-{helper} get' gave something else than credentials") from None
