"""The real jvbundler in a process of its own, with stub tools on PATH that record and answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.app import DEPLOY, DIGEST, KEYS, write_app

__all__ = ["DEPLOY", "DIGEST", "KEYS"]

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = Path(__file__).resolve().parent / "answers"
SECRET = "correct-horse-battery"


def answer_text(name: str) -> str:
    """What the real kubectl answered, as a file of answers/: `make recordings` writes them."""
    return (ANSWERS / name).read_text(encoding="utf-8")


def answer_items(name: str) -> list[dict[str, Any]]:
    """The objects of a recorded list."""
    return list(json.loads(answer_text(name))["items"])


@dataclass
class Tools:
    """Stub tools: `answers` come first to last, `calls` gives the argv of every call so far."""

    folder: Path
    answers: list[dict[str, Any]] = field(default_factory=list)

    def put(self, *names: str) -> None:
        for name in names:
            program = self.folder / "bin" / name
            program.parent.mkdir(exist_ok=True, parents=True)
            program.write_text(f"#!{sys.executable}\n" + (Path(__file__).parent / "stub.py").read_text())
            program.chmod(0o755)

    def answer(self, *has: str, file: str = "", **fields: Any) -> None:
        """What a call with these words in its argv is answered; `file` is its standard output."""
        self.answers.append({"has": has, **({"stdout": answer_text(file)} if file else {}), **fields})

    def calls(self) -> list[dict[str, Any]]:
        log = self.folder / "calls.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def verbs(self) -> list[str]:
        """kubectl's calls in short: what comes after context and namespace."""
        return [verb(call["argv"]) for call in self.calls() if call["argv"][0] == "kubectl"]


def verb(argv: list[str]) -> str:
    words = [
        w
        for w in argv[1:]
        if not w.startswith("--") and argv[argv.index(w) - 1] not in ("--context", "--namespace")
    ]
    marks = [w for w in argv if w in ("--dry-run=server", "--force-conflicts", "--raw")]
    return " ".join([*words[:2], *marks])


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with the environments dev and prod, rendered."""
    return write_app(tmp_path, DEPLOY)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """kubectl and docker that answer as a healthy cluster and engine do, where a test says nothing else."""
    made = Tools(tmp_path / "tools")
    made.put("kubectl", "docker")
    return made


HEALTHY: list[dict[str, Any]] = [
    {"has": ["version", "--client"], "stdout": answer_text("version.json")},
    {"has": ["auth", "can-i"], "stdout": answer_text("can-i.txt")},
    {"has": ["get", "deployment.apps/acme-support"], "stdout": answer_text("live.json")},
    {"has": ["--selector=app.kubernetes.io/managed-by"], "stdout": answer_text("empty-list.json")},
    {"has": ["replicasets.apps,pods"], "stdout": answer_text("healthy.json")},
    {"has": ["get", "secret"], "stdout": answer_text("secret.txt")},
    {"has": ["get", "replicasets.apps"], "stdout": answer_text("replicasets.json")},
    {"has": ["get", "events"], "stdout": answer_text("empty-list.json")},
    {"has": ["get", "--raw"], "stdout": answer_text("health.json")},
    {"has": ["rollout", "status"], "stdout": answer_text("rolled-out.txt")},
    {"has": ["apply"], "stdout": answer_text("applied.txt")},
    {"has": ["buildx", "version"], "stdout": "github.com/docker/buildx v0.21.2 1360a9e8d25a\n"},
    {"has": ["buildx", "inspect"], "stdout": "Name:   default\nDriver: docker-container\n"},
    {"has": ["version", "--format"], "stdout": "28.2.2\n"},
    {"has": ["buildx", "build"], "metadata": json.dumps({"containerimage.digest": "sha256:" + "cd" * 32})},
]
# The image for Lambda is one of those in what was pushed.
_IMAGE = {"digest": "sha256:" + "ef" * 32, "platform": {"architecture": "amd64", "os": "linux"}}
HEALTHY.insert(0, {"has": ["imagetools", "inspect"], "stdout": json.dumps({"manifests": [_IMAGE]})})
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(tools: Tools, tmp_path: Path, **more: str) -> dict[str, str]:
    """Nothing of this machine but git and the shell; the stubs come first."""
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "SYSTEMROOT")}
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    path = os.pathsep.join([str(tools.folder / "bin"), "/usr/bin", "/bin"])
    return {**kept, "PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT), **more}


@pytest.fixture
def jvbundler(tools: Tools, tmp_path: Path) -> Run:
    """Runs `jvbundler …` in the folder above the app, without a terminal; no traceback may come out."""

    def run(*arguments: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        tools.folder.mkdir(exist_ok=True)
        (tools.folder / "answers.json").write_text(json.dumps([*tools.answers, *HEALTHY]))
        done = subprocess.run(
            [sys.executable, "-m", "jvbundler", *arguments],
            cwd=tmp_path,
            env=environment(tools, tmp_path, **env),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode != 70, done.stderr
        return done

    return run


@pytest.fixture
def rendered(app: Path, jvbundler: Run) -> Path:
    done = jvbundler("render", "support")
    assert done.returncode == 0, done.stderr
    return app
