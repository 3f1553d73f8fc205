"""An app as `jvagent app create` makes it, and a desk with the real `jvbundler` on PATH."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import jvagent
from tests.aws.conftest import aws
from tests.first_hour.desk import Desk, environ, program

__all__ = ["aws", "jvagent"]

ROOT = Path(__file__).resolve().parents[2]
PROFILES = ("orchestrator", "minimal", "conversational", "research", "whatsapp_voice")
MakeDesk = Callable[..., Desk]


class Healthy(BaseHTTPRequestHandler):
    """The app as a health check sees it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def desk(jvagent: Path, tmp_path: Path) -> MakeDesk:
    """A desk for a new app of that profile; its shell has the secrets of the app."""

    def make(profile: str, name: str, shell: Mapping[str, str], answers: Mapping[str, str]) -> Desk:
        folder = tmp_path / name
        words = ["--app-id", name, "--title", "Acme", "--description", "Made by a test", "--author", "me"]
        words += ["--email", "me@acme.example", "--jvagent-version", "0.1.7", "--profile", profile, "--yes"]
        argv = [
            str(jvagent),
            "app",
            "create",
            "--no-git",
            "--agent",
            "acme/bot",
            "--dir",
            str(folder),
            *words,
        ]
        subprocess.run(argv, check=True, capture_output=True)
        stubs = program(tmp_path / "stubs", "docker", sys.executable, "-m", "tests.first_hour.docker")
        program(stubs, "jvbundler", sys.executable, "-m", "jvbundler")
        return Desk(folder, environ({**shell, "PYTHONPATH": str(ROOT)}, stubs), answers)

    return make
