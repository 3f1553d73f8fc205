"""What the README and the docs show is what happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tests.golden.cases import GOLDEN, ROOT, environ, jvbundler

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(marker: str) -> list[tuple[str, str]]:
    """The code blocks behind `<!-- marker: argument -->` with that argument."""
    found = re.findall(rf"<!-- {marker}(?:: (\S+))? -->\n```\w*\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no block marked '{marker}'"
    return found


def app(folder: Path) -> Path:
    return Path(shutil.copytree(GOLDEN / "app", folder / "app"))


def test_the_excerpt_is_what_is_rendered() -> None:
    for file, excerpt in blocks("excerpt"):
        assert excerpt in (ROOT / file).read_text(encoding="utf-8")


def test_the_example_renders_without_a_finding(tmp_path: Path) -> None:
    for _, example in blocks("run"):
        folder = app(tmp_path)
        (folder / "deploy.yaml").write_text(example, encoding="utf-8")
        done = jvbundler("render", "--strict", cwd=folder, env=environ("minimal"))
        assert done.stderr == ""


def test_the_problem_is_told_in_the_words_of_the_readme(tmp_path: Path) -> None:
    for case, words in blocks("problems"):
        folder = app(tmp_path)
        shutil.copy(ROOT / case / "deploy.yaml", folder)
        done = jvbundler("render", cwd=folder, env=environ("minimal"), expected=(2,))
        assert words.strip() in done.stderr


def pasted(marker: str, cwd: Path) -> None:
    """The block behind that marker, in a shell."""
    for _, script in blocks(marker):
        env = {**environ("minimal"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        command = ["bash", "-euc", script]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


def test_the_first_commands_work_on_an_app_as_it_is(tmp_path: Path) -> None:
    folder = app(tmp_path).rename(tmp_path / "my-app")
    pasted("first", tmp_path)
    assert (folder / "deploy/docker/Dockerfile").is_file()
    pasted("check", folder)


def test_the_command_for_many_apps(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = app(tmp_path).rename(tmp_path / name)
        jvbundler("init", cwd=folder, env=environ("minimal"))
    (tmp_path / "apps").mkdir()
    for name in ("one", "two"):
        (tmp_path / name).rename(tmp_path / "apps" / name)
    pasted("many", tmp_path)
    assert sorted(folder.name for folder in (tmp_path / "gitops").iterdir()) == ["one", "two"]


def test_both_ways_to_install_it(tmp_path: Path) -> None:
    [(_, script)] = blocks("install")
    checkout = tmp_path / "checkout"
    left_out = shutil.ignore_patterns(".*", "golden", "tests", "dist", "__pycache__")
    shutil.copytree(ROOT, checkout, ignore=left_out, symlinks=True)
    subprocess.run([sys.executable, "-m", "build", "--wheel", checkout], check=True, capture_output=True)
    for number, line in enumerate(script.splitlines()):
        folder = tmp_path / f"venv{number}"
        venv.create(folder, with_pip=True)
        env = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
        env |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))}
        for command in (line, "jvbundler --version"):
            done = subprocess.run(
                ["bash", "-euc", command], cwd=checkout, env=env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_what_make_is_asked_for_exists() -> None:
    [(_, script)] = blocks("make")
    for line in script.splitlines():
        target = line.split()[1]
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


# Each command of the tables, as it runs without a cluster, an account, docker and the network, with its exit
# code there; what it does with them is the matter of tests/deploy, tests/aws, tests/talk and tests/e2e.
RUNS = {
    "init": ("init --all --force", 0),
    "next": ("next", 1),
    "render": ("render", 0),
    "diff": ("diff", 0),
    "validate": ("validate", 0),
    "show": ("show -e default --graph", 0),
    "secrets": ("secrets", 0),
    "migrate": ("migrate", 0),
    "explain": ("explain kubernetes.autoscaling", 0),
    "schema": ("schema", 0),
    "rules": ("rules JVB104", 0),
    "completion": ("completion bash", 0),
    "templates": ("templates list", 0),
    "lock": ("lock --set image.index_url=http://127.0.0.1:1/simple", 4),
    "build": ("build --dry-run", 0),
    "push": ("push --dry-run --set kubernetes.registry.url=ghcr.io/acme", 0),
    "dev": ("dev --venv", 2),
    "run": ("run --dry-run", 0),
    "handover": (
        "handover argocd --dry-run --context c --set gitops.argocd.enabled=true "
        "--set gitops.repo_url=https://git.example.com/acme/gitops.git",
        0,
    ),
    "hydrate": ("hydrate --branch environment/prod", 4),
    "publish": ("publish oci://ghcr.io/acme/deploy --tag prod", 4),
    "ci": ("ci jenkins --stdout", 0),
    "image": ("image show --offline", 0),
    "deploy": ("deploy k8s --dry-run --context c", 0),
    "chat": ("chat local", 2),
    "invoke": ("invoke local Hello", 2),
    "status": ("status k8s --context c", 4),
    "logs": ("logs lambda --dry-run", 0),
    "open": ("open k8s --context c", 4),
    "rollback": ("rollback k8s --dry-run --context c", 0),
    "destroy": ("destroy k8s --dry-run --context c", 0),
    "env": ("env list lambda", 0),
    "doctor": ("doctor", 4),
    "bundle": ("bundle", 0),
}


def test_every_command_of_the_tables_runs(tmp_path: Path) -> None:
    cells = re.findall(r"^\| (`jvbundler .*?) \| ", README, re.MULTILINE)
    named = {word for cell in cells for span in re.findall(r"`([^`]*)`", cell) for word in span.split()}
    assert named & {*RUNS} == {*RUNS}
    assert len(cells) == len([cell for cell in cells if {*re.findall(r"[a-z]+", cell)} & {*RUNS}])
    folder = app(tmp_path)
    no_tools = {**environ("minimal"), "PATH": str(tmp_path / "nothing")}
    for words, code in RUNS.values():
        env = environ("minimal") if words == "validate" else no_tools
        jvbundler(*words.split(), cwd=folder, env=env, expected=(code,))


def prose(page: Path) -> str:
    """The text of a page without its code."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"(`+).*?\1", "", text)


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?:|#)([\w./-]+)", prose(page)):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_stands_in_the_readme() -> None:
    help_text = jvbundler("--help", cwd=ROOT, env=environ("minimal")).stdout
    commands = re.findall(r"^  ([a-z]+)  ", help_text, re.MULTILINE)
    assert commands
    assert [c for c in commands if not re.search(rf"[`, ]{c}[` ,]", README)] == []
