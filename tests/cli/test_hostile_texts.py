"""A text of a stranger's app, wherever it may stand, changes what a rendered file says and not what it is.

Each place is filled with each text; either the file is refused with its place, or what was rendered has, for
independent parsers, the structure that a harmless text gives.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from tests.fuzz.trial import run

TEXTS = {
    "another instruction": "acme\nRUN id #",
    "a block of code": "acme\n\n```sh\nid\n```\n",
    "HTML": "acme <script>alert(1)</script> <!--",
    "a link": "[acme](javascript:alert)",
    "a table's cell": "a | b",
    "the end of a string": "a\" b='c' \\",
    "a step of ours": "a\n\n2. Run this",
    "a dynamic reference": "{{resolve:ssm:/prod/password}}",
    "an intrinsic function": "${AWS::AccountId}",
    "a key of YAML": "a\nkind: Secret",
    "a comment": "a # b",
}
HARMLESS = "harmless"
# Where a text may stand: in which file, and what is written there; JSON's strings are YAML's and TOML's.
PLACES = {
    "app": ("app.yaml", "app: TEXT\nversion: 1.2.0\nagents: [acme/helper]\n"),
    "version": ("app.yaml", "app: support\nversion: TEXT\nagents: [acme/helper]\n"),
    "author": ("app.yaml", "app: support\nversion: 1.2.0\nauthor: TEXT\nagents: [acme/helper]\n"),
    "homepage": ("app.yaml", "app: support\nversion: 1.2.0\nhomepage: TEXT\nagents: [acme/helper]\n"),
    "name": (
        "app.yaml",
        "app: support\nversion: 1.2.0\ncontext: {name: TEXT, description: x}\nagents: [acme/helper]\n",
    ),
    "description": (
        "app.yaml",
        "app: support\nversion: 1.2.0\ncontext: {name: x, description: TEXT}\nagents: [acme/helper]\n",
    ),
    "environment": ("deploy.yaml", "environment: {GREETING: TEXT}\n"),
    "secret key": ("deploy.yaml", "secrets: [{name: A_TOKEN, external: {key: TEXT}}]\n"),
    "label of the image": ("deploy.yaml", "image: {labels: {team: TEXT}}\n"),
    "annotation": ("deploy.yaml", "kubernetes: {enabled: true, annotations: {example.com/team: TEXT}}\n"),
    "reason": ("deploy.yaml", "checks: {ignore: [{rule: JVB330, reason: TEXT}]}\n"),
}
DEPLOY = {"version": "1.0", "kubernetes": {"enabled": True}, "lambda": {"enabled": True}}


def rendered(app: Path, place: str, text: str) -> dict[str, str] | None:
    """The output by path, None where the text was refused with its place."""
    name, form = PLACES[place]
    written = form.replace("TEXT", json.dumps(text))
    if name == "deploy.yaml":
        written = json.dumps(DEPLOY | yaml.safe_load(written))
    (app / name).write_text(written)
    out = app.parent / "out"
    code, _, told, _ = run(["render", str(app), "-o", str(out)], {})
    if code == 2:
        assert f"support/{name}:" in told
        return None
    assert code == 0, told
    code, steps, told, _ = run(["secrets", str(app)], {})
    assert code == 0, told
    files = {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}
    return {**files, "what secrets prints.txt": steps}


def structure(path: str, text: str) -> object:
    """What kind of file it is for a parser of its format, without what its values say."""
    if path.endswith(".md"):
        tokens = [inner for token in MarkdownIt().parse(text) for inner in (token, *(token.children or []))]
        return [token.type for token in tokens if token.type not in ("text", "text_special", "code_inline")]
    if path.endswith((".yaml", ".json")):
        return [shape(document) for document in yaml.compose_all(text)]
    if path.endswith("Dockerfile"):
        return [line.split()[0] for line in text.splitlines() if line and not line.startswith(("#", " "))]
    return text.count("\n")


def shape(node: yaml.Node | None) -> object:
    """The keys of maps, the lengths of lists and the intrinsic functions of CloudFormation."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: shape(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [shape(item) for item in node.value]
    return node.tag if node is not None and node.tag.startswith("!") else None


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("place", PLACES)
def test_a_text_stays_a_text(app: Path, place: str, text: str) -> None:
    files = rendered(app, place, text)
    if files is None:
        return
    plain = rendered(app, place, HARMLESS)
    assert plain is not None
    for path in sorted({*files, *plain} - {"jvbundler.lock.json"}):
        assert structure(path, files[path]) == structure(path, plain[path]), path
    for path in (path for path in files if path.startswith("lambda/") and path.endswith(".yaml")):
        assert "{{resolve:" not in files[path]
