"""One fake AWS for all tests of a worker; each test uses an app, and so a stack, of its own name."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.aws.account import Account

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def aws(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    # moto comes with a venv of its own: its dependencies are not those of the tests.
    python = Path(tool("moto_server")).resolve().parent / "python"
    server = subprocess.Popen(
        [str(python), "-m", "tests.aws.fake.server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    assert url, "the fake AWS did not start"
    yield Account(url, tmp_path_factory.mktemp("home"))
    server.communicate("", timeout=10)
