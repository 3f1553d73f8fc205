"""The programs that an app starts, and what the catalogue says that actions need."""

from __future__ import annotations

from pathlib import Path

import pytest

from jvbundler.app.catalog import load_catalog
from jvbundler.app.jvagent_package import facts
from jvbundler.app.load import load_app
from jvbundler.app.model import App
from jvbundler.values.problem import Place, Problem
from tests.app.conftest import Write

APP = "app: acme\njvagent: ~0.1.7\nagents: [acme/bot]\n"
AGENT = "agents/acme/bot/agent.yaml"


def loaded(root: Path) -> tuple[App, tuple[Problem, ...]]:
    app, problems = load_app(root, "app")
    assert app is not None
    return app, problems


def started(write: Write, servers: str, context: str = "") -> list[tuple[str, int]]:
    context = f"    context:\n{context}      servers:\n{servers}"
    text = f"agent: acme/bot\nactions:\n  - action: jvagent/mcp\n{context}"
    app, problems = loaded(write({"app.yaml": APP, AGENT: text}))
    assert not problems
    return [(one.name, one.place.line) for one in app.programs]


def test_every_need_is_said_by_the_line_that_it_names(jvagent_package: Path) -> None:
    catalog, _ = load_catalog("0.1.7", Place("app.yaml"))
    assert catalog is not None
    said = []
    needs = {name: action.needs for name, action in catalog.actions.items()}
    needs |= {name: skill.needs for name, skill in catalog.skills.items()}
    for name, known in needs.items():
        for need in known:
            file = need.place.file.removeprefix("jvagent-0.1.7/")
            lines = (jvagent_package.parent / file).read_text(encoding="utf-8").splitlines()
            fact = next(f for f in facts() if key(f) == (name, need.kind, need.value))
            assert fact["says"] in lines[need.place.line - 1]
            assert fact["file"] == file
            said.append(key(fact))
    assert sorted(said) == sorted(key(fact) for fact in facts()), "none is out of date"


def key(fact: dict[str, str]) -> tuple[str, str, str]:
    return fact.get("action") or fact["skill"], fact["need"], fact["value"]


@pytest.mark.parametrize(
    ("server", "program"),
    [
        ("{transport: stdio, command: npx}", "npx"),
        ("{transport: stdio, command: ' docker '}", "docker"),
        ("{transport: stdio, args: ['@modelcontextprotocol/server-filesystem']}", "npx"),
        ("{transport: stdio, type: jvfs, command: npx}", ""),
        ("{transport: stdio, type: jvfs, command: npx, sandbox_mode: false}", "npx"),
        ("{transport: stdio, command: npx, enabled: false}", ""),
        ("{transport: streamable_http, command: npx}", ""),
        ("{command: npx}", ""),
        ("{transport: stdio, command: ./server}", ""),
        ("{transport: stdio, command: '${SERVER}'}", ""),
        ("{transport: stdio, command: [npx]}", ""),
        ("npx", ""),
    ],
)
def test_the_program_of_an_mcp_server(server: str, program: str, write: Write) -> None:
    assert [name for name, _ in started(write, f"        - {server}\n")] == [program][: len(program)]


def test_the_place_is_the_command(write: Write) -> None:
    servers = "        - name: files\n          transport: stdio\n          command: npx\n"
    assert started(write, servers) == [("npx", 8)]
    assert started(write, servers, "      enabled: false\n") == []
    assert started(
        write, "          - {transport: stdio, type: jvfs, command: npx}\n", "      sandbox_mode: false\n"
    )


def test_uvx_brings_uv(write: Write) -> None:
    context = "{servers: [{transport: stdio, command: uvx}]}"
    text = f"agent: acme/bot\nactions: [{{action: jvagent/mcp, context: {context}}}]\n"
    app, _ = loaded(write({"app.yaml": APP, AGENT: text}))
    (uv,) = (one for one in app.requirements if one.name == "uv")
    assert uv.wanted_by == ("jvagent/mcp of acme/bot",)


def test_an_action_that_only_another_depends_on(write: Write) -> None:
    info = "package: {name: acme/hub, archetype: Hub, dependencies: {actions: [jvagent/skill_hub]}}\n"
    agent = "agent: acme/bot\nactions: [{action: acme/hub}]\n"
    app, _ = loaded(
        write({"app.yaml": APP, AGENT: agent, "agents/acme/bot/actions/acme/hub/info.yaml": info})
    )
    assert [(one.name, one.by) for one in app.programs] == [("npx", "jvagent/skill_hub")]
