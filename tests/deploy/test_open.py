"""`open`: the address of the app that runs, for people and for scripts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.deploy.conftest import DEPLOY, HEALTHY, Run, Tools, environment
from tests.terminal import in_terminal

ACCOUNT = "123456789012"


def test_the_host_of_the_ingress_is_printed(rendered: Path, jvbundler: Run) -> None:
    for words in ("open k8s support -e dev --print", "open support -e dev"):
        done = jvbundler(*words.split())
        assert (done.returncode, done.stdout) == (0, "https://support.example.com\n"), done.stderr


@pytest.mark.parametrize("flag", ["", "--print"])
def test_on_a_terminal_the_browser_opens_it(rendered: Path, tools: Tools, tmp_path: Path, flag: str) -> None:
    (tools.folder / "answers.json").write_text(json.dumps(HEALTHY))
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$1" > opened\n')
    browser.chmod(0o755)
    argv = [sys.executable, "-m", "jvbundler", "open", "k8s", "support", "-e", "dev", *flag.split()]
    env = {**environment(tools, tmp_path), "BROWSER": str(browser)}
    shown = in_terminal(argv, cwd=tmp_path, env=env)
    assert (shown.code, shown.text) == (0, "https://support.example.com\n")
    opened = tmp_path / "opened"
    assert opened.exists() == (not flag)
    if not flag:
        assert opened.read_text() == "https://support.example.com\n"


def test_an_app_that_nothing_leads_to_is_told(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("ingresses", file="empty-list.json")
    done = jvbundler("open", "k8s", "support", "-e", "dev")
    assert (done.returncode, done.stdout) == (4, "")
    assert "nothing outside the cluster leads to 'acme-support'" in done.stderr


@pytest.mark.parametrize(
    ("outputs", "code", "told"),
    [
        (
            {"ApiUrl": "https://x.example.com/", "CustomDomainUrl": "https://own.example.com"},
            0,
            "https://own.",
        ),
        ({"ApiUrl": "https://x.example.com/"}, 0, "https://x.example.com/\n"),
        ({"ApiUrl": "file:///etc/passwd"}, 4, ""),
        ({}, 4, ""),
    ],
)
def test_the_outputs_of_the_stack(
    app: Path, tools: Tools, jvbundler: Run, outputs: dict[str, str], code: int, told: str
) -> None:
    section = f"lambda:\n  enabled: true\n  region: eu-central-1\n  account_id: '{ACCOUNT}'\n"
    (app / "deploy.yaml").write_text(
        DEPLOY.replace("kubernetes:\n  enabled: true\n", f"{section}kubernetes:\n", 1)
    )
    tools.put("aws")
    tools.answer("get-caller-identity", stdout=json.dumps({"Account": ACCOUNT}))
    found = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    stack = {"StackStatus": "CREATE_COMPLETE", "Outputs": found}
    tools.answer("describe-stacks", stdout=json.dumps({"Stacks": [stack]}))
    done = jvbundler("open", "support", "-e", "dev")
    assert done.returncode == code, done.stderr
    assert done.stdout.startswith(told)
    assert bool(done.stdout) == bool(told)
