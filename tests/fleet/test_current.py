"""A render is left out only where it would give what is there: any input that changes brings it back."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jvbundler.fleet.current import check_app, record_key, recorded, write_app
from jvbundler.output.drift import Drift
from jvbundler.pipeline.inputs import read_inputs
from jvbundler.pipeline.request import AppFolder, Options, Outcome, Request
from jvbundler.values.problem import InputError, Problem
from tests.fleet.conftest import GOLDEN, MakeApps

REQUEST = Request(Options(environ={"IMAGE_TAG": "7", "HOME": "/home/me"}))
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def app(make_apps: MakeApps) -> AppFolder:
    """An app whose output is current and on record."""
    root = make_apps("sales")[0]
    app = AppFolder(root, str(root), Path("gitops/sales"))
    assert write_app(app, REQUEST).written
    assert is_on_record(app)
    return app


def is_on_record(app: AppFolder, request: Request = REQUEST) -> bool:
    key = record_key(app, request, read_inputs(app, request.templates))
    return bool(key) and recorded(app, key, request.options) is not None


def test_a_file_of_images_that_comes_or_changes_brings_the_render_back(app: AppFolder) -> None:
    file = app.root / "images.yaml"
    file.write_text("dev: {kubernetes: {tag: 1.2.3}}\n")
    assert not is_on_record(app)
    write_app(app, REQUEST)
    assert is_on_record(app)
    rewrite_in_place(str(file), "1.2.3", "1.2.4")
    assert not is_on_record(app)


def append(path: str, text: str) -> None:
    with Path(path).open("a") as stream:
        stream.write(text)


def rewrite_in_place(path: str, old: str, new: str) -> None:
    """An edit of the same length that keeps the time stamp, as a checkout within one second may look."""
    before = Path(path).stat()
    assert len(old) == len(new)
    Path(path).write_text(Path(path).read_text().replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[], object]] = {
    "deploy.yaml": lambda: append("apps/sales/deploy.yaml", "# a comment\n"),
    "deploy.yaml, time and size kept": lambda: rewrite_in_place("apps/sales/deploy.yaml", "DEBUG", "ERROR"),
    "app.yaml": lambda: append("apps/sales/app.yaml", "# a comment\n"),
    "an agent": lambda: append("apps/sales/agents/acme/support/agent.yaml", "# a comment\n"),
    "an agent more": lambda: Path("apps/sales/agents/acme/more").mkdir(),
    "a requirements.txt": lambda: append("apps/sales/requirements.txt", "httpx\n"),
    "a lock": lambda: append("apps/sales/requirements.lock", "httpx==0.27\n"),
    "variables": lambda: append("apps/sales/.env.example", "MORE=1\n"),
    "an .env": lambda: Path("apps/sales/.env").touch(),
    "a large file": lambda: append("apps/sales/model.bin", "x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_of_an_input_brings_the_render_back(app: AppFolder, change: Callable[[], object]) -> None:
    change()
    assert not is_on_record(app)


def test_only_variables_that_the_render_looked_up_count(app: AppFolder) -> None:
    def under(**environ: str) -> Request:
        return REQUEST._replace(options=Options(environ=environ))

    assert is_on_record(app, under(IMAGE_TAG="7", HOME="/elsewhere", SHLVL="2"))
    assert not is_on_record(app, under(IMAGE_TAG="8"))
    assert not is_on_record(app, under())


def test_options_count(app: AppFolder) -> None:
    assert not is_on_record(app, REQUEST._replace(strict=True))
    options = REQUEST.options._replace(assignments=(("image.tag", "9"),))
    assert not is_on_record(app, REQUEST._replace(options=options))
    assert not is_on_record(app._replace(shown_as="./apps/sales"))
    Path("mine").mkdir()
    assert not is_on_record(app, REQUEST._replace(templates=Path("mine")))


@pytest.mark.parametrize("name", ["docker/Dockerfile", "jvbundler.lock.json", "README.md"])
def test_a_file_of_the_output_that_changed_is_seen(app: AppFolder, name: str) -> None:
    append(f"gitops/sales/{name}", " ")
    drift = check_app(app, REQUEST).drift
    assert (drift is None) == (name == "jvbundler.lock.json")  # a space more in it is no drift
    (app.output / name).unlink()
    assert check_app(app, REQUEST).drift


def test_what_is_left_out_says_the_same_as_what_is_rendered(app: AppFolder) -> None:
    def said(outcome: Outcome) -> tuple[tuple[Problem, ...], list[str], Drift | None, tuple[str, ...]]:
        return outcome.problems, sorted(outcome.unchanged), outcome.drift, outcome.written

    append("apps/sales/deploy.yaml", "checks:\n  ignore:\n    - {rule: JVB999, reason: to be warned}\n")
    write_app(app, REQUEST)
    left_out = said(check_app(app, REQUEST)), said(write_app(app, REQUEST))
    for record in Path(os.environ["XDG_CACHE_HOME"], "jvbundler", "records").iterdir():
        record.write_text("[]")
    assert (said(check_app(app, REQUEST)), said(write_app(app, REQUEST))) == left_out
    assert [problem.rule for problem in left_out[0][0]] == ["JVB117"]


@pytest.mark.parametrize("text", ["-r more.in\n", "--requirement=more.in\n"])
def test_an_app_whose_requirements_include_others_is_never_on_record(app: AppFolder, text: str) -> None:
    Path("apps/sales/more.in").write_text("httpx\n")
    append("apps/sales/requirements.txt", text)
    write_app(app, REQUEST)
    assert not is_on_record(app)


def test_a_folder_behind_a_link_is_never_on_record(app: AppFolder) -> None:
    Path("apps/sales/agents/acme/linked").symlink_to("support")
    assert not is_on_record(app)


OPENED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from jvbundler.fleet import current
from jvbundler.output.drift import Drift
from jvbundler.values.problem import InputError
from jvbundler.values.problem import Problem
from jvbundler.fleet.current import check_app
from jvbundler.pipeline.request import AppFolder, Options, Request

app = AppFolder(Path(sys.argv[2]), "app", Path("out"))
options = Options(environ={**os.environ, "IMAGE_TAG": "1"}, config=Path(sys.argv[3]))
seen = set()
sys.addaudithook(lambda event, given: seen.add(str(given[0])) if event == "open" else None)
current.record_key(app, Request(options), current.read_inputs(app, None))
hashed = set(seen)
seen.clear()
current.record_key = lambda *given: ""
current.read_inputs = lambda *given: current.Inputs({}, {}, (), True)
try:
    check_app(app, Request(options))
except Exception as failure:
    print(getattr(failure, "problems", failure), file=sys.stderr)
print(sorted(path for path in seen - hashed if sys.argv[2] in path or path == sys.argv[3]))
print(len([path for path in seen if sys.argv[2] in path]))
"""


@pytest.mark.parametrize(
    "case",
    ["everything", "example-app", "three-environments", "extras-and-patches", "invalid/JVB230-skill"],
)
def test_a_render_opens_no_file_of_the_app_that_the_digest_lacks(case: str, tmp_path: Path) -> None:
    root = GOLDEN / case / "app" if (GOLDEN / case / "app").is_dir() else GOLDEN / "app"
    argv = [sys.executable, "-c", OPENED, str(ROOT), str(root), str(GOLDEN / case / "deploy.yaml")]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    missing, opened = done.stdout.splitlines()
    assert missing == "[]"
    assert int(opened) >= 3, done.stderr


def test_without_a_cache_folder_all_is_rendered(app: AppFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("no-folder")
    folder.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.absolute()))
    assert not is_on_record(app)
    assert write_app(app, REQUEST).unchanged


READ_TWICE = """
import sys
from collections import Counter
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from jvbundler.fleet.current import write_app
from jvbundler.pipeline.request import AppFolder, Options, Request

opened = Counter()
sys.addaudithook(lambda event, given: opened.update([str(given[0])]) if event == "open" else None)
write_app(AppFolder(Path(sys.argv[2]), "app", Path("out")), Request(Options(environ={"IMAGE_TAG": "1"})))
print({Path(path).name: number for path, number in opened.items() if path.startswith(sys.argv[2])})
"""


def test_a_first_render_reads_no_file_of_the_app_for_two_digests(make_apps: MakeApps) -> None:
    root = make_apps("sales")[0].absolute()
    argv = [sys.executable, "-c", READ_TWICE, str(ROOT), str(root)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    numbers = ast.literal_eval(done.stdout)
    assert numbers["app.yaml"] == 2  # once for the digests, once for what it says
    assert max(numbers.values()) == 2


def test_a_render_that_read_a_jvagent_package_is_not_on_record(app: AppFolder) -> None:
    package = app.root / "vendor/jvagent"
    (package / "action").mkdir(parents=True)
    (package / "version.py").write_text('__version__ = "0.1.5"\n')
    options = REQUEST.options._replace(assignments=(("image.jvagent_path", "vendor"),))
    request = REQUEST._replace(options=options)
    with pytest.raises(InputError):
        write_app(app, request)  # the package has none of the actions that the app lists
    action = "package: {{name: jvagent/{0}, archetype: A}}\n"
    for name in ("orchestrator", "openai_lm"):
        (package / "action" / name).mkdir()
        (package / "action" / name / "info.yaml").write_text(action.format(name))
    assert write_app(app, request).written
    assert "'jvagent==0.1.5'" in (app.output / "docker/Dockerfile").read_text()
    assert not is_on_record(app, request)
    rewrite_in_place(str(package / "version.py"), "0.1.5", "0.1.6")
    assert write_app(app, request).written == ("docker/Dockerfile",)
