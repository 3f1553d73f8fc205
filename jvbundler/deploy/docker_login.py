"""The user's docker credentials for a registry, from docker's config or the helper that it names."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.runner import run
from jvbundler.values.problem import ToolFailed

# The key of Docker Hub in docker's config (docker/cli, cli/config/configfile).
DOCKER_HUB = "https://index.docker.io/v1/"
HELPER_SECONDS = 60.0
# The user that stands for an identity token (docker/cli, cli/config/credentials/native_store.go).
_TOKEN_USER = "<token>"


class Login(NamedTuple):
    """`key` is that of docker's config, `basic` is `user:password` in base64.

    An identity token is exchanged for an access token, as Azure's registry wants it.
    """

    key: str
    basic: str
    identity_token: str = ""


def docker_login(registry: str, environ: Mapping[str, str]) -> Login | None:
    """The credentials of this registry, None if the user is not logged in.

    `registry` is a host; Docker Hub is `docker.io` or an empty text. Raises ToolFailed if the helper fails.
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
        if entry.get("auth"):
            return Login(key, entry["auth"], entry.get("identitytoken", ""))
        found = _from_helper(helper, key, environ) if helper else None
        if found:
            return found
    return None


def docker_config(registry: str, environ: Mapping[str, str]) -> str:
    """A docker config with the credentials of this registry alone, as a pull secret holds it.

    Raises ToolFailed if the user is not logged in, or the helper fails.
    """
    login = docker_login(registry, environ)
    if login is None:
        said = f"you are not logged in to '{registry or 'docker.io'}'"
        raise ToolFailed(f"{said}\nto log in: docker login {registry}".rstrip())
    return json.dumps({"auths": {login.key: {"auth": login.basic}}})


def _read_config(environ: Mapping[str, str]) -> dict[str, Any]:
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "~")).expanduser() / ".docker")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as failure:
        raise ToolFailed(f"cannot read docker's config in '{folder}': {failure}") from None
    return config if isinstance(config, dict) else {}


def _from_helper(helper: str, key: str, environ: Mapping[str, str]) -> Login | None:
    """https://github.com/docker/docker-credential-helpers: the key to standard input, JSON back."""
    argv = [f"docker-credential-{helper}", "get"]
    done = run(argv, input=key.encode(), env=environ, timeout_seconds=HELPER_SECONDS, expected=(0, 1))
    if done.code:
        return None
    try:
        found = json.loads(done.text)
        user, secret = str(found["Username"]), str(found["Secret"])
    except (ValueError, KeyError, TypeError):
        raise ToolFailed(f"'docker-credential-{helper} get' did not return credentials") from None
    basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return Login(key, basic, secret if user == _TOKEN_USER else "")
