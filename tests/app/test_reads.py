"""Which variables an app's actions read: known of core actions, parsed out of the app's own."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

from jvbundler.app.load import load_app
from jvbundler.app.reads import READS, Read, optional_secrets, variables_read
from jvbundler.app.sources import names_read
from jvbundler.pipeline.first_values import DEFAULTS
from jvbundler.values.packaged import packaged_text
from tests.app.conftest import CHECKOUT, Write


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('os.environ["A_KEY"]', {"A_KEY": False}),
        ('os.environ.get("A_KEY")', {"A_KEY": False}),
        ('environ.get("A_KEY", "")', {"A_KEY": False}),
        ('os.getenv("A_KEY") or "x"', {"A_KEY": False}),
        ('os.getenv("A_KEY", "x")', {"A_KEY": True}),
        ('env("A_KEY", default="x")', {"A_KEY": True}),
        ('os.getenv("A_KEY", "x"); os.getenv("A_KEY")', {"A_KEY": False}),
        ('self.api_key_from_context("A_KEY", "B_KEY")', {"A_KEY": False, "B_KEY": False}),
        ('NAME = "A_KEY"\ndef f(): return os.environ[NAME]', {"A_KEY": False}),
        ('class C:\n  name: str = "A_KEY"\n  def f(self): env(self.name)', {"A_KEY": False}),
        ('for key in ("A_KEY", "B_KEY"): env(key)', {"A_KEY": False, "B_KEY": False}),
        ('M = [("a", "A_KEY")]\nfor name, key in M: os.environ.get(key)', {"A_KEY": False}),
        # A variable that is only set, a name that is only a text, and a key of some other map.
        ('os.environ["A_KEY"] = "1"', {}),
        ('print("A_KEY"); settings.get("A_KEY"); os.getenv("not_one")', {}),
        ('"\\d"; env("A_KEY")', {"A_KEY": False}),
        ("def broken(", {}),
        ("(" * 5000, {}),
        ("\0", {}),
    ],
)
def test_a_name_is_seen_where_it_is_read(source: str, names: dict[str, bool]) -> None:
    assert names_read(source.encode()) == names


def test_the_installed_jvagent_reads_what_is_shipped(jvagent_package: Path) -> None:
    script = runpy.run_path(str(CHECKOUT / "scripts" / "build_catalog.py"))
    actions = json.loads(packaged_text("schemas/catalog/0.1.7.json"))["actions"]
    modules = script["modules_of"](jvagent_package, actions)
    read = {name: names for name, names in script["reads_of"](modules).items() if names}
    shipped = {name: set(names) for name, names in json.loads(packaged_text(READS)).items()}
    # An earlier release may have read more.
    assert read.keys() <= shipped.keys()
    assert all(names <= shipped[name] for name, names in read.items())
    assert read["jvagent/openai_lm"] == {"OPENAI_API_KEY"}
    assert "GOOGLE_CLIENT_SECRETS_JSON" in read["jvagent/google_docs_action"], "by a module it imports"
    assert {"FACEBOOK_APP_ID", "FACEBOOK_PAGE_ID"} <= read["jvagent/facebook_action"], "in a loop"
    assert "jvagent/reply" not in read


def test_jvagent_says_of_each_optional_secret_that_it_can_do_without(jvagent_package: Path) -> None:
    reads = json.loads(packaged_text(READS))
    for fact in optional_secrets():
        text = (jvagent_package.parent / fact["file"]).read_text(encoding="utf-8")
        assert fact["says"] in text, fact
        for action in fact["actions"]:
            assert set(fact["secrets"]) <= set(reads[action]), fact


AGENT = """\
agent: acme/bot
actions:
  - action: jvagent/openrouter_lm
  - action: jvagent/whatsapp_action
    context: {enabled: false}
  - action: acme/shop
    context: {url: "${SHOP_URL}"}
  # - action: acme/${NOT_THIS}
"""
SHOP = 'KEY = os.environ["SHOP_API_KEY"]\nLEVEL = os.getenv("SHOP_LEVEL", "info")\nraise SystemExit("run")\n'


def reads(root: Path) -> dict[str, Read]:
    app, problems = load_app(root, "app")
    assert app is not None, problems
    return {read.name: read for read in variables_read(app)}


def test_core_actions_local_ones_and_placeholders(write: Write) -> None:
    shop = "agents/acme/bot/actions/acme/shop"
    root = write(
        {
            "app.yaml": "agents: [acme/bot]\nconfig: {title: '${TITLE}'}\n",
            "agents/acme/bot/agent.yaml": AGENT,
            f"{shop}/info.yaml": "package: {name: acme/shop, archetype: Shop}\n",
            f"{shop}/shop.py": SHOP,
            f"{shop}/parts/more.py": 'env("SHOP_TOKEN")\n',
            "../outside.py": 'env("STOLEN_KEY")\n',
        }
    )
    (root / shop / "link.py").symlink_to(root.parent / "outside.py")
    found = reads(root)
    assert found["OPENROUTER_API_KEY"] == ("OPENROUTER_API_KEY", "jvagent/openrouter_lm", False)
    assert found["OPENAI_API_KEY"].optional, "the second choice of openrouter_lm"
    assert found["WHATSAPP_API_KEY"].optional, "its action is off"
    assert found["SHOP_API_KEY"] == ("SHOP_API_KEY", "acme/shop", False)
    assert found["SHOP_LEVEL"].optional
    assert found["SHOP_TOKEN"].by == "acme/shop"
    assert found["SHOP_URL"].by == "agents/acme/bot/agent.yaml"
    assert found["TITLE"].by == "app.yaml"
    assert not {"NOT_THIS", "STOLEN_KEY"} & found.keys()


def test_a_secret_is_needed_if_one_of_its_actions_needs_it(write: Write) -> None:
    actions = "[{action: jvagent/openai_lm}, {action: jvagent/openrouter_lm}]"
    root = write(
        {
            "app.yaml": "agents: [acme/bot]\n",
            "agents/acme/bot/agent.yaml": f"agent: acme/bot\nactions: {actions}\n",
        }
    )
    assert reads(root)["OPENAI_API_KEY"] == ("OPENAI_API_KEY", "jvagent/openai_lm", False)


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items(), ids=DEFAULTS)
def test_what_a_short_deploy_yaml_leaves_out_is_the_frameworks_default(
    jvagent_package: Path, name: str, value: str
) -> None:
    files = [
        path for part in ("jvagent", "jvspatial") for path in (jvagent_package.parent / part).rglob("*.py")
    ]
    default = rf'(?i)"{name}",\s*(?:default=)?"?{re.escape(value)}\b'
    assert any(re.search(default, path.read_text(encoding="utf-8")) for path in files)
