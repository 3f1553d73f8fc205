"""Compares the newest jvagent and jvspatial with what we assume of them: `make upstream`.

Lists what moved: ASSUMPTIONS, the variables that our code names, what actions need, the catalogue.
pip brings the wheels; with --installed FOLDER, a site-packages, nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jvbundler.app.catalog import available_versions  # noqa: E402
from jvbundler.app.jvagent_package import Package, facts, record_of  # noqa: E402
from jvbundler.app.jvagent_release import reaches  # noqa: E402
from jvbundler.app.reads import optional_secrets  # noqa: E402
from jvbundler.project.build import ASKS_LOOPBACK  # noqa: E402

PACKAGES = ("jvagent", "jvspatial")
KNOWN_HOSTS = ROOT / "schemas" / "known_hosts.json"
OURS = ("jvbundler/app", "jvbundler/project", "jvbundler/render", "jvbundler/rules", "templates")
VARIABLE = r"\b(?:JVSPATIAL|JVAGENT|WHATSAPP)_[A-Z0-9_]*[A-Z0-9]\b"
LOOPBACK = "JVSPATIAL_DEFERRED_INVOKE_ALLOW_LOOPBACK"


class Assumption(NamedTuple):
    """`text` stands in a file of the wheels, named by a glob, as long as `what` holds."""

    what: str
    file: str
    text: str


ASSUMPTIONS = (
    Assumption("the command `jvagent`", "jvagent-*.dist-info/entry_points.txt", "jvagent = "),
    Assumption("its subcommand `run`", "jvagent/cli/main.py", 'args[0] == "run"'),
    Assumption("server.host", "jvagent/cli/server_config.py", '"JVAGENT_HOST", "127.0.0.1"'),
    Assumption("server.port", "jvagent/cli/server_config.py", '"JVAGENT_PORT", 8000'),
    Assumption(
        "server.health_path",
        "jvspatial/api/components/app_builder.py",
        '@app.get("/health", response_model=None)',
    ),
    Assumption(
        "the prefix of the API", "jvspatial/api/constants.py", 'env("JVSPATIAL_API_PREFIX", default="/api")'
    ),
    Assumption(
        "the route of deferred tasks",
        "jvspatial/api/constants.py",
        'DEFERRED_INVOKE_SUFFIX = "/_internal/deferred"',
    ),
    Assumption("the kinds of database", "jvspatial/db/factory.py", '"json", "mongodb", "sqlite", "dynamodb"'),
    Assumption("the default database", "jvspatial/db/factory.py", 'db_type: str = "json"'),
    Assumption(
        "the folder of files",
        "jvspatial/api/constants.py",
        'env("JVSPATIAL_FILES_ROOT_PATH", default="./.files")',
    ),
    Assumption(
        "the path of a tick", "jvagent/action/task_monitor/endpoints.py", '"/proactive/tick/{agent_id}",'
    ),
    Assumption("a tick is a GET", "jvagent/action/task_monitor/endpoints.py", 'methods=["GET"],'),
    Assumption(
        "a tick takes an API key", "jvagent/action/task_monitor/endpoints.py", 'webhook_auth="api_key",'
    ),
    Assumption(
        "the header of the API key",
        "jvspatial/api/integrations/webhooks/webhook_auth.py",
        'api_key_header = "x-api-key"',
    ),
    Assumption(
        "a webhook refuses plain HTTP",
        "jvspatial/api/integrations/webhooks/middleware.py",
        'request.url.scheme != "https"',
    ),
    Assumption(
        "task_monitor turns the scheduler on",
        "jvagent/cli/server_config.py",
        "scheduler_enabled = app_has_task_monitor(",
    ),
    Assumption(
        "EventBridge needs a role",
        "jvspatial/env_adapter.py",
        "EventBridge scheduler enabled requires JVSPATIAL_EVENTBRIDGE_ROLE_ARN.",
    ),
    Assumption(
        "where skills lie",
        "jvagent/scaffold/skill_resolve.py",
        '/ "agents" / namespace / agent_name / "skills"',
    ),
)


def moved(folder: Path) -> Iterator[str]:
    """What is no longer as we assume, in a folder with both packages and their metadata."""
    yield from (
        f"{one.what}: no {one.text!r} in {one.file}"
        for one in ASSUMPTIONS
        if not any(one.text in text_of(path) for path in folder.glob(one.file))
    )
    sources = "".join(text_of(path) for name in PACKAGES for path in sorted((folder / name).rglob("*.py")))
    yield from (
        f"variable: nothing reads {name}"
        for name in sorted(our_variables() - {LOOPBACK})
        if name not in sources
    )
    jvspatial = version_of(folder, "jvspatial")
    if (LOOPBACK in sources) != reaches(f"=={jvspatial}", ASKS_LOOPBACK):
        yield f"variable: jvspatial {jvspatial} {'has' if LOOPBACK in sources else 'lacks'} {LOOPBACK}"
    record = record_of(Package(folder / "jvagent", "jvagent"), [])
    known = {(fact.get("action") or fact["skill"], fact["need"], fact["value"]) for fact in facts()}
    entries = (*record["actions"].items(), *record["skills"].items())
    found = {(name, need[0], need[1]) for name, entry in entries for need in entry.get("needs", ())}
    yield from (f"need: {who} no longer says '{need}'" for who, need, _ in sorted(known - found))
    yield from (
        f"optional secret: no {fact['says']!r} in {fact['file']}"
        for fact in optional_secrets()
        if fact["says"] not in text_of(folder / fact["file"])
    )
    yield from (
        f"host: no {fact['says']!r} in {fact['file']}"
        for fact in json.loads(KNOWN_HOSTS.read_text(encoding="utf-8"))["called"]
        if fact["says"] not in text_of(folder / fact["file"])
    )
    if record["jvagent"] not in available_versions():
        yield f"catalogue: jvagent {record['jvagent']} is not in it, run `make catalog`"


def our_variables() -> set[str]:
    files = (path for folder in OURS for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".j2"))
    return {name for path in files for name in re.findall(VARIABLE, text_of(path))}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def version_of(folder: Path, name: str) -> str:
    (metadata,) = folder.glob(f"{name}-*.dist-info")
    return metadata.name.removeprefix(f"{name}-").removesuffix(".dist-info")


def download(folder: Path) -> None:
    """The newest of both: the next jvagent may ask for a jvspatial that this one does not."""
    argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    subprocess.run([*argv, "--only-binary=:all:", "--dest", str(folder / "wheels"), *PACKAGES], check=True)
    for wheel in (folder / "wheels").glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(folder)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--installed", type=Path, help="a folder with both packages, in the place of the newest"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.installed or Path(temporary)
        if not options.installed:
            download(folder)
        found = list(moved(folder))
        print(", ".join(f"{name} {version_of(folder, name)}" for name in PACKAGES))
    print("\n".join(found) or "nothing moved")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
