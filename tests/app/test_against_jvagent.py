"""Our reading of an app against jvagent's own loader: the same closure, the same packages."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jvbundler.app.load import load_app
from jvbundler.app.model import App, Wish
from jvbundler.app.pip.requirements import merged_requirements
from jvbundler.values.problem import Place
from tests.app.conftest import Write

HERE = Path(__file__).parent
PROFILES = ["orchestrator", "minimal", "conversational", "research", "whatsapp_voice"]


def asked(jvagent: Path, root: Path) -> dict[str, Any]:
    argv = [jvagent.parent / "python", HERE / "ask_jvagent.py", root]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=root)
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def check_same(ours: App, theirs: dict[str, Any]) -> None:
    """jvagent's log of an installation gives the name of the action without its namespace."""
    wished = [Wish(text, name, Place("jvagent")) for name, text in theirs["wanted"]]
    installed = [("jvagent", "==0.1.7"), ("jvspatial", "==0.0.17")]
    merged, problems = merged_requirements(wished, installed)
    assert not problems
    assert [action.id for action in ours.actions] == theirs["closure"]
    assert [(one.spec, one.wanted_by) for one in merged] == [
        (one.spec, tuple(sorted({name.partition("/")[2] for name in one.wanted_by})))
        for one in ours.requirements
    ]


@pytest.mark.parametrize("profile", PROFILES)
def test_each_builtin_profile(profile: str, jvagent: Path, tmp_path: Path) -> None:
    root = tmp_path / "made"
    argv = [str(jvagent), "app", "create", "--yes", "--no-git", "--dir", str(root), "--app-id", "acme_app"]
    argv += [
        "--title",
        "Acme",
        "--description",
        "Made by a test",
        "--author",
        "me",
        "--email",
        "me@acme.example",
    ]
    argv += ["--jvagent-version", "0.1.7", "--profile", profile, "--agent", "acme/bot"]
    subprocess.run(argv, check=True, capture_output=True, cwd=tmp_path)

    app, problems = load_app(root, "made", jvagent_version="0.1.7")

    assert not problems
    assert app is not None
    assert (app.id, app.title, app.agents) == ("acme_app", "Acme", ("acme/bot",))
    assert app.actions
    check_same(app, asked(jvagent, root))


def test_the_example_app(jvagent: Path, tmp_path: Path) -> None:
    root = HERE / "example_app"
    app, problems = load_app(root, "example_app")

    assert [problem.rule for problem in problems] == ["JVB213"], "it asks for ~0.0.1"
    assert app is not None
    assert len(app.actions) == 23
    assert len(app.requirements) == 15
    check_same(app, asked(jvagent, root))


AGENT = "agent: {ref}\ncontext: {{enabled: false}}\nactions:\n{actions}"
PACKAGE = "package:\n  name: {name}\n  archetype: A\n  dependencies: {{pip: [{pip}], actions: [{actions}]}}\n"


def test_every_layout_that_jvagent_loads(jvagent: Path, write: Write) -> None:
    local = "agents/acme/bot/actions"
    listed = "  - {action: acme/named, context: {enabled: false}}\n" + "".join(
        f"  - action: {name}\n"
        for name in (
            "acme/short",
            "acme/by_folder",
            "acme/moved",
            "jvagent/mine",
            "jvagent/serper_web_search",
        )
    )
    root = write(
        {
            "app.yaml": "app: odd\nagents: [acme/bot, acme/quiet]\n",
            "agents/acme/bot/agent.yaml": AGENT.format(ref="acme/bot", actions=listed),
            "agents/acme/quiet/agent.yaml": "agent: acme/quiet\nactions: []\n",
            "agents/acme/quiet/actions/acme/x/info.yaml": PACKAGE.format(
                name="acme/x", pip="pip-x", actions=""
            ),
            "agents/acme/spare/agent.yaml": "agent: acme/spare\nactions: []\n",
            # the folder has another name than the action, and the dependencies make a circle
            f"{local}/acme/some_folder/info.yaml": PACKAGE.format(
                name="acme/named", pip="pip-named>=1", actions="acme/short, jvagent/openai_lm"
            ),
            f"{local}/acme/short/info.yaml": PACKAGE.format(
                name="short", pip="Pip_Short", actions="acme/named"
            ),
            f"{local}/acme/by_folder/info.yaml": "package: {dependencies: {pip: ['pip-folder[a]']}}\n",
            f"{local}/acme/m/info.yaml": PACKAGE.format(name="other/moved", pip="pip-moved", actions=""),
            f"{local}/jvagent/mine/info.yaml": PACKAGE.format(
                name="jvagent/mine", pip="pip-mine", actions=""
            ),
            f"{local}/jvagent/serper/info.yaml": PACKAGE.format(
                name="jvagent/serper_web_search", pip="pip-override", actions=""
            ),
            # nobody lists it, jvagent installs and imports it all the same
            f"{local}/acme/unlisted/info.yaml": PACKAGE.format(
                name="acme/unlisted", pip="pip-unl", actions=""
            ),
            f"{local}/acme/deep/er/info.yaml": PACKAGE.format(name="acme/er", pip="pip-never", actions=""),
            f"{local}/__pycache__/p/info.yaml": PACKAGE.format(name="p", pip="pip-cache", actions=""),
        }
    )

    app, problems = load_app(root, "app", jvagent_version="0.1.7")

    assert [(problem.rule, problem.severity) for problem in problems] == [
        ("JVB206", "warning"),
        ("JVB206", "warning"),
        ("JVB212", "warning"),
    ]
    assert app is not None
    assert [action.id for action in app.unlisted] == ["__pycache__/p", "acme/unlisted"]
    check_same(app, asked(jvagent, root))


def test_a_dependency_may_lie_in_an_agent_that_is_not_listed(jvagent: Path, write: Write) -> None:
    root = write(
        {
            "app.yaml": "app: odd\nagents: [acme/bot]\n",
            "agents/acme/bot/agent.yaml": "agent: acme/bot\nactions: [{action: acme/one}]\n",
            "agents/acme/bot/actions/acme/one/info.yaml": PACKAGE.format(
                name="acme/one", pip="", actions="acme/two"
            ),
            "agents/acme/spare/agent.yaml": "agent: acme/spare\nactions: []\n",
            "agents/acme/spare/actions/acme/two/info.yaml": PACKAGE.format(
                name="acme/two", pip="", actions="jvagent/openai_lm"
            ),
        }
    )
    app, problems = load_app(root, "app", jvagent_version="0.1.7")

    assert [problem.rule for problem in problems] == ["JVB212"]
    assert app is not None
    check_same(app, asked(jvagent, root))


def test_a_core_action_that_is_nowhere_is_skipped_whether_its_entry_is_disabled_or_not(
    jvagent: Path, write: Write
) -> None:
    listed = (
        "  - action: jvagent/openai_lm\n"
        "  - {action: jvagent/gone, context: {enabled: false}}\n"
        "  - {action: jvagent/lost, context: {enabled: 'false'}}\n"
    )
    root = write(
        {
            "app.yaml": "app: odd\nagents: [acme/bot]\n",
            "agents/acme/bot/agent.yaml": AGENT.format(ref="acme/bot", actions=listed),
        }
    )
    app, problems = load_app(root, "app", jvagent_version="0.1.7")

    assert [(p.rule, p.severity, "gone" in p.message) for p in problems] == [
        ("JVB202", "warning", True),
        ("JVB202", "error", False),
    ]
    assert app is not None
    check_same(app, asked(jvagent, root))
