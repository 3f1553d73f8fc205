"""What is a change, what is none, and how it is called."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.diff.compare import compare
from jvbundler.diff.format import format_json, format_markdown, format_text
from jvbundler.diff.model import dotted

MANIFEST = "kubernetes/rendered/prod/manifest.yaml"
TEMPLATE = "lambda/prod/template.yaml"
TEXTS = st.text(max_size=12)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, width=16), TEXTS)
TREES = st.recursive(
    SCALARS,
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(
            st.sampled_from(["name", "spec", "data", "items", "kind", "x.y"]), children, max_size=4
        ),
    ),
    max_leaves=12,
)
POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: acme}
spec:
  template:
    spec:
      containers:
        - name: web
          image: acme:1
          env:
            - {name: LEVEL, value: low}
            - {name: API_KEY, value: hunter2}
"""


def paths(old: str, new: str, file: str = MANIFEST) -> list[str]:
    return [dotted(field.path) for change in compare({file: old}, {file: new}) for field in change.fields]


@given(st.dictionaries(st.sampled_from([MANIFEST, TEMPLATE, "docker/Dockerfile", "README.md"]), TEXTS))
def test_equal_files_do_not_differ(files: dict[str, str]) -> None:
    assert compare(files, dict(files)) == ()


@given(TREES, TREES)
def test_every_difference_in_meaning_shows_up(old: Any, new: Any) -> None:
    texts = [yaml.safe_dump(tree) for tree in (old, new)]
    changes = compare({MANIFEST: texts[0]}, {MANIFEST: texts[1]})
    is_same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert bool(changes) is (texts[0] != texts[1])
    if not is_same:
        assert [change.action for change in changes] != ["reworded"]


@given(st.text(), st.text(), st.sampled_from([MANIFEST, "docker/Dockerfile", "README.md", "lambda/a.toml"]))
def test_any_text_can_be_compared_and_told(old: str, new: str, file: str) -> None:
    changes = compare({file: old}, {file: new})
    assert bool(changes) is (old != new)
    assert format_text(changes)
    assert format_markdown(changes)
    assert json.loads(format_json(changes))["different"] is (old != new)


def test_items_of_lists_are_matched_by_their_names() -> None:
    new = POD.replace("- name: web", "- {name: proxy, image: proxy:1}\n        - name: web").replace(
        "low", "high"
    )
    container = "spec.template.spec.containers"
    assert paths(POD, new) == [f"{container}[web].env[LEVEL].value", f"{container}[proxy]"]


def test_another_order_of_named_items_is_a_change_of_its_own() -> None:
    old = "apiVersion: v1\nkind: Pod\nspec: {initContainers: [{name: a}, {name: b}]}\n"
    assert paths(old, old.replace("{name: a}, {name: b}", "{name: b}, {name: a}")) == [
        "spec.initContainers.(order)"
    ]


def test_objects_are_told_apart_by_kind_namespace_and_name() -> None:
    two = f"{POD}---\n{POD.replace('name: web, namespace: acme', 'name: other, namespace: acme')}"
    (change,) = compare({MANIFEST: two}, {MANIFEST: POD})
    assert (change.action, change.title) == ("removed", "Deployment acme/other")
    (moved,) = compare({MANIFEST: POD}, {MANIFEST: POD.replace("namespace: acme", "namespace: new")})
    assert (moved.action, moved.title) == ("moved", "Deployment acme/web -> Deployment new/web")


def test_a_number_is_not_the_same_as_its_text_or_as_true() -> None:
    assert paths("a: 1", "a: '1'") == ["a"]
    assert paths("a: 1", "a: true") == ["a"]
    assert paths("a: null", "{}") == ["a"]


def test_comments_and_layout_are_no_change_of_meaning() -> None:
    (change,) = compare({MANIFEST: POD}, {MANIFEST: f"# a comment\n{POD}"})
    assert change.action == "reworded"
    assert "other text, same meaning" in format_text((change,))


def test_cloudformation_functions_read_the_same_in_both_forms() -> None:
    short = "Resources:\n  A:\n    Type: T\n    Properties: {a: !Ref X, b: !GetAtt Y.Arn, c: !Sub 'x${Z}'}\n"
    long = (
        "Resources:\n  A:\n    Type: T\n    Properties:\n      a: {Ref: X}\n"
        "      b: {'Fn::GetAtt': [Y, Arn]}\n      c: {'Fn::Sub': 'x${Z}'}\n"
    )
    assert [change.action for change in compare({TEMPLATE: short}, {TEMPLATE: long})] == ["reworded"]
    text = format_text(compare({TEMPLATE: short}, {TEMPLATE: short.replace("!Ref X", "!Ref W")}))
    assert "Properties.a: !Ref X -> !Ref W" in text


def test_base_and_overlays_are_left_to_the_flat_manifest() -> None:
    base = "kubernetes/base/deployment.yaml"
    new = POD.replace("acme:1", "acme:2")
    changes = compare({MANIFEST: POD, base: POD}, {MANIFEST: new, base: new})
    assert [(change.file, change.action) for change in changes] == [(base, "source"), (MANIFEST, "changed")]
    assert "1 file of kubernetes/base and kubernetes/overlays left out" in format_text(changes)


def test_what_is_no_yaml_is_compared_by_lines() -> None:
    (change,) = compare({MANIFEST: "a: 1\n"}, {MANIFEST: "a: 1\n<<<<<<< HEAD\nb: [\n"})
    assert change.lines == ("+<<<<<<< HEAD", "+b: [")
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    assert compare({MANIFEST: bomb}, {MANIFEST: "a: 1\n"})[0].lines


def test_a_dockerfile_is_compared_by_instructions() -> None:
    old = "FROM python:3.12\n# why\nRUN uv pip install \\\n    'a>=1' \\\n    'b'\nCMD [\"run\"]\n"
    new = old.replace("# why", "# another why").replace("'a>=1'", "'a>=2'")
    (change,) = compare({"docker/Dockerfile": old}, {"docker/Dockerfile": new})
    assert change.lines == (" RUN uv pip install \\", "-    'a>=1' \\", "+    'a>=2' \\")
