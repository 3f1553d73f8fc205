"""The app's requirements.txt: what is installed, what is left out, what is refused."""

from __future__ import annotations

from jvbundler.app.load import load_app
from jvbundler.app.model import App
from jvbundler.values.problem import Problem
from tests.app.conftest import Write


def loaded(write: Write, content: str, **files: str) -> tuple[App, tuple[Problem, ...]]:
    more = {name.replace("__", "/"): text for name, text in files.items()}
    root = write({"app.yaml": "app: demo\n", "requirements.txt": content, **more})
    app, problems = load_app(root, "myapp", jvagent_version="0.1.7")
    assert app is not None
    assert app.requirements_file
    return app, problems


def test_lines_comments_and_continuations(write: Write) -> None:
    app, problems = loaded(
        write,
        "# ours\n\nRequests>=2.31  # http\nmarkdown[extra] \\\n  >=3.5\n"
        "tool @ https://files.example/tool.zip#sha256=abc\n",
    )
    assert not problems
    assert [(one.spec, one.place.line) for one in app.requirements] == [
        ("markdown[extra]>=3.5", 4),
        ("requests>=2.31", 3),
        ("tool @ https://files.example/tool.zip#sha256=abc", 6),
    ]
    assert {one.wanted_by for one in app.requirements} == {("requirements.txt",)}


def test_files_included_inside_the_app(write: Write) -> None:
    root = write(
        {
            "app.yaml": "app: demo\n",
            "requirements.txt": "-r more/base.txt\na\n",
            "more/base.txt": "b\n-r ../requirements.txt\n--requirement=extra.txt",
            "more/extra.txt": "c\n",
        }
    )
    app, problems = load_app(root, "myapp", jvagent_version="0.1.7")
    assert not problems
    assert app is not None
    assert [(one.name, str(one.place)) for one in app.requirements] == [
        ("a", "myapp/requirements.txt:2:1"),
        ("b", "myapp/more/base.txt:1:1"),
        ("c", "myapp/more/extra.txt:1:1"),
    ]


def test_an_include_outside_and_one_that_is_missing(write: Write) -> None:
    _, problems = loaded(write, "-r ../secret.txt\n-r gone.txt\n")
    assert [(p.rule, p.place.line) for p in problems] == [("JVB207", 1), ("JVB204", 2)]


def test_options_are_left_out_with_a_warning(write: Write) -> None:
    app, problems = loaded(write, "--index-url https://x.example\na==1 --hash=sha256:00\n-c pins.txt\n")
    assert [one.spec for one in app.requirements] == ["a==1"]
    assert [(p.rule, p.severity, p.place.line) for p in problems] == [
        ("JVB204", "warning", line) for line in (1, 2, 3)
    ]


def test_what_has_no_name_is_refused(write: Write) -> None:
    lines = [
        "-e .",
        "./local",
        "git+https://git.example/a.git",
        "https://files.example/a.whl",
        "dist/a-1.whl",
    ]
    app, problems = loaded(write, "\n".join(lines))
    assert not app.requirements
    assert [(p.rule, p.severity, p.place.line) for p in problems] == [
        ("JVB204", "error", line) for line in (1, 2, 3, 4, 5)
    ]


def test_not_utf8(write: Write) -> None:
    root = write({"app.yaml": "app: demo\n"})
    (root / "requirements.txt").write_bytes(b"caf\xe9\n")
    _, (problem,) = load_app(root, "myapp", jvagent_version="0.1.7")
    assert (problem.rule, str(problem.place)) == ("JVB204", "myapp/requirements.txt:1:1")
