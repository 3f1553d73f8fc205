"""What may be wrong with an app folder: each mistake is one problem at its place, all in one run."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jvbundler.app.load import load_app
from jvbundler.values.problem import Place, Problem
from tests.app.conftest import Write

APP = "app: demo\nagents:\n  - acme/bot\n"
AGENT = "agent: acme/bot\nactions:\n  - action: acme/hello\n"
INFO = "package:\n  name: acme/hello\n  archetype: Hello\n"
GOOD = {
    "app.yaml": APP,
    "agents/acme/bot/agent.yaml": AGENT,
    "agents/acme/bot/actions/acme/hello/info.yaml": INFO,
}
HELLO = "agents/acme/bot/actions/acme/hello/info.yaml"


def problems_of(root: Path, shown_as: str = "myapp") -> tuple[Problem, ...]:
    return load_app(root, shown_as, jvagent_version="0.1.7")[1]


def only(root: Path, shown_as: str = "myapp") -> tuple[str, str, str, str]:
    (problem,) = problems_of(root, shown_as)
    return str(problem.place), problem.rule, problem.message, problem.hint


def test_a_good_app(write: Write) -> None:
    app, problems = load_app(write(GOOD), "myapp", jvagent_version="0.1.7")
    assert not problems
    assert app is not None
    (action,) = app.actions
    assert (action.id, action.origin) == ("acme/hello", "local")
    assert action.place == Place(f"myapp/{HELLO}", 2, 9)
    assert (app.jvagent_version, app.requires_python) == ("0.1.7", ">=3.10")
    assert (app.requirements_file, app.has_env_file, app.lock, app.variables) == (False, False, None, ())


def test_the_folder_is_not_there(tmp_path: Path) -> None:
    assert only(tmp_path / "gone", "gone")[1:3] == ("JVB200", "'gone' does not exist")


def test_no_app_yaml(tmp_path: Path) -> None:
    place, rule, message, _ = only(tmp_path, ".")
    assert (place, rule, message) == ("app.yaml:1:1", "JVB200", "no app.yaml in '.'")


def test_the_app_is_one_folder_down(write: Write) -> None:
    root = write(GOOD)
    assert "'apps/app'" in only(root.parent, "apps")[3]


def test_the_app_is_two_folders_up(write: Write) -> None:
    root = write(GOOD)
    assert "'myapp/agents/acme/../..'" in only(root / "agents/acme", "myapp/agents/acme")[3]


def test_app_yml(write: Write) -> None:
    assert "rename app.yml" in only(write({"app.yml": APP}))[3]


def test_a_misspelt_agent(write: Write) -> None:
    root = write({**GOOD, "app.yaml": "app: demo\nagents:\n  - acme/bot\n  - acme/bott\n"})
    place, rule, message, hint = only(root)
    assert (place, rule) == ("myapp/app.yaml:4:5", "JVB201")
    assert "'acme/bott' has no folder" in message
    assert hint == "did you mean 'acme/bot'?"


def test_an_agent_without_namespace_and_one_that_is_no_text(write: Write) -> None:
    root = write({**GOOD, "app.yaml": "app: demo\nagents: [bot, {acme: bot}]\n"})
    assert [(p.rule, p.place.column) for p in problems_of(root)] == [("JVB201", 10), ("JVB206", 15)]


def test_an_agent_folder_without_agent_yaml(write: Write) -> None:
    root = write({"app.yaml": APP, "agents/acme/bot/README.md": ""})
    assert "has no agent.yaml" in only(root)[2]


def test_actions_that_nobody_provides(write: Write) -> None:
    agent = f"{AGENT}  - action: acme/helo\n  - action: jvagent/openai\n  - action: orchestrator\n"
    found = problems_of(write({**GOOD, "agents/acme/bot/agent.yaml": agent}))
    assert [(str(p.place), p.rule) for p in found] == [
        (f"myapp/agents/acme/bot/agent.yaml:{line}:13", "JVB202") for line in (4, 5, 6)
    ]
    assert found[0].hint == "did you mean 'acme/hello'?"
    assert found[2].hint == "did you mean 'jvagent/orchestrator'?"


def test_a_dependency_that_nobody_provides(write: Write) -> None:
    place, rule, message, _ = only(
        write({**GOOD, HELLO: INFO + "  dependencies:\n    actions: [acme/gone]\n"})
    )
    assert (place, rule) == (f"myapp/{HELLO}:5:15", "JVB202")
    assert "'acme/hello' depends on action 'acme/gone'" in message


def test_an_action_of_another_agent_is_not_found_by_jvagent(write: Write) -> None:
    root = write(
        {
            **GOOD,
            "app.yaml": APP + "  - acme/two\n",
            "agents/acme/two/agent.yaml": "agent: acme/two\nactions:\n  - action: acme/hello\n",
        }
    )
    (problem,) = problems_of(root)
    assert (problem.rule, problem.severity) == ("JVB202", "warning")
    assert problem.place == Place("myapp/agents/acme/two/agent.yaml", 3, 13)
    assert problem.related == (Place(f"myapp/{HELLO}", 2, 9),)


def test_a_conflict_with_a_core_action_names_both_files(write: Write) -> None:
    agent = AGENT + "  - action: jvagent/openai_lm\n"
    info = INFO + "  dependencies:\n    pip:\n      - openai<1\n"
    (problem,) = problems_of(write({**GOOD, "agents/acme/bot/agent.yaml": agent, HELLO: info}))
    assert problem.rule == "JVB203"
    core = "jvagent-0.1.7/jvagent/action/model/language/openai/info.yaml:33:9"
    assert [str(place) for place in (problem.place, *problem.related)] == [f"myapp/{HELLO}:6:9", core]
    assert "no version of 'openai' can satisfy 'openai<1' (acme/hello," in problem.message


def test_a_conflict_with_deploy_yaml(write: Write) -> None:
    root = write({**GOOD, "requirements.txt": "requests>=2.31\n"})
    extra = [("requests<2.31", Place("deploy.yaml", 7, 9))]
    _, (problem,) = load_app(root, "myapp", jvagent_version="0.1.7", extra_pip=extra)
    assert problem.place == Place("deploy.yaml", 7, 9)
    assert problem.related == (Place("myapp/requirements.txt", 1, 1),)


def test_a_pip_requirement_that_is_none(write: Write) -> None:
    info = INFO + "  dependencies:\n    pip: [requests >> 2, 3]\n"
    found = problems_of(write({**GOOD, HELLO: info}))
    assert sorted((str(p.place), p.rule) for p in found) == [
        (f"myapp/{HELLO}:5:11", "JVB204"),
        (f"myapp/{HELLO}:5:26", "JVB204"),
    ]


def test_an_unknown_jvagent_is_one_problem(write: Write) -> None:
    root = write({**GOOD, "agents/acme/bot/agent.yaml": AGENT + "  - action: jvagent/orchestrator\n"})
    app, (problem,) = load_app(root, "myapp", jvagent_version="9.9")
    assert app is not None
    assert problem.rule == "JVB205"
    assert "0.1.1, 0.1.2" in problem.hint
    assert "image.jvagent_path or --jvagent" in problem.hint


def test_values_of_the_wrong_type(write: Write) -> None:
    root = write(
        {
            "app.yaml": APP + "context: [name]\n",
            "agents/acme/bot/agent.yaml": "agent: acme/bot\nactions:\n  - acme/hello\n  - {acton: x/y}\n",
            HELLO: "package:\n  name: acme/hello\n  dependencies: [requests]\n",
            "agents/acme/bot/actions/acme/two/info.yaml": "name: acme/two\n",
            "agents/acme/bot/actions/acme/six/info.yaml": "package: {name: six, dependencies: {pip: a}}\n",
        }
    )
    found = problems_of(root)
    assert {(str(p.place).removeprefix("myapp/"), p.rule) for p in found} == {
        ("app.yaml:4:10", "JVB206"),
        ("agents/acme/bot/agent.yaml:3:5", "JVB206"),
        ("agents/acme/bot/agent.yaml:4:5", "JVB206"),
        (f"{HELLO}:3:17", "JVB206"),
        ("agents/acme/bot/actions/acme/two/info.yaml:1:1", "JVB206"),
        ("agents/acme/bot/actions/acme/six/info.yaml:1:42", "JVB206"),
    }
    assert all(problem.is_error for problem in found)


def test_no_package_name_goes_by_the_folder(write: Write) -> None:
    app, (problem,) = load_app(
        write({**GOOD, HELLO: "package:\n  archetype: Hello\n"}), "", jvagent_version="0.1.7"
    )
    assert app is not None
    assert [action.id for action in app.actions] == ["acme/hello"]
    assert (problem.rule, problem.severity, str(problem.place)) == ("JVB206", "warning", f"{HELLO}:1:1")


def test_the_same_broken_file_twice_has_two_places(write: Write) -> None:
    broken = "package: {dependencies: []\n"
    root = write({**GOOD, **{f"agents/acme/bot/actions/acme/{name}/info.yaml": broken for name in "xy"}})
    files = [problem.place.file for problem in problems_of(root)]
    assert files == [f"myapp/agents/acme/bot/actions/acme/{name}/info.yaml" for name in "xy"]


def test_an_agent_that_leads_outside(write: Write) -> None:
    root = write(
        {**GOOD, "app.yaml": "agents: [../../elsewhere/bot]\n", "../elsewhere/bot/agent.yaml": AGENT}
    )
    place, rule, message, _ = only(root)
    assert (place, rule) == ("myapp/app.yaml:1:10", "JVB207")
    assert "leads outside the app" in message


def test_an_action_folder_that_links_outside(write: Write) -> None:
    root = write({**GOOD, "../elsewhere/info.yaml": INFO.replace("hello", "linked")})
    (root / "agents/acme/bot/actions/acme/linked").symlink_to(root.parent / "elsewhere")
    assert only(root)[:2] == ("myapp/agents/acme/bot/actions/acme/linked/info.yaml:1:1", "JVB207")


def test_a_link_that_stays_inside_is_fine(write: Write) -> None:
    root = write({**GOOD, "shared/linked/info.yaml": INFO.replace("hello", "linked")})
    (root / "agents/acme/bot/actions/acme/linked").symlink_to(root / "shared/linked")
    app, problems = load_app(root, "myapp", jvagent_version="0.1.7")
    assert not problems
    assert app is not None
    assert [action.id for action in app.unlisted] == ["acme/linked"]


def test_two_actions_with_one_name(write: Write) -> None:
    (problem,) = problems_of(write({**GOOD, "agents/acme/bot/actions/acme/copy/info.yaml": INFO}))
    assert problem.rule == "JVB208"
    assert problem.place == Place(f"myapp/{HELLO}", 2, 9)
    assert problem.related == (Place("myapp/agents/acme/bot/actions/acme/copy/info.yaml", 2, 9),)


def test_two_agents_with_a_copy_each_are_what_jvagent_expects(write: Write) -> None:
    root = write(
        {
            **GOOD,
            "app.yaml": APP + "  - acme/two\n",
            "agents/acme/two/agent.yaml": AGENT.replace("acme/bot", "acme/two"),
            "agents/acme/two/actions/acme/hello/info.yaml": INFO + "  dependencies: {pip: [requests]}\n",
        }
    )
    app, problems = load_app(root, "myapp", jvagent_version="0.1.7")
    assert not problems
    assert app is not None
    assert [(one.spec, one.wanted_by) for one in app.requirements] == [("requests", ("acme/hello",))]
    assert len(app.actions[0].entries) == 2


def test_a_file_that_cannot_be_read(write: Write) -> None:
    root = write({"app.yaml": APP, "agents/acme/bot/agent.yaml/oops": ""})
    assert only(root)[:2] == ("myapp/agents/acme/bot/agent.yaml:1:1", "JVB209")


def test_what_may_not_be_read() -> None:
    """As root nothing is forbidden, so the test gives its rights up for a moment."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        for file, content in GOOD.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(content)
        (root / "agents/acme/bot/agent.yaml").chmod(0)
        (root / "agents/acme/bot/actions").chmod(0)
        was = os.geteuid()
        try:
            os.seteuid(was or 65534)
            found = problems_of(root)
        finally:
            os.seteuid(was)
            (root / "agents/acme/bot/actions").chmod(0o755)
    assert [(str(p.place), p.rule) for p in found] == [
        ("myapp/agents/acme/bot/agent.yaml:1:1", "JVB209"),
        ("myapp/agents/acme/bot/actions:1:1", "JVB209"),
    ]
    assert "permission denied" in found[0].message


def test_an_agent_that_calls_itself_otherwise(write: Write) -> None:
    root = write({**GOOD, "agents/acme/bot/agent.yaml": AGENT.replace("acme/bot", "acme/rob")})
    (problem,) = problems_of(root)
    assert (problem.rule, problem.severity) == ("JVB206", "warning")
    assert problem.hint == "write 'agent: acme/bot'"


# JSON text is YAML text as long as no character needs two escapes.
ANY = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12)


@settings(deadline=None, max_examples=50)
@given(ref=ANY, action=ANY, pip=ANY, line=ANY)
def test_no_text_makes_it_crash(ref: str, action: str, pip: str, line: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for file, content in GOOD.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(content)
        (root / "app.yaml").write_text(f"{APP}  - {json.dumps(ref)}\n", "utf-8")
        (root / "agents/acme/bot/agent.yaml").write_text(
            f"{AGENT}  - action: {json.dumps(action)}\n", "utf-8"
        )
        dependencies = json.dumps({"pip": [pip], "actions": [action]})
        (root / HELLO).write_text(f"{INFO}  dependencies: {dependencies}\n", "utf-8")
        (root / "requirements.txt").write_text(f"{line}\n-r {line}\n-r a\0b\n", "utf-8")
        app, problems = load_app(root, "myapp", jvagent_version="0.1.7")
    assert app is not None
    assert any(problem.rule == "JVB204" for problem in problems)


def test_agents_that_are_not_listed_are_one_warning(write: Write) -> None:
    others = {f"agents/{ref}/agent.yaml": AGENT for ref in ("acme/two", "acme/one", "beta/bot")}
    place, rule, message, _ = only(write({**GOOD, **others, "agents/acme/no_agent/notes.txt": ""}))
    assert (place, rule) == ("myapp/app.yaml:2:1", "JVB212")
    assert message.endswith("not in the image: acme/one, acme/two, beta/bot")


def test_an_app_that_lists_no_agent(write: Write) -> None:
    assert only(write({**GOOD, "app.yaml": "app: demo\n"}))[:2] == ("myapp/app.yaml:1:1", "JVB212")


def test_what_is_missing_in_a_wrong_list_may_be_misspelt(write: Write) -> None:
    for agents in ("acme/bot", "[acme/bott]", "[{acme/bot: }]"):
        found = problems_of(write({**GOOD, "app.yaml": f"agents: {agents}\n"}))
        assert "JVB212" not in [problem.rule for problem in found]


def test_everything_in_one_run(write: Write) -> None:
    root = write(
        {
            "app.yaml": APP + "  - acme/gone\n",
            "agents/acme/bot/agent.yaml": AGENT + "  - action: acme/nowhere\n",
            HELLO: INFO + "  dependencies: {pip: [a<1, 'a>1', '???']}\n",
            "requirements.txt": "-e .\n--index-url https://index.example/simple\n",
        }
    )
    assert sorted(problem.rule for problem in problems_of(root)) == [
        "JVB201", "JVB202", "JVB203", "JVB204", "JVB204", "JVB204",
    ]  # fmt: skip
