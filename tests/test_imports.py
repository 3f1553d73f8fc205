"""The modules import each other in one direction, and each outside library stands behind one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "jvbundler"

# From the top to the bottom: a module may import from its own layer and from those below it.
LAYERS = (
    ("cli", "__main__"),
    ("deploy", "fleet", "bundler"),
    ("pipeline",),
    ("output", "diff", "runner", "checkers"),
    ("render", "rules"),
    ("project",),
    ("app", "source"),
    ("generated",),
    ("values", "files"),
)
DOORS = {
    "subprocess": {"runner"},
    "click": {"cli"},
    "jinja2": {"render.text.templating", "source.expressions"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def layer_of(module: str) -> int:
    return next(i for i, names in enumerate(LAYERS) if module.split(".")[0] in names)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_one_way(path: Path) -> None:
    name = module_name(path)
    if name in ("", "__init__"):
        return
    for imported in imports(path):
        if imported.startswith("jvbundler."):
            target = imported.removeprefix("jvbundler.")
            assert layer_of(name) <= layer_of(target), f"{name} imports {target}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_each_library_has_one_door(path: Path) -> None:
    name = module_name(path)
    for imported in imports(path):
        doors = DOORS.get(imported.split(".")[0])
        assert doors is None or any(name == d or name.startswith(f"{d}.") for d in doors), (
            f"{name} imports {imported}"
        )


def test_modules_of_deploy_import_each_other_in_no_circle() -> None:
    graph = {module_name(path): own_imports(path) for path in MODULES}
    for name in graph:
        if name.startswith("deploy."):
            assert name not in reachable(graph, name), f"{name} imports itself by way of others"


def test_the_platforms_know_nothing_of_each_other() -> None:
    graph = {module_name(path): own_imports(path) for path in MODULES}
    for one, other in (("kubernetes", "lambda_"), ("lambda_", "kubernetes")):
        for name in graph:
            if name.startswith(f"deploy.{one}."):
                found = [n for n in reachable(graph, name) if n.startswith(f"deploy.{other}.")]
                assert not found, f"{name} imports {found}"


def test_who_only_renders_imports_nothing_of_deploy() -> None:
    graph = {module_name(path): own_imports(path) for path in MODULES}
    found = reachable(graph, "cli.commands.render")
    assert not [name for name in found if name.startswith("deploy.")]


def own_imports(path: Path) -> set[str]:
    """The modules of ours that a module imports, anywhere in it, for types too."""
    known = {module_name(each) for each in MODULES}
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jvbundler."):
            package = (node.module or "").removeprefix("jvbundler.")
            found |= {package, *(f"{package}.{alias.name}" for alias in node.names)} & known
    return found


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    left = list(graph[start])
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += graph[name]
    return found


def test_version_and_help_import_nothing_heavy() -> None:
    code = """
import contextlib, io, sys
from jvbundler.__main__ import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
heavy = {"yaml", "jinja2", "jsonschema", "packaging.requirements", "jvbundler.runner"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    assert done.stdout.strip() == "[]"
