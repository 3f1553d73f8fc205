"""docs/moving-from-jvdeploy.md against the schema, jvdeploy's own file and its command line."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvbundler.cli.group import COMMANDS, HIDDEN
from jvbundler.project.keys import keys, load_schema
from jvbundler.rules.engine import RULES_BY_ID
from jvbundler.source.old_names import OLD_NAMES

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/moving-from-jvdeploy.md").read_text(encoding="utf-8")
KNOWN = {path: schema for path, schema in keys(load_schema(), "") if path}
ROWS = dict(re.findall(r"^\| `([a-z_.\[\]]+)` \| (.+) \|$", GUIDE.split("## Keys")[1], re.MULTILINE))


def written(value: Any, path: str) -> Iterator[str]:
    """The keys of a file, down to those that the schema names."""
    entry = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
    path += "[]" if entry is not value else ""
    if not isinstance(entry, dict) or not any(known.startswith(f"{path}.") for known in KNOWN):
        yield path
        return
    for key, child in entry.items():
        yield from written(child, f"{path}.{key}")


def test_every_key_of_jvdeploys_first_file_has_a_row() -> None:
    document = yaml.safe_load((ROOT / "golden/predecessor/deploy.yaml").read_text(encoding="utf-8"))
    document.pop("ecs")
    found = [path for key, value in document.items() for path in written(value, key)]
    assert len(found) > 100
    assert [
        path for path in found if not any(row == path or row.startswith(f"{path}[") for row in ROWS)
    ] == []


@pytest.mark.parametrize("key", ROWS)
def test_a_row_says_what_the_schema_says(key: str) -> None:
    verdict, _, rest = re.match(r"(the same|changed|renamed|gone)([:,;]?)(.*)", ROWS[key]).groups()  # type: ignore[union-attr]
    if verdict in ("the same", "changed"):
        assert not KNOWN[key].get("deprecated")
    else:
        assert key not in KNOWN or KNOWN[key]["deprecated"]
    if verdict == "renamed":
        assert OLD_NAMES[key] == re.search("`([a-z_.]+)`", rest)[1]  # type: ignore[index]
        assert OLD_NAMES[key] in KNOWN
    for default in re.findall("the default is `([^`]+)`", rest):
        told = KNOWN[key].get("x-derived") or KNOWN[key]["default"]
        assert default.strip("`") in (told if isinstance(told, str) else json.dumps(told))


def test_every_old_name_has_a_row() -> None:
    assert OLD_NAMES.keys() <= ROWS.keys()


def test_every_rule_that_is_named_exists() -> None:
    assert set(re.findall(r"JVB\d{3}", GUIDE)) <= RULES_BY_ID.keys()


def test_every_command_that_is_named_exists() -> None:
    named = set(re.findall(r"`jvbundler ([a-z-]+)", GUIDE))
    assert named <= {*COMMANDS, *HIDDEN}
    assert HIDDEN.keys() <= set(re.findall(r"[a-z-]+", GUIDE))


def test_every_command_and_option_of_the_real_jvdeploy_is_told_of(jvagent: Path) -> None:
    told = GUIDE.split("## Commands")[1].split("## Behaviour")[0]

    def shown(*words: str) -> str:
        command = [str(jvagent.parent / "jvdeploy"), *words, "--help"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    commands = re.search(r"\{([a-z,-]+)\}", shown())[1].split(",")  # type: ignore[index]
    assert set(commands) == {
        "generate", "pip-get-packages", "init", "deploy", "status", "logs", "destroy", "env",
    }  # fmt: skip
    assert [command for command in commands if f"`jvdeploy {command}" not in told] == []
    for words in (["deploy", "lambda"], ["destroy", "lambda"], ["init"], ["env", "lambda", "set"]):
        options = set(re.findall(r"--[a-z-]+", shown(*words)))
        mute = {"--help", "--yes", "--delete-ecr"}
        assert [option for option in sorted(options - mute) if option not in told] == [], words


def test_the_readme_and_other_pages_lead_to_it() -> None:
    for page in ("README.md", "docs/exit-codes.md"):
        assert "moving-from-jvdeploy.md)" in (ROOT / page).read_text(encoding="utf-8")
