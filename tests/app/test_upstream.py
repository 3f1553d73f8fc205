"""`make upstream`: what we assume of jvagent and jvspatial, against the installed ones and a spoiled copy."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import CHECKOUT


@pytest.fixture(scope="module")
def upstream() -> dict[str, Any]:
    return runpy.run_path(str(CHECKOUT / "scripts" / "upstream.py"))


@pytest.fixture
def copied(jvagent_package: Path, tmp_path: Path) -> Path:
    """The sources of both packages, and what their metadata is."""
    site = jvagent_package.parent
    for name in ("jvagent", "jvspatial"):
        shutil.copytree(site / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "dist"))
        (metadata,) = site.glob(f"{name}-*.dist-info")
        shutil.copytree(metadata, tmp_path / metadata.name)
    return tmp_path


def test_nothing_moved_in_the_installed_release(
    upstream: dict[str, Any], jvagent_package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upstream["main"](["--installed", str(jvagent_package.parent)]) == 0
    assert capsys.readouterr().out == "jvagent 0.1.7, jvspatial 0.0.17\nnothing moved\n"


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_moved_is_listed(
    upstream: dict[str, Any], copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(copied / "jvagent/cli/server_config.py", '"JVAGENT_PORT", 8000', '"JVAGENT_PORT", 9000')
    route = copied / "jvspatial/api/deferred_invoke_route.py"
    spoil(route, "JVSPATIAL_DEFERRED_INVOKE_SECRET", "JVSPATIAL_DEFERRED_INVOKE_ALLOW_LOOPBACK")
    spoil(copied / "jvagent/action/skill_hub/_skills_cli.py", '_NPX_CMD = "npx"', '_NPX_CMD = "bunx"')
    spoil(copied / "jvagent/action/model/language/ollama/ollama.py", "does not require auth", "requires auth")
    spoil(copied / "jvagent/version.py", "0.1.7", "0.1.8")
    for path in copied.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "JVSPATIAL_S3_REGION" in text:
            path.write_text(text.replace("JVSPATIAL_S3_REGION", "JVSPATIAL_REGION"), encoding="utf-8")
    assert upstream["main"](["--installed", str(copied)]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "server.port: no '\"JVAGENT_PORT\", 8000' in jvagent/cli/server_config.py",
        "variable: nothing reads JVSPATIAL_S3_REGION",
        "variable: jvspatial 0.0.17 has JVSPATIAL_DEFERRED_INVOKE_ALLOW_LOOPBACK",
        "need: jvagent/skill_hub no longer says 'program'",
        "optional secret: no 'Local Ollama generally does not require auth.' in "
        "jvagent/action/model/language/ollama/ollama.py",
        "host: no '_NPX_CMD = \"npx\"' in jvagent/action/skill_hub/_skills_cli.py",
        "catalogue: jvagent 0.1.8 is not in it, run `make catalog`",
    ]


def test_the_catalogue_is_not_made_of_a_release_that_starts_an_unknown_program(copied: Path) -> None:
    build = runpy.run_path(str(CHECKOUT / "scripts" / "build_catalog.py"))
    (copied / "jvagent/action/reply/new.py").write_text('path = shutil.which("ffprobe")\n')
    with pytest.raises(SystemExit, match=r"jvagent/action/reply/new.py:1: path = shutil.which"):
        build["catalog_text"](copied / "jvagent", "0.1.7")
