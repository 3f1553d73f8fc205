"""The app on this machine, as a platform would start it: the image, or the app in a virtual environment."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.command import NO_LIMIT, Command
from jvbundler.deploy.image.push import plan_run
from jvbundler.output.outside import cache_folder
from jvbundler.render.docker import APP_FOLDER
from jvbundler.source.interpolate import SecretName
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release
    from jvbundler.project.model import Platform

# What the image points at a folder that can be written (templates/docker/Dockerfile.j2).
STORED = {"JVSPATIAL_DB_PATH": "jvdb", "JVSPATIAL_LOG_DB_PATH": "logs", "JVSPATIAL_FILES_ROOT_PATH": "files"}
# The rest of the shell stays outside, as it does with a container: a secret that deploy.yaml does not list is
# missing here already.
PASSED_ON = (
    "HOME",
    "LANG",
    "LC_ALL",
    "PATH",
    "SYSTEMROOT",
    "TMPDIR",
    "TZ",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
)
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
GRACE_SECONDS = 35.0


class Process(NamedTuple):
    """`environ` is what the command gets beside its own variables."""

    command: Command
    environ: dict[str, str]
    cwd: str

    def variables(self, shell: Mapping[str, str]) -> dict[str, str]:
        """All of them, with the secrets filled in from the shell."""
        return {**self.environ, **dict(self.command.environment), **self.command.composed_values(shell)}


def in_container(release: Release, platform: Platform, port: int, environ: Mapping[str, str]) -> Process:
    """The image that `build` made."""
    (command,) = plan_run(release, image="", port=port, on_lambda=platform == "lambda").commands
    return Process(command, dict(environ), os.curdir)


def in_virtualenv(
    release: Release, platform: Platform, port: int, environ: Mapping[str, str], programs: Path
) -> Process:
    """The image's command and variables; what it stores goes to a folder of the cache."""
    environment, data = release.environment, data_folder(release, environ)
    root = str(release.app_root.resolve())
    secrets = environment.secrets(platform)
    kept = {name: value for name, value in environ.items() if name in PASSED_ON or name.lower() in PROXIES}
    variables = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        **environment.variables(platform),
        **{name: str(data / folder) for name, folder in STORED.items()},
        "JVAGENT_HOST": "127.0.0.1",
        "JVAGENT_PORT": str(port),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "VIRTUAL_ENV": str(programs.parent),
        "PATH": os.pathsep.join((str(programs), kept.get("PATH", os.defpath))),
    }
    composed = {secret.name: (SecretName(secret.source),) for secret in secrets}
    words = environment.settings["server"]["command"] or ["jvagent", APP_FOLDER, "run"]
    argv = tuple(root + word[len(APP_FOLDER) :] if _is_below(word) else word for word in words)
    command = Command(
        argv,
        f"serve at {url_of(port)}",
        timeout_seconds=NO_LIMIT,
        environment=tuple(variables.items()),
        composed=tuple({**composed, **environment.composed(platform)}.items()),
    )
    return Process(command, kept, root)


def _is_below(word: str) -> bool:
    return word == APP_FOLDER or word.startswith(f"{APP_FOLDER}/")


def require_free(port: int) -> None:
    """Raises InputError if something else is served there: it would be taken for the app."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            raise InputError(
                f"port {port} of this machine is taken: choose another one with --port"
            ) from None


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def data_folder(release: Release, environ: Mapping[str, str]) -> Path:
    """What the app stores here, for each environment."""
    of = f"{release.app_root.resolve()}\0{release.environment.name}"
    folder = cache_folder(environ) / "dev" / hashlib.sha256(os.fsencode(of)).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def forget(release: Release, environ: Mapping[str, str]) -> None:
    shutil.rmtree(data_folder(release, environ), ignore_errors=True)
