"""A function as Lambda runs it: AWS's emulator, the real Lambda Web Adapter, and the rendered app."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / ".tools"
ADAPTER = TOOLS / "lambda" / "bin" / "lambda-adapter"
# Where Lambda, and its emulator, look for extensions.
EXTENSION = Path("/opt/extensions/lambda-adapter")
SECRETS = {
    "JVSPATIAL_JWT_SECRET_KEY": "e2e-jwt-key-of-some-length-and-more",
    "JVAGENT_ADMIN_PASSWORD": "e2e-admin-password",
    "OPENAI_API_KEY": "e2e-no-key",
}
# A busy machine is no failure.
SECONDS = 240


class Answer(NamedTuple):
    """`value` is what the function returned: of an HTTP event a status, headers and a body."""

    value: Any

    @property
    def status(self) -> int:
        return int(self.value["statusCode"])

    @property
    def body(self) -> Any:
        return json.loads(self.value["body"])


class Function(NamedTuple):
    url: str
    log: Path

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    def invoke(self, event: Mapping[str, Any]) -> Answer:
        request = urllib.request.Request(self.url, json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return Answer(json.loads(answer.read()))


def emulator() -> Path | None:
    found = sorted(TOOLS.glob("sam/lib/python3.*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"))
    return found[-1] if found else None


def not_proven() -> str:
    """What this machine lacks for these tests."""
    lacks = {
        "the Lambda Web Adapter, see .tools/logs/lambda": ADAPTER.exists(),
        "the emulator of aws-sam-cli, see .tools/logs/sam": emulator() is not None,
        f"the right to write {EXTENSION}": os.geteuid() == 0,
    }
    return ", ".join(what for what, is_there in lacks.items() if not is_there)


@contextlib.contextmanager
def adapter_in_place() -> Iterator[None]:
    """Raises FileExistsError where somebody else's is there."""
    EXTENSION.parent.mkdir(parents=True, exist_ok=True)
    with EXTENSION.open("xb") as file:
        file.write(ADAPTER.read_bytes())
    EXTENSION.chmod(0o755)
    try:
        yield
    finally:
        EXTENSION.unlink()


def environ(rendered: Path, folder: Path, port: int) -> dict[str, str]:
    """The variables of the rendered image, then those of the rendered function; `/tmp` is a folder."""
    text = (rendered / "docker/Dockerfile").read_text(encoding="utf-8")
    start = text.index("ENV PATH=/opt/venv/bin")
    block = re.sub(r"^ *#.*\n", "", text[start : text.index("WORKDIR")], flags=re.M).replace("\\\n", " ")
    image = dict(word.partition("=")[::2] for word in shlex.split(block)[1:])
    template = yaml.load((rendered / "lambda/default/template.yaml").read_text(), Loader=_Tags)
    variables = template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
    named = {name: SECRETS.get(name, "") if value is None else value for name, value in variables.items()}
    both = {name: value.replace("/tmp", str(folder)) for name, value in {**image, **named}.items()}
    return both | {"JVAGENT_PORT": str(port), "AWS_LWA_PORT": str(port), "JVAGENT_HOST": "127.0.0.1"}


class _Tags(yaml.SafeLoader):
    """CloudFormation's functions are None: what they are when it runs is not in the template."""


_Tags.add_multi_constructor("!", lambda *_: None)


@contextlib.contextmanager
def running(
    venv: Path, app: Path, folder: Path, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Function]:
    """Ends with all that it started. The first event starts the app. `more` are further variables."""
    folder.mkdir()
    serves, runtime, port = free_ports(3)
    variables = {"AWS_LAMBDA_FUNCTION_TIMEOUT": str(SECONDS), **environ(app / "deploy", folder, port), **more}
    variables["PATH"] = f"{venv / 'bin'}{os.pathsep}{os.defpath}"
    argv = [
        *(str(emulator()), "--runtime-interface-emulator-address", f"127.0.0.1:{serves}"),
        *("--runtime-api-address", f"127.0.0.1:{runtime}", str(venv / "bin/jvagent"), str(app), "run"),
    ]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, env=variables, cwd=app, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_for_port(process, serves, log)
        yield Function(f"http://127.0.0.1:{serves}/2015-03-31/functions/function/invocations", log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
    raise AssertionError(f"the emulator ended:\n{log.read_text()}")


def make_venv(folder: Path, requirements: list[str], *, overrides: str = "") -> Path:
    """Of exactly these packages. `overrides` is another jvspatial than jvagent asks for."""
    uv = str(Path(sys.executable).parent / "uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    env = {**os.environ, "VIRTUAL_ENV": str(folder), "UV_COMPILE_BYTECODE": "1", "UV_LINK_MODE": "copy"}
    env.setdefault("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    options: list[str] = []
    if overrides:
        file = folder / "overrides.txt"
        file.write_text(f"{overrides}\n")
        options = ["--override", str(file)]
    argv = [uv, "pip", "install", "--quiet", *options, *requirements]
    subprocess.run(argv, env=env, check=True, cwd=folder)
    return folder


def rendered_requirements(dockerfile: Path) -> list[str]:
    return re.findall(r"^      '([^']+)'", dockerfile.read_text(encoding="utf-8"), re.M)
