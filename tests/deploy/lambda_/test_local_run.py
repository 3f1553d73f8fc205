"""`run lambda`: which docker command starts the emulator, and what is said where something is missing."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.deploy.app import write_app
from tests.deploy.conftest import HEALTHY, ROOT, Run, Tools, environment
from tests.deploy.lambda_.test_local_front import emulator, served

SAM = ROOT / ".tools" / "bin"
NAMES = ("JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY", "OPENAI_API_KEY")
SECRETS = dict.fromkeys(NAMES, "hush-hush")
DEPLOY = """\
app: {name: acme-support, version: 1.2.3}
secrets: [OPENAI_API_KEY]
lambda:
  enabled: true
  region: eu-central-1
  function: {memory: 2048, timeout: 25}
  environment: {LEVEL: debug}
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path, DEPLOY)


def with_sam(tools: Tools) -> str:
    return os.pathsep.join([str(tools.folder / "bin"), str(SAM), "/usr/bin", "/bin"])


def planned(jvbundler: Run, *words: str, **env: str) -> list[str]:
    done = jvbundler("run", *words, "--dry-run", **env)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if not line.startswith("#"))
    return shlex.split(line)


def pairs(argv: list[str], option: str) -> list[str]:
    return [argv[at + 1] for at, word in enumerate(argv) if word == option]


def test_the_image_starts_behind_the_emulator_of_sam(app: Path, tools: Tools, jvbundler: Run) -> None:
    argv = planned(jvbundler, "lambda", "support", PATH=with_sam(tools))
    assert argv[:5] == ["docker", "run", "--rm", "--init", "--name"]
    assert pairs(argv, "--user") == ["10001:10001"]
    assert "--read-only" in argv
    assert pairs(argv, "--tmpfs") == ["/tmp:mode=1777,exec,size=512m"]
    assert pairs(argv, "--memory") == ["2048m"]
    assert pairs(argv, "--publish") == ["127.0.0.1::9100"]
    (mount,) = pairs(argv, "--mount")
    kind, source, target, way = mount.split(",")
    assert (kind, target, way) == ("type=bind", "target=/rie", "readonly")
    emulator = Path(source.removeprefix("source="))
    assert (emulator.name, emulator.is_file()) == ("aws-lambda-rie-x86_64", True)
    assert argv[argv.index("--entrypoint") + 1] == "/rie"
    assert argv[argv.index("--entrypoint") + 2 :] == [
        *("acme-support:1.2.3", "--runtime-interface-emulator-address", "0.0.0.0:9100"),
        *("jvagent", "/var/task", "run"),
    ]


def test_it_has_the_variables_of_the_function_and_its_secrets_by_name(app: Path, jvbundler: Run) -> None:
    variables = pairs(planned(jvbundler, "lambda", "support", **SECRETS), "--env")
    assert {"LEVEL=debug", "AWS_LAMBDA_FUNCTION_TIMEOUT=25", "AWS_REGION=eu-central-1"} <= {*variables}
    assert "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=2048" in variables
    assert set(NAMES) <= {*variables}
    assert not [word for word in variables if "!Ref" in word or "hush" in word]


def test_the_emulator_is_that_of_the_image_s_architecture(app: Path, tools: Tools, jvbundler: Run) -> None:
    words = ("lambda", "support", "--set", "image.build.platform=linux/arm64")
    (mount,) = pairs(planned(jvbundler, *words, PATH=with_sam(tools)), "--mount")
    assert "/aws-lambda-rie-arm64," in mount


def test_the_emulator_may_be_somewhere_else(app: Path, tmp_path: Path, jvbundler: Run) -> None:
    other = tmp_path / "a,b"
    other.touch()
    (mount,) = pairs(planned(jvbundler, "lambda", "support", "--rie", str(other)), "--mount")
    assert mount == f'type=bind,"source={other}",target=/rie,readonly'
    gone = jvbundler("run", "lambda", "support", "--rie", str(tmp_path / "gone"), "--dry-run")
    assert (gone.returncode, "gone" in gone.stderr) == (2, True)


def test_without_a_platform_it_is_the_one_that_is_enabled(app: Path, jvbundler: Run) -> None:
    assert "/rie" in planned(jvbundler, "support")
    plain = planned(jvbundler, "support", "--target", "lambda")
    assert ("/rie" in plain, "LEVEL=debug" in plain) == (False, True)
    (app / "deploy.yaml").write_text(f"{DEPLOY}kubernetes: {{enabled: true}}\n")
    assert "/rie" not in planned(jvbundler, "support")
    assert "/rie" not in planned(jvbundler, "k8s", "support")


def test_what_is_missing_is_named_and_how_to_get_it(app: Path, tools: Tools, jvbundler: Run) -> None:
    unset = jvbundler("run", "lambda", "support")
    assert unset.returncode == 2
    assert "JVAGENT_ADMIN_PASSWORD, JVSPATIAL_JWT_SECRET_KEY, OPENAI_API_KEY" in unset.stderr
    tools.answer("image", "inspect", code=1, stderr="No such image\n")
    done = jvbundler("run", "lambda", "support", **SECRETS)
    assert done.returncode == 4
    assert "image 'acme-support:1.2.3': is not here\n  to fix it: jvbundler build support" in done.stderr
    assert "aws-lambda-rie-x86_64: not found here: there is no 'sam' on PATH" in done.stderr
    assert "pip install aws-sam-cli, which has it, or say with --rie where it is" in done.stderr
    (tools.folder / "bin" / "docker").unlink()
    nothing = jvbundler("run", "lambda", "support", PATH=str(tools.folder / "bin"), **SECRETS)
    assert nothing.returncode == 4
    assert "'docker' is not on PATH" in nothing.stderr


def test_a_container_that_ends_is_the_end_and_its_output_is_shown(
    app: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("9100/tcp", code=1, stderr="No such container\n")
    tools.answer("--init", stdout="no such option\n", code=3)
    done = jvbundler("run", "lambda", "support", PATH=with_sam(tools), **SECRETS)
    assert (done.returncode, done.stdout) == (4, "no such option\n"), done.stderr
    assert "the container ended, with exit code 3" in done.stderr
    assert "hush-hush" not in done.stderr


def test_a_function_that_no_request_reaches_is_not_started(app: Path, jvbundler: Run) -> None:
    words = ("--set", "lambda.api_gateway.enabled=false", "--set", "lambda.function_url.enabled=false")
    done = jvbundler("run", "lambda", "support", *words, "--dry-run")
    assert done.returncode == 2
    assert "no request reaches the function" in done.stderr


def test_ctrl_c_ends_the_server_and_the_container(app: Path, tools: Tools, tmp_path: Path) -> None:
    with served(emulator(lambda event: b'{"statusCode": 200, "body": "hello"}')) as behind:
        tools.answer("9100/tcp", stdout=f"127.0.0.1:{behind}\n")
        tools.answer("--init", stdout="started\n", seconds=60)
        (tools.folder / "answers.json").write_text(json.dumps([*tools.answers, *HEALTHY]))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        argv = [sys.executable, "-m", "jvbundler", "run", "support", "--port", str(port)]
        env = {**environment(tools, tmp_path, **SECRETS), "PATH": with_sam(tools)}
        with subprocess.Popen(
            argv, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            try:
                said = [running.stdout.readline()]
                while "Ctrl-C stops it" not in said[-1] and said[-1]:
                    said.append(running.stderr.readline())
                assert said[-1].startswith(f"serve the function at http://127.0.0.1:{port}/health; ")
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
                    assert answer.read() == b"hello"
            finally:
                running.send_signal(signal.SIGINT)
            assert running.wait(30) == 130, said
    assert said[0] == "started\n"
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
    assert not [line for line in processes() if str(tools.folder) in line]


def processes() -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(file.read_text(errors="replace").replace("\0", " "))
    return found
