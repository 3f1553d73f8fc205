"""The programs that an app starts, and what the catalogue says that actions need."""

from __future__ import annotations

from pathlib import Path

import pytest

from jvbundler.app.catalog import facts, load_catalog
from jvbundler.app.load import load_app
from jvbundler.app.model import App
from jvbundler.app.needs import commands
from jvbundler.values.problem import Place, Problem
from tests.app.conftest import Write

APP = "app: acme\njvagent: ~0.1.7\nagents: [acme/bot]\n"
AGENT = "agents/acme/bot/agent.yaml"
SKILL = "agents/acme/bot/skills/letters/SKILL.md"
RUNS_SKILLS = "agent: acme/bot\nactions:\n  - action: jvagent/code_execution\n    context: {enabled: true}\n"


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
    for action in catalog.actions.values():
        for need in action.needs:
            file = need.place.file.removeprefix("jvagent-0.1.7/")
            line = (
                (jvagent_package.parent / file).read_text(encoding="utf-8").splitlines()[need.place.line - 1]
            )
            (fact,) = (f for f in facts() if (f["action"], f["need"]) == (action.id, need.kind))
            assert fact["says"] in line
            assert (fact["value"], fact["file"]) == (need.value, file)
            said.append((action.id, need.kind))
    assert sorted(said) == sorted((fact["action"], fact["need"]) for fact in facts()), "none is out of date"


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


def test_skills_count_where_code_is_executed(write: Write) -> None:
    skill = "# Letters\n```bash\npandoc a.md\n```\n"
    beside = "agents/acme/bot/actions/acme/own/skills/charts/SKILL.md"
    files = {"app.yaml": APP, AGENT: RUNS_SKILLS, SKILL: skill, beside: "```sh\nconvert a b\n```\n"}
    app, problems = loaded(write(files))
    assert not problems
    assert [(one.name, one.place) for one in app.programs] == [
        ("pandoc", Place(f"app/{SKILL}", 3, 1)),
        ("convert", Place(f"app/{beside}", 2, 1)),
    ]
    for context in ("{enabled: false}", "{}"):
        off = RUNS_SKILLS.replace("{enabled: true}", context)
        assert loaded(write({AGENT: off}))[0].programs == ()


def test_a_skill_that_leads_outside(write: Write, tmp_path: Path) -> None:
    root = write({"app.yaml": APP, AGENT: RUNS_SKILLS, "../secret.md": "```sh\npandoc\n```\n"})
    (root / SKILL).parent.mkdir(parents=True)
    (root / SKILL).symlink_to(tmp_path / "secret.md")
    app, (problem,) = loaded(root)
    assert (problem.rule, app.programs) == ("JVB207", ())


def test_a_skill_of_any_bytes(write: Write) -> None:
    root = write({"app.yaml": APP, AGENT: RUNS_SKILLS, SKILL: ""})
    (root / SKILL).write_bytes(b"\xff\xfe```\x00\n`npm \xff`\n")
    assert loaded(root)[1] == ()
    (root / SKILL).unlink()
    (root / SKILL).mkdir()
    assert [problem.rule for problem in loaded(root)[1]] == ["JVB209"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```bash\n$ pandoc a && sudo soffice b | jq .\n```", ["pandoc", "soffice", "jq"]),
        ("```sh\nx=$(pdftotext a -)\necho pandoc\n```", ["pdftotext"]),
        ("~~~console\nffmpeg -i a\n~~~", ["ffmpeg"]),
        ("```python\nnode = graph.node\n```", []),
        ("```\ngit tree\n```", []),
        ("Run `npm install -g docx`, not pandoc.", ["npm"]),
        ("A `node` of the graph.", []),
        ("```bash\npython scripts/pandoc.py\n```", []),
    ],
)
def test_the_commands_of_a_skill(text: str, found: list[str]) -> None:
    assert [name for name, _, _ in commands(text)] == found
