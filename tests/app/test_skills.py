"""Which skills an agent uses, as jvagent's own orchestrator surfaces them, and what these need."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from jvbundler.app.agents import read_agents
from jvbundler.app.catalog import load_catalog
from jvbundler.app.load import load_app
from jvbundler.app.model import App
from jvbundler.app.skill_front import read_front
from jvbundler.app.skills import active_skills
from jvbundler.source.yaml.file import parse_yaml
from jvbundler.values.problem import Place, Problem
from tests.app.conftest import Write
from tests.app.test_against_jvagent import run

APP = "app: acme\njvagent: ~0.1.7\nagents: [acme/bot]\n"
BOT = "agents/acme/bot"
AGENT = f"{BOT}/agent.yaml"
LETTERS = f"{BOT}/skills/letters"
CLAUDE = "---\nname: letters\ndescription: d\nspec: claude\n---\n"


def agent_yaml(chosen: str = "", *, runs: bool = True, more: str = "") -> str:
    return (
        "agent: acme/bot\nactions:\n"
        f"  - action: jvagent/orchestrator\n    context: {{enabled: true{chosen}}}\n"
        f"  - action: jvagent/code_execution\n    context: {{enabled: {str(runs).lower()}}}\n{more}"
    )


def loaded(root: Path) -> tuple[App, tuple[Problem, ...]]:
    app, problems = load_app(root, "app")
    assert app is not None
    return app, problems


def ours(root: Path) -> dict[str, list[str]]:
    """The active skills of each agent."""
    problems: list[Problem] = []
    top, _ = parse_yaml((root / "app.yaml").read_bytes(), "app.yaml")
    assert top is not None
    catalog, _ = load_catalog("0.1.7", Place("app.yaml"))
    assert catalog is not None
    app, _ = load_app(root, "", jvagent_version="0.1.7")
    assert app is not None
    found = {
        agent.ref: [
            skill.front.name for skill in active_skills(agent, app.actions, catalog, root, "", problems)
        ]
        for agent in read_agents(top, root, "", problems)
    }
    assert not problems
    return found


def skill(name: str, front: str = "") -> str:
    return f"---\nname: {name}\ndescription: d\n{front}---\nText.\n"


OWN = "package: {name: acme/own, archetype: OwnAction}\n"
CODE = "from jvagent.action.base import Action\n\n\nclass OwnAction(Action):\n    pass\n"
FILES = {
    f"{BOT}/skills/letters/SKILL.md": skill("letters", "spec: claude\n"),
    f"{BOT}/skills/other_name/SKILL.md": skill("renamed"),
    f"{BOT}/skills/bare/SKILL.md": "No front matter.\n",
    f"{BOT}/skills/always/SKILL.md": skill("always", "always_active: true\n"),
    f"{BOT}/skills/gated/SKILL.md": skill("gated", "requires-actions: [NoSuchAction]\n"),
    f"{BOT}/skills/met/SKILL.md": skill("met", "requires_actions: OwnAction\n"),
    f"{BOT}/skills/broken/SKILL.md": "---\nname: [\n---\n",
    f"{BOT}/skills/half/SKILL.md": "---\nname: half\n",
    f"{BOT}/skills/list/SKILL.md": "---\n- a\n---\n",
    f"{BOT}/skills/empty/SKILL.md": "---\n---\nText.\n",
    f"{BOT}/skills/no_file/README.md": "",
    f"{BOT}/skills/triage/SKILL.md": skill("triage", "requires-actions: [NoSuchAction]\n"),
    f"{BOT}/actions/acme/own/info.yaml": OWN,
    f"{BOT}/actions/acme/own/__init__.py": "from .own import OwnAction\n",
    f"{BOT}/actions/acme/own/own.py": CODE,
    f"{BOT}/actions/acme/own/skills/charts/SKILL.md": skill("charts"),
    f"{BOT}/actions/acme/unlisted/skills/never/SKILL.md": skill("never"),
}
CHOICES = [
    "",
    ", skills: -all",
    ", skills: []",
    ", skills: none",
    ", skills: [letters, 're*', pdf-generation]",
    ", skills: [nothing]",
    ", denied_skills: ['a*', triage]",
    ", skills: -all, skills_source: app",
    ", skills_source: Library",
    ", skills_source: elsewhere",
]


def test_the_skills_that_jvagents_orchestrator_surfaces(jvagent: Path, write: Write, tmp_path: Path) -> None:
    """Every way to choose, in an app each; one process, as jvagent's import takes most of the time."""
    roots = []
    listed = "  - action: acme/own\n"
    agents = [agent_yaml(chosen, more=listed) for chosen in CHOICES]
    agents += [agent_yaml(runs=False, more=listed), agent_yaml(more=listed).replace("true", "false", 1)]
    agents.append(agent_yaml(more="  - {action: acme/own, context: {enabled: false}}\n"))
    for index, text in enumerate(agents):
        root = write({"app.yaml": APP, AGENT: text, **FILES}).rename(tmp_path / str(index))
        roots.append(root)
    theirs = run(jvagent, "ask_skills.py", *roots)
    assert [ours(root) for root in roots] == theirs
    assert theirs[0]["acme/bot"] == [
        "always",
        "bare",
        "charts",
        "empty",
        "letters",
        "met",
        "pdf-generation",
        "renamed",
    ]
    assert theirs[-2]["acme/bot"] == []


def test_the_skills_of_each_profile(jvagent: Path, tmp_path: Path) -> None:
    profiles = run(jvagent, "make_apps.py", tmp_path)
    roots = [tmp_path / name for name in profiles]
    theirs = run(jvagent, "ask_skills.py", *roots)
    assert [ours(root) for root in roots] == theirs
    assert {"acme/bot"} == {ref for one in theirs for ref in one}


def test_the_skills_of_the_example_app(jvagent: Path) -> None:
    root = Path(__file__).parent / "example_app"
    (theirs,) = run(jvagent, "ask_skills.py", root)
    assert ours(root) == theirs
    assert "pdf-generation" in theirs["jvagent/orchestrator_agent"]


def test_the_programs_and_modules_of_its_scripts(write: Write) -> None:
    files = {
        f"{LETTERS}/SKILL.md": CLAUDE + "```bash\npandoc a.md\n```\n",
        f"{LETTERS}/scripts/make.py": "import docx, helpers\nimport subprocess\nsubprocess.run(['shop'])\n",
        f"{LETTERS}/scripts/helpers.py": "import office.pack\n",
        f"{LETTERS}/office/pack.py": "",
        f"{LETTERS}/run.sh": "npm run x\n",
        f"{LETTERS}/notes.txt": "import numpy\n",
        f"{LETTERS}/.hidden/a.py": "import numpy\n",
    }
    app, problems = loaded(write({"app.yaml": APP, AGENT: agent_yaml(", skills: [letters]"), **files}))
    assert not problems
    assert [(one.name, one.by, one.place) for one in app.programs] == [
        ("pandoc", "the skill letters of acme/bot", Place(f"app/{LETTERS}/SKILL.md", 7, 1)),
        ("npm", "the skill letters of acme/bot", Place(f"app/{LETTERS}/run.sh", 1, 1)),
        ("shop", "the skill letters of acme/bot", Place(f"app/{LETTERS}/scripts/make.py", 3, 17)),
    ]
    assert [(one.name, one.place.line) for one in app.modules] == [("docx", 1)]
    for off in (agent_yaml(", skills: [other]"), agent_yaml(runs=False)):
        app, _ = loaded(write({AGENT: off}))
        assert (app.programs, app.modules) == ((), ())


def test_a_skill_of_jvagents_format_has_no_scripts_but_hooks(write: Write) -> None:
    files = {
        f"{LETTERS}/SKILL.md": skill("letters"),
        f"{LETTERS}/scripts/custom_tools.py": "import docx\n",
        f"{LETTERS}/scripts/make.py": "import numpy\n",
    }
    root = write({"app.yaml": APP, AGENT: agent_yaml(", skills: [letters]"), **files})
    assert loaded(root)[0].modules == ()
    hooks = "  - action: jvagent/interview\n"
    app, _ = loaded(write({AGENT: agent_yaml(", skills: [letters]", runs=False, more=hooks)}))
    assert [one.name for one in app.modules] == ["docx"]


def test_the_packages_that_a_skill_declares_are_installed(write: Write) -> None:
    files = {
        f"{LETTERS}/SKILL.md": CLAUDE,
        f"{LETTERS}/resources/requirements.txt": "python-docx>=1.1  # Word\n-e .\n",
    }
    root = write({"app.yaml": APP, AGENT: agent_yaml(), **files})
    app, problems = loaded(root)
    (docx,) = (one for one in app.requirements if one.name == "python-docx")
    assert docx.wanted_by == ("the skill letters of acme/bot",)
    assert [(one.rule, one.severity) for one in problems] == [("JVB204", "warning")]
    app, problems = loaded(write({AGENT: agent_yaml(runs=False)}))
    assert "python-docx" not in {one.name for one in app.requirements}
    assert not problems


def test_a_skill_of_jvagent_has_the_place_that_turns_it_on(write: Write) -> None:
    app, _ = loaded(write({"app.yaml": APP, AGENT: agent_yaml(", skills: [triage, 'pdf*']")}))
    assert [(one.name, one.instead, one.place) for one in app.modules] == [
        ("markdown", ("pandoc",), Place(f"app/{AGENT}", 4, 47)),
        ("weasyprint", ("pandoc",), Place(f"app/{AGENT}", 4, 47)),
    ]
    source = app.modules[1].source
    assert source is not None
    assert source.file == "jvagent-0.1.7/jvagent/skills/pdf_generation/scripts/render_pdf.py"
    app, _ = loaded(write({AGENT: agent_yaml()}))
    assert {one.place for one in app.modules} == {Place(f"app/{AGENT}", 3, 13)}


def test_files_that_lead_outside(write: Write, tmp_path: Path) -> None:
    secret = {"../secret": "import docx\n"}
    root = write({"app.yaml": APP, AGENT: agent_yaml(), f"{LETTERS}/SKILL.md": CLAUDE, **secret})
    (root / LETTERS / "a.py").symlink_to(tmp_path / "secret")
    app, (problem,) = loaded(root)
    assert (problem.rule, problem.severity) == ("JVB207", "error")
    assert "docx" not in {one.name for one in app.modules}
    (root / LETTERS / "a.py").unlink()
    (root / LETTERS / "SKILL.md").unlink()
    (root / LETTERS / "SKILL.md").symlink_to(tmp_path / "secret")
    assert [one.rule for one in loaded(root)[1]] == ["JVB207"]


def test_scripts_that_cannot_be_read_are_told_of(write: Write) -> None:
    root = write({"app.yaml": APP, AGENT: agent_yaml(), f"{LETTERS}/SKILL.md": CLAUDE})
    (root / LETTERS / "huge.py").write_bytes(b"import docx\n" * 100_000)
    os.mkfifo(root / LETTERS / "pipe.sh")
    (root / LETTERS / "endless.py").symlink_to("/dev/zero")
    (root / LETTERS / "bytes.sh").write_bytes(b"\xff\xfe\npandoc \xff\n")
    (root / LETTERS / "bytes.py").write_bytes(b"\xff\xfe\nimport numpy\n")
    (root / LETTERS / "gone.py").symlink_to("nowhere.py")
    app, problems = loaded(root)
    told = sorted((one.rule, one.severity, one.place.file.rpartition("/")[2]) for one in problems)
    assert told == [
        ("JVB207", "error", "endless.py"),
        ("JVB209", "warning", "huge.py"),
        ("JVB209", "warning", "pipe.sh"),
    ]
    assert [(one.name, one.place.line) for one in app.programs] == [("pandoc", 2)]


@pytest.mark.parametrize(
    "data", [b"\xff\xfe```\x00\n`npm \xff`\n", b"---\n\0\n---\n", b"---\n&a [*a]\n---\n"]
)
def test_a_skill_of_any_bytes(data: bytes, write: Write) -> None:
    root = write({"app.yaml": APP, AGENT: agent_yaml(", skills: [letters]"), f"{LETTERS}/SKILL.md": ""})
    (root / LETTERS / "SKILL.md").write_bytes(data)
    app, problems = loaded(root)
    assert (app.programs, problems) == ((), ())
    assert read_front(data, "x") is None


def test_folders_may_be_nested_deeper_than_pythons_calls(write: Write) -> None:
    root = write({"app.yaml": APP, AGENT: agent_yaml(", skills: [letters]"), f"{LETTERS}/SKILL.md": CLAUDE})
    (root / LETTERS / "circle").symlink_to(".")
    here, levels = Path.cwd(), 1_500
    try:
        os.chdir(root / LETTERS)
        for _ in range(levels):
            Path("d").mkdir()
            os.chdir("d")
        os.chdir(here)
        app, problems = loaded(root)
        assert (app.modules, problems) == ((), ())
    finally:
        os.chdir(here)
        # pytest could not: it calls itself once a level.
        subprocess.run(["rm", "-rf", root / LETTERS], check=True)


def test_a_skill_that_is_a_folder(write: Write) -> None:
    root = write({"app.yaml": APP, AGENT: agent_yaml(), f"{LETTERS}/SKILL.md/x": ""})
    assert [one.rule for one in loaded(root)[1]] == ["JVB209"]


def test_a_name_of_any_length(write: Write) -> None:
    text = f"---\nname: {'x' * 10_000}\nspec: claude\n---\nRun `npm install y`.\n"
    app, _ = loaded(write({"app.yaml": APP, AGENT: agent_yaml(), f"{LETTERS}/SKILL.md": text}))
    assert [one.by for one in app.programs] == [f"the skill {'x' * 100} of acme/bot"]


def test_patterns_without_end_take_no_time(write: Write) -> None:
    many = ", ".join(f"'*{number}'" for number in range(50_000))
    root = write({"app.yaml": APP, AGENT: agent_yaml(f", skills: [letters, {many}]")})
    for number in range(20):
        write({f"{LETTERS}{number}/SKILL.md": skill(f"letters{number}")})
    before = time.process_time()
    assert loaded(root)[1] == ()
    assert time.process_time() - before < 20, "in seconds; minutes without a limit"


def test_patterns_and_values_of_any_kind(write: Write) -> None:
    for value in ("{a: b}", "7", "[{a: b}, null, 3]", "'${SKILLS}'", "{}", "false"):
        more = f", skills: {value}, denied_skills: {value}, skills_source: [a]"
        root = write({"app.yaml": APP, AGENT: agent_yaml(more), f"{LETTERS}/SKILL.md": CLAUDE})
        yaml.safe_load((root / AGENT).read_text())
        assert loaded(root)[1] == ()
