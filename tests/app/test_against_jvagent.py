"""Our reading of an app against jvagent's own loader: the same closure, the same packages."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvbundler.app.catalog import available_versions, load_catalog
from jvbundler.app.load import load_app
from jvbundler.app.model import App, Wish
from jvbundler.app.pip.requirements import merged_requirements
from jvbundler.values.problem import Place
from tests.app.conftest import CHECKOUT, Write

HERE = Path(__file__).parent
# Each release without what it depends on: it runs with what 0.1.7 depends on.
RELEASES = CHECKOUT / ".tools/jvagent-releases"


def run(jvagent: Path, script: str, *arguments: Path, release: str = "") -> Any:
    """What a script prints, run with jvagent 0.1.7, or with the code of another release in its place."""
    environ = {**os.environ, "PYTHONPATH": str(RELEASES / release)} if release else None
    argv = [jvagent.parent / "python", HERE / script, *arguments]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=arguments[0], env=environ)
    return json.loads(ran.stdout.splitlines()[-1])


def asked(jvagent: Path, root: Path) -> dict[str, Any]:
    (answer,) = run(jvagent, "ask_jvagent.py", root)
    assert isinstance(answer, dict)
    return answer


def check_same(ours: App, theirs: dict[str, Any]) -> None:
    """jvagent's log of an installation gives the name of the action without its namespace."""
    wished = [Wish(text, name, Place("jvagent")) for name, text in theirs["wanted"]]
    catalog, _ = load_catalog(theirs["version"], Place("jvagent"))
    assert catalog is not None
    installed = [("jvagent", f"=={catalog.jvagent}"), ("jvspatial", catalog.jvspatial)]
    merged, problems = merged_requirements(wished, installed)
    assert not problems
    assert ours.jvagent_version == theirs["version"]
    assert [action.id for action in ours.actions] == theirs["closure"]
    assert [(one.spec, one.wanted_by) for one in merged] == [
        (one.spec, tuple(sorted({name.partition("/")[2] for name in one.wanted_by})))
        for one in ours.requirements
    ]


@pytest.mark.parametrize("release", available_versions())
def test_each_profile_and_every_core_action_of_each_release(
    release: str, jvagent: Path, tmp_path: Path
) -> None:
    assert (RELEASES / release / "jvagent").is_dir(), "'make tools' brings it"
    profiles = run(jvagent, "make_apps.py", tmp_path, release=release)
    assert {"orchestrator", "minimal", "conversational", "research", "whatsapp_voice"} <= set(profiles)
    catalog, _ = load_catalog(release, Place("app.yaml"))
    assert catalog is not None
    whole = tmp_path / "whole/agents/acme/bot/agent.yaml"
    whole.parent.mkdir(parents=True)
    whole.write_text(
        yaml.safe_dump({"agent": "acme/bot", "actions": [{"action": a} for a in catalog.actions]})
    )
    (tmp_path / "whole/app.yaml").write_text(f"app: acme_app\njvagent: =={release}\nagents: [acme/bot]\n")
    roots = [tmp_path / name for name in (*profiles, "whole")]
    answers = run(jvagent, "ask_jvagent.py", *roots, release=release)

    for root, theirs in zip(roots, answers, strict=True):
        constraint = yaml.safe_load((root / "app.yaml").read_text())["jvagent"]
        is_exact = constraint == f"=={release}"
        assert is_exact or constraint == f"~{release}", "what each scaffold writes"
        app, problems = load_app(root, "made", jvagent_version="" if is_exact else release)
        assert not problems
        assert app is not None
        assert (app.id, app.agents) == ("acme_app", ("acme/bot",))
        assert app.actions
        check_same(app, theirs)
    assert answers[-1]["closure"] == list(catalog.actions)


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
