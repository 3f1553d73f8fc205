"""Which hosts the actions of an app call, and that jvagent's source has each where we say."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from jvbundler.app.hosts import HOSTS, hosts_called
from jvbundler.app.load import load_app
from jvbundler.app.urls import url_of, urls_in
from jvbundler.values.packaged import packaged_text
from jvbundler.values.problem import Place
from tests.app.conftest import CHECKOUT, Write

APP = "app: acme\njvagent: ~0.1.7\nagents: [acme/bot]\n"
AGENT = "agents/acme/bot/agent.yaml"
SHIPPED: dict[str, list[tuple[str, int, str, str, int]]] = json.loads(packaged_text(HOSTS))


def called(write: Write, actions: str) -> list[tuple[str, int, str, str]]:
    app, problems = load_app(write({"app.yaml": APP, AGENT: f"agent: acme/bot\nactions:\n{actions}"}), "app")
    assert not problems
    assert app is not None
    return [(one.host, one.port, one.by, one.setting) for one in hosts_called(app)]


@pytest.fixture(scope="module")
def catalog_script() -> dict[str, Any]:
    return runpy.run_path(str(CHECKOUT / "scripts" / "build_catalog.py"))


def test_the_installed_jvagent_calls_what_is_shipped(
    jvagent_package: Path, catalog_script: dict[str, Any]
) -> None:
    actions = json.loads(packaged_text("schemas/catalog/0.1.7.json"))["actions"]
    modules = catalog_script["modules_of"](jvagent_package, actions)
    made: dict[str, list[Any]] = {}
    catalog_script["merged"](made, catalog_script["hosts_of"](jvagent_package, modules), "0.1.7")
    for action, hosts in made.items():
        assert all(host in SHIPPED[action] for host in hosts), action


def test_every_host_is_in_the_line_that_it_names(jvagent_package: Path) -> None:
    known = json.loads((CHECKOUT / "schemas/known_hosts.json").read_text(encoding="utf-8"))
    by_hand = {(one["action"], one["host"], one["setting"]): one["says"] for one in known["called"]}
    for action, hosts in SHIPPED.items():
        for host, _, setting, file, number in hosts:
            if not file.startswith("jvagent-0.1.7/"):
                continue
            path = jvagent_package.parent / file.removeprefix("jvagent-0.1.7/")
            line = path.read_text(encoding="utf-8").splitlines()[number - 1]
            assert by_hand.pop((action, host, setting), host) in line
    assert by_hand == {}, "none is out of date"


def test_no_address_is_left_out_without_a_reason(jvagent_package: Path) -> None:
    known = json.loads((CHECKOUT / "schemas/known_hosts.json").read_text(encoding="utf-8"))
    texts = [path.read_text("utf-8", "replace") for path in (jvagent_package / "action").rglob("*.py")]
    for one in known["not called"]:
        assert one["why"]
        assert any(one["url"] in text.replace("\\", "") for text in texts), f"{one['url']} is out of date"


def test_what_is_default_and_what_a_setting_names(write: Write) -> None:
    entry = "  - action: jvagent/openai_lm\n    context: {{api_endpoint: {}}}\n"
    setting = ("jvagent/openai_lm", "context.api_endpoint")
    assert called(write, "  - action: jvagent/openai_lm\n") == [("api.openai.com", 443, *setting)]
    assert called(write, entry.format("'http://Proxy.local:8080/v1'")) == [("proxy.local", 8080, *setting)]
    assert called(write, entry.format("'${ENDPOINT}'")) == [("", 0, *setting)]
    assert called(write, entry.format("''")) == [("api.openai.com", 443, *setting)]
    assert called(write, entry.format("[a]")) == [("", 0, *setting)]
    assert called(write, entry.format("x, enabled: false")) == []


def test_a_host_with_its_port_beside_it(write: Write) -> None:
    entry = "  - action: jvagent/typesense_vectorstore\n"
    by = ("jvagent/typesense_vectorstore", "context.host")
    assert called(write, entry) == [("localhost", 8108, *by)]
    assert called(write, f"{entry}    context: {{host: search, port: 80}}\n") == [("search", 80, *by)]
    assert called(write, f"{entry}    context: {{host: '-', port: x}}\n") == [("", 0, *by)]


def test_the_place_is_the_line_that_names_the_host(write: Write) -> None:
    text = "agent: acme/bot\nactions:\n  - action: jvagent/openai_lm\n    context:\n      api_endpoint: https://a.b\n"
    app, _ = load_app(write({"app.yaml": APP, AGENT: text}), "app")
    assert app is not None
    assert [one.place for one in hosts_called(app)] == [Place(f"app/{AGENT}", 5, 21)]
    app, _ = load_app(write({AGENT: text.partition("    context")[0]}), "app")
    assert app is not None
    (host,) = hosts_called(app)
    assert re.fullmatch(r"jvagent-0\.1\.7/jvagent/action/model/language/openai/openai\.py", host.place.file)


def test_mcp_servers(write: Write) -> None:
    servers = (
        "  - action: jvagent/mcp\n    context:\n      servers:\n"
        "        - {name: a, url: 'https://mcp.acme.example/x'}\n"
        "        - {name: b, transport: stdio, command: python, url: 'https://no.example'}\n"
        "        - {name: c, enabled: false, url: 'https://off.example'}\n"
        "        - {name: d, url: '${MCP_URL}'}\n"
        "        - [odd]\n"
    )
    by = ("jvagent/mcp", "context.servers")
    assert called(write, servers) == [("", 0, *by), ("mcp.acme.example", 443, *by)]
    assert called(write, "  - {action: jvagent/mcp, context: {servers: {a: b}}}\n") == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""See https://a.example."""\nX = "https://b.example/v1"', [("b.example", 443, 2, "")]),
        ('class A:\n    end: str = attribute(default="http://c:81", description="or https://d.example")',
         [("c", 81, 2, "end")]),
        ('X = "https://e.example"\nclass A:\n    end: str = attribute(default=X)',
         [("e.example", 443, 1, "end"), ("e.example", 443, 1, "")]),
        ('def f(v):\n    return f"https://g.example/{v}"', [("g.example", 443, 2, "")]),
        ('f"https://{host}/x"', []),
        ('x = "http://..."', []),
        ('X = Y\nY = X\nclass A:\n    a: str = X', []),
        ("def", []),
    ],
)  # fmt: skip
def test_the_addresses_of_a_source(source: str, found: list[tuple[str, int, int, str]]) -> None:
    assert [(one.host, one.port, one.line, one.setting) for one in urls_in(source.encode())] == found


@pytest.mark.parametrize(
    "text", ["", "ftp://a", "https://", "https://-a", "https://a:0", "https://a:99999", "//a"]
)
def test_what_is_no_address(text: str) -> None:
    assert url_of(text) is None
