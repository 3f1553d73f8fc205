"""An app, and `jvbundler` run on it as its user does: in the app's folder, with the real `sam` and `aws`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.aws.account import Account

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"JVAGENT_ADMIN_PASSWORD": "correct horse", "JVSPATIAL_JWT_SECRET_KEY": r'"a \" b", c=\ d\\ "'}
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})

# buildx as far as a deployment sees it: it tells the digest of the image that it pushed.
DOCKER = """\
#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1:3] == ["buildx", "version"]:
    print("github.com/docker/buildx v0.20.1")
elif sys.argv[1] == "version":
    print("26.1.5")
if "--metadata-file" in sys.argv:
    with open(sys.argv[sys.argv.index("--metadata-file") + 1], "w") as metadata:
        json.dump({{"containerimage.digest": os.environ["PUSHED_DIGEST"]}}, metadata)
"""


def write_app(folder: Path, deploy_yaml: str) -> Path:
    agent = folder / "agents/acme/helper"
    agent.mkdir(parents=True)
    (folder / "app.yaml").write_text("app: acme_support\nversion: 1.2.3\nagents: [acme/helper]\n")
    (agent / "agent.yaml").write_text("agent: acme/helper\nactions: []\n")
    (folder / "deploy.yaml").write_text(deploy_yaml)
    return folder


def jvbundler(
    aws: Account,
    app: Path,
    *arguments: str,
    expected: int = 0,
    path: Path | None = None,
    variables: Mapping[str, str] = NO_VARIABLES,
) -> subprocess.CompletedProcess[str]:
    """`path` is a folder of stubs that come before the real tools."""
    environ = {**aws.environ, "PYTHONPATH": str(ROOT), "CI": "true", **variables}
    if path:
        environ["PATH"] = f"{path}:{environ['PATH']}"
    command = [sys.executable, "-m", "jvbundler", *arguments]
    done = subprocess.run(command, cwd=app, env=environ, capture_output=True, text=True, check=False)
    said = f"{' '.join(arguments)} left with {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == expected, said
    return done


def status(aws: Account, app: Path, *arguments: str, expected: int = 0) -> Any:
    words = ("status", "lambda", "--json", "--health-timeout", "0", *arguments)
    return json.loads(jvbundler(aws, app, *words, expected=expected).stdout)


def stub(folder: Path, name: str, script: str) -> Path:
    """An executable that takes the place of a tool; the folder to put on PATH."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(script)
    file.chmod(0o755)
    return folder


def stub_docker(folder: Path) -> Path:
    log = str(folder / "docker.log")
    return stub(folder / "stubs", "docker", DOCKER.format(python=sys.executable, log=log))
