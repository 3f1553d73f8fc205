"""`run`: the image started on this machine, as it runs when it is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jvbundler.deploy.doctor import engine, require
from jvbundler.deploy.execution import execute_all
from jvbundler.deploy.image.commands import run_commands
from jvbundler.deploy.image.push import image_names
from jvbundler.deploy.operation import Operation, Session
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release


def plan(release: Release, *, image: str, port: int, on_lambda: bool) -> Operation:
    """`image` is empty for the one that `build` made."""
    image = image or image_names(release)[0]
    return Operation(run_commands(release.environment, image, port=port, on_lambda=on_lambda))


def serve(operation: Operation, release: Release, session: Session, *, on_lambda: bool) -> None:
    """Run it until Ctrl-C. Raises InputError where the app would start without a secret that it needs."""
    environment = release.environment
    secrets = environment.lambda_secrets if on_lambda else environment.kubernetes_secrets
    missing = [secret.name for secret in secrets if not session.execution.environ.get(secret.name)]
    if missing:
        raise InputError(
            f"set these variables first, the app reads its secrets from them: {', '.join(missing)}"
        )
    require([engine(session.execution.environ)])
    session.note(operation.commands[0].reason)
    execute_all(operation.commands, session.execution)
