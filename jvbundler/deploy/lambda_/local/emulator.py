"""AWS's emulator in the image's container: where it is found, and how docker starts it.

https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jvbundler.deploy.doctor import Check
from jvbundler.deploy.image.commands import container, container_name, run_command
from jvbundler.deploy.lambda_.local.answers import Kind
from jvbundler.deploy.lambda_.local.front import Endpoint
from jvbundler.render.docker import start_command
from jvbundler.render.lambda_.api import api
from jvbundler.render.lambda_.function import (
    adapter_variables,
    api_path_prefix,
    app_variables,
    architecture,
    aws_variables,
    cors_variables,
)
from jvbundler.render.text.escaping import Verbatim
from jvbundler.runner import find_tool
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.command import Command
    from jvbundler.deploy.release import Release
    from jvbundler.project.model import Environment

# Where it listens, in the container.
PORT = 9100
# Lambda gives an init 10 s, which do not count as the function's own.
INIT_SECONDS = 10
# Where aws-sam-cli has it, below the folder above that of `sam`: installed by pip, or by its own installer.
_PLACES = (
    "lib/python3*/site-packages/samcli/local/rapid",
    "dist/_internal/samcli/local/rapid",
    "dist/samcli/local/rapid",
)


def emulator_name(environment: Environment) -> str:
    return f"aws-lambda-rie-{architecture(environment)}"


def find_emulator(environment: Environment) -> Path | None:
    """The one in the package of the `sam` that is on PATH."""
    sam = find_tool("sam")
    if not sam:
        return None
    root = Path(sam).resolve().parent.parent
    found = (path for place in _PLACES for path in root.glob(f"{place}/{emulator_name(environment)}"))
    return next(filter(Path.is_file, sorted(found)), None)


def emulator_check(environment: Environment, given: Path | None) -> Check:
    """Of the one that is given, else of sam's."""
    found = given or find_emulator(environment)
    fix = "pip install aws-sam-cli, which has it, or say with --rie where it is"
    name = emulator_name(environment)
    if found is None:
        where = "with the 'sam' on PATH" if find_tool("sam") else "here: there is no 'sam' on PATH"
        return Check(name, False, f"not found {where}", fix)
    return Check(name, found.is_file(), str(found) if found.is_file() else f"'{found}' is not a file", fix)


def endpoint_of(environment: Environment) -> Endpoint:
    """The API if there is one, else the Function URL. Raises InputError where there is neither."""
    settings = environment.settings["lambda"]
    gateway = api(environment)
    if gateway:
        kind: Kind = "rest_api" if gateway["type"] == "REST" else "http_api"
        return Endpoint(kind, gateway["timeout"] / 1000, api_path_prefix(environment), gateway["stage"])
    if settings["function_url"]["enabled"]:
        return Endpoint("function_url", settings["function"]["timeout"] + INIT_SECONDS)
    raise InputError(
        f"no request reaches the function of environment '{environment.name}': set "
        "'lambda.api_gateway.enabled: true' or 'lambda.function_url.enabled: true'"
    )


def emulator_command(release: Release, image: str, emulator: str, reason: str) -> Command:
    """Starts the image's own command behind the emulator; docker chooses the port on this machine."""
    environment = release.environment
    function = environment.settings["lambda"]["function"]
    # Files in /tmp can be executed on Lambda.
    tmp = f"mode=1777,exec,size={function['ephemeral_storage']}m"
    argv = (
        *container(environment, "lambda", dict(_variables(release)), tmp),
        *("--memory", f"{function['memory']}m", "--publish", f"127.0.0.1::{PORT}"),
        *("--mount", f"type=bind,{_field(f'source={emulator}')},target=/rie,readonly"),
        *("--entrypoint", "/rie", image),
        *("--runtime-interface-emulator-address", f"0.0.0.0:{PORT}", *start_command(environment)),
    )
    return run_command(environment, "lambda", argv, reason)


def port_argv(environment: Environment) -> tuple[str, ...]:
    """Asks docker which port it chose."""
    return ("docker", "port", container_name(environment), f"{PORT}/tcp")


def _variables(release: Release) -> Iterator[tuple[str, str]]:
    """Those of the template, and those that Lambda itself sets; what only AWS knows is left out."""
    environment = release.environment
    settings = environment.settings["lambda"]
    region = settings["region"]
    asked = app_variables(release.project.app, environment)
    derived = {
        **adapter_variables(environment, asked),
        **aws_variables(environment, asked),
        **cors_variables(environment),
    }
    known = {name: region if name.endswith("_REGION") else value for name, value in derived.items()}
    variables = {**known, **environment.variables("lambda")}
    # The emulator hands over whole answers only.
    variables.pop("AWS_LWA_INVOKE_MODE", None)
    yield from ((name, value) for name, value in variables.items() if not isinstance(value, Verbatim))
    yield "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", str(settings["function"]["memory"])
    yield "AWS_LAMBDA_FUNCTION_NAME", environment.function_name
    yield "AWS_LAMBDA_FUNCTION_TIMEOUT", str(settings["function"]["timeout"])
    yield "AWS_REGION", region


def _field(text: str) -> str:
    """As one field of the comma-separated list that `--mount` is."""
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text
