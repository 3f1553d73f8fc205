"""What the scripts of a skill start and import, by their text."""

from __future__ import annotations

import pytest

from jvbundler.app.scripts import uses_of_markdown, uses_of_python, uses_of_shell


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```bash\n$ pandoc a && sudo soffice b | jq .\n```", ["pandoc", "soffice", "jq"]),
        ("```sh\nx=$(pdftotext a -)\necho pandoc\n```", ["pdftotext"]),
        ("~~~console\nffmpeg -i a\n~~~", ["ffmpeg"]),
        ("```python\nnode = graph.node\n```", []),
        ("```\ngit tree\n```", []),
        ("Run `npm install -g docx`, not pandoc.", ["npm"]),
        ("A `node` of the graph.", []),
        ("```bash\npython scripts/pandoc.py\n```", []),
        ("```bash\ncat > a.md <<'EOF'\npandoc is a program\nEOF\nqpdf a\n```", ["qpdf"]),
        ("```sh\nx <<A\n```\nRun `pandoc a`.", ["pandoc"]),
    ],
)
def test_the_commands_of_a_skill(text: str, found: list[str]) -> None:
    assert [use.name for use in uses_of_markdown(text).programs] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#!/bin/sh\n# pandoc a\npandoc a\n", [("pandoc", 3, 1)]),
        ("if command -v soffice; then rsvg-convert a; fi", [("soffice", 1, 15), ("rsvg-convert", 1, 29)]),
        ("cat <<-END\n  pandoc a\n  END\ngit status", [("git", 4, 1)]),
        ("my_pandoc a\npandoc2 b\nfunction x", []),
    ],
)
def test_a_shell_script(text: str, found: list[tuple[str, int, int]]) -> None:
    assert [tuple(use) for use in uses_of_shell(text).programs] == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('import subprocess\nsubprocess.run(["shop", "-x"])', ["shop"]),
        ('import subprocess as sp\nsp.check_output(("shop",))', ["shop"]),
        ('from subprocess import run as go\ngo("pandoc a | jq .", shell=True)', ["pandoc", "jq"]),
        ('import os\nos.system("soffice --headless")', ["soffice"]),
        ('import asyncio\nasyncio.create_subprocess_exec("shop", "a")', ["shop"]),
        ('import shutil\nshutil.which("pdftoppm") or shutil.which("gtimeout")', ["pdftoppm"]),
        ('import subprocess\ncommand = ["pandoc", name]\nrun(command)', ["pandoc"]),
        ('import subprocess\nwords = ["shop", name]', []),
        ('words = ["pandoc", name]', []),
        ('import subprocess\nsubprocess.run([sys.executable, "x"])\nsubprocess.run(["./own", "/bin/x"])', []),
        ('import subprocess\nsubprocess.run(["open", "a.pdf"])', []),
        ('runner.run(["shop"])', []),
        ('def run(x): ...\nrun(["shop"])', []),
    ],
)
def test_the_programs_of_a_python_script(source: str, found: list[str]) -> None:
    assert [use.name for use in uses_of_python(source.encode()).programs] == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os, docx.shared\nfrom PIL import Image", ["docx", "PIL"]),
        ("from . import helpers\nfrom .own import x", []),
        ("def late():\n    import numpy as np", ["numpy"]),
        ("try:\n    import numpy\nexcept ImportError:\n    numpy = None", []),
        ("try:\n    import numpy\nexcept (ValueError, Exception):\n    pass", []),
        ("try:\n    import numpy\nexcept ImportError:\n    print('install it')\n    sys.exit(1)", ["numpy"]),
        ("try:\n    import numpy\nexcept ImportError as e:\n    raise SystemExit('no') from e", ["numpy"]),
        ("try:\n    import numpy\nexcept ValueError:\n    pass", ["numpy"]),
        ("if TYPE_CHECKING:\n    import numpy\nelse:\n    import docx", ["docx"]),
        ("import typing\nif typing.TYPE_CHECKING:\n    import numpy", []),
    ],
)
def test_the_modules_of_a_python_script(source: str, found: list[str]) -> None:
    assert [use.name for use in uses_of_python(source.encode()).modules] == found


def test_places_count_from_one() -> None:
    uses = uses_of_python(b'import subprocess\n\nif x:\n    subprocess.run(["shop"])\n    import docx\n')
    assert [tuple(use) for use in (*uses.programs, *uses.modules)] == [("shop", 4, 21), ("docx", 5, 5)]


@pytest.mark.parametrize(
    "source",
    [b"def", b"\xff\xfe", b"import a\0", b"(" * 10_000, b"a" + b"+a" * 500_000, b"- " * 400_000 + b"1"],
)
def test_what_is_no_python_uses_nothing(source: bytes) -> None:
    uses = uses_of_python(source)
    assert (uses.programs, uses.modules) == ((), ())
