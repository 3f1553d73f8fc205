"""Rules that look at the app folder and at its packages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from jvbundler.app.model import LockState, Module, PipRequirement, Program
from jvbundler.render.docker import render
from jvbundler.rules.debian_packages import NEEDS, needed
from jvbundler.rules.engine import check_project
from jvbundler.values.problem import Place
from tests.rules.projects import ROOT, project, support_app

QUIET = "kubernetes: {enabled: true, registry: {url: r.io}, persistence: {enabled: true}}\n"


def test_an_app_of_more_than_500_mb_is_told_its_largest_part(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "golden/app", tmp_path / "app")
    model = tmp_path / "app/models/embedding.bin"
    model.parent.mkdir()
    with model.open("wb") as file:
        file.truncate(501_000_000)  # a hole: it takes no space on the disk
    (problem,) = check_project(project(QUIET, support_app(tmp_path / "app")))
    assert (problem.rule, problem.place.file) == ("JVB221", "app.yaml")
    assert problem.hint == "move the largest part out: 'models' has 501 MB"


def test_what_the_image_leaves_out_does_not_count(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "golden/app", tmp_path / "app")
    (tmp_path / "app/.git").mkdir()
    with (tmp_path / "app/.git/pack").open("wb") as file:
        file.truncate(501_000_000)
    assert check_project(project(QUIET, support_app(tmp_path / "app"))) == ()


def test_the_table_of_packages_is_by_canonical_name() -> None:
    assert [name for name in NEEDS if canonicalize_name(name) != name] == []
    assert list(NEEDS) == sorted(NEEDS)


def test_a_package_from_git_needs_git_while_it_is_installed() -> None:
    need = needed("shop", "shop @ git+https://git.example.com/acme/shop.git")
    assert need is not None
    assert need.build == ("git",)


def programs(image: str, *names: str) -> tuple[list[str], str]:
    """What the rule finds where the app starts these programs, and the Dockerfile."""
    app = support_app()._replace(programs=tuple(Program(name, "it", Place("a")) for name in names))
    made = project(f"image: {{{image}}}\n{QUIET}", app)
    (dockerfile, _) = render(made)
    return [problem.hint for problem in check_project(made)], dockerfile.text


def test_node_is_installed_for_who_starts_it() -> None:
    found, dockerfile = programs("system_packages: [jq]", "npx", "sh")
    assert found == []
    assert "#   npx: it\n" in dockerfile
    assert "'jq' \\\n      'nodejs' \\\n      'npm' \\\n" in dockerfile


def test_who_names_node_gets_that_alone() -> None:
    found, dockerfile = programs('system_packages: ["nodejs=20.19.2+dfsg-1"]', "npx")
    assert found == []
    assert "'npm'" not in dockerfile
    assert "npx: it" not in dockerfile


def test_programs_of_packages_that_are_named() -> None:
    assert programs("system_packages: [libreoffice]", "soffice")[0] == []
    assert programs("system_packages: [shop-server]", "shop-server")[0] == []
    assert programs("", "soffice", "weasyprint")[0] == [
        "set image.system_packages: [libreoffice]",
        "set image.extra_pip: [weasyprint]",
    ]


def test_a_base_of_ones_own_may_have_any_program() -> None:
    found, dockerfile = programs("base: registry.example.com/acme/base", "npx", "soffice")
    assert found == []
    assert "nodejs" not in dockerfile


def test_a_program_of_a_python_package_that_is_asked_for() -> None:
    app = support_app()
    wanted = PipRequirement("mcp-server_time", "mcp-server-time", ("image.extra_pip",), Place("deploy.yaml"))
    named = Program("mcp_server_time", "it", Place("a"))
    app = app._replace(programs=(named,), requirements=(*app.requirements, wanted))
    assert check_project(project(QUIET, app)) == ()


def modules(image: str, *names: str, lock: LockState | None = None, **changes: Any) -> list[str]:
    """The hints of the rule where a skill of the app imports these modules."""
    found = tuple(Module(name, "it", Place("a", line), ("pandoc",)) for line, name in enumerate(names, 1))
    app = support_app()._replace(modules=found, lock=lock, **changes)
    problems = check_project(project(f"image: {{{image}}}\n{QUIET}", app))
    return [problem.hint for problem in problems if problem.rule == "JVB230"]


def test_modules_that_something_in_the_image_brings() -> None:
    brought = ("httpx", "yaml", "fitz", "pydantic", "jwt", "jvagent", "google")
    assert modules("extra_pip: [x]", *brought) == []
    assert modules("extra_pip: [x]", "docx", "acme_letters") == [
        "set image.extra_pip: [python-docx]",
        "set image.extra_pip: [acme-letters]",
    ]
    assert modules("system_packages: [pandoc]", "docx") == [], "what does as well"
    assert modules("base: example.com/own:1", "docx") == [], "it may have anything"
    assert modules("extra_pip: [x]", "docx", brought=()) == [], "nothing is known of this jvagent"


def test_one_of_the_packages_that_bring_a_module_is_enough() -> None:
    opencv = PipRequirement("opencv-python>=4", "opencv-python", ("it",), Place("a"))
    assert modules("extra_pip: [x]", "cv2") == ["set image.extra_pip: [opencv-python-headless]"]
    assert modules("extra_pip: [x]", "cv2", requirements=(opencv,)) == []


def test_a_lock_has_all_that_is_installed() -> None:
    lock = LockState("", Place("requirements.lock"), "", frozenset(["numpy"]))
    assert modules("extra_pip: [x]", "numpy", "httpx", lock=lock) == ["set image.extra_pip: [httpx]"]
