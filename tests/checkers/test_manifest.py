from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.checkers.manifest import documents, dotted
from jvbundler.values.problem import Place

MANIFEST = """\
# a comment
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
data:
  created: 2026-11-24
  1: one
---
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  containers:
    - name: first
    - name: second
"""


def test_documents_are_objects_with_kind_and_name() -> None:
    found, problems = documents("base/all.yaml", MANIFEST)
    assert problems == ()
    assert [(document.kind, document.name) for document in found] == [
        ("v1 ConfigMap", "shop"),
        ("apps/v1 Deployment", "web"),
    ]


def test_dates_and_numbers_for_keys_are_strings_as_kubernetes_reads_them() -> None:
    found, _ = documents("base/all.yaml", MANIFEST)
    assert found[0].value["data"] == {"created": "2026-11-24", "1": "one"}


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ((), 11, 1),
        (("metadata", "name"), 13, 12),
        (("spec", "containers", 1, "name"), 17, 7),
        (("spec", "containers", 1, "image"), 17, 7),
        (("spec", "containers", 9), 15, 3),
        (("status",), 11, 1),
    ],
)
def test_a_field_has_a_line_and_a_missing_one_that_of_its_parent(
    path: tuple[str | int, ...], line: int, column: int
) -> None:
    found, _ = documents("base/all.yaml", MANIFEST)
    assert found[1].place(path) == Place("base/all.yaml", line, column)


def test_a_key_written_twice_is_a_problem_at_the_second() -> None:
    _, problems = documents("a.yaml", "kind: A\nspec:\n  size: 1\n  size: 2\n")
    assert [(problem.place.line, problem.message) for problem in problems] == [
        (4, "the key 'size' is written twice; the last one would win")
    ]


def test_a_key_of_a_merge_may_be_overwritten() -> None:
    _, problems = documents("a.yaml", "base: &base {size: 1}\nspec:\n  <<: *base\n  size: 2\n")
    assert problems == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [\n", 2), ("a: b\n\tc: d\n", 2), ("a: !thing b\n", 1), ("? {a: b}\n: c\n", 1), ("\x00", 1)],
)
def test_text_that_is_no_yaml_is_a_problem_with_its_line(text: str, line: int) -> None:
    _, problems = documents("a.yaml", text)
    assert [(problem.rule, problem.place.line) for problem in problems] == [("yaml", line)]
    assert problems[0].message.startswith("not valid YAML: ")


@given(st.dictionaries(st.text(), st.text(), min_size=1))
def test_a_dumped_mapping_is_read_back_and_each_key_is_found(data: dict[str, str]) -> None:
    found, problems = documents("a.yaml", yaml.safe_dump(data))
    assert problems == ()
    assert found[0].value == data
    assert {found[0].place((key,)).line for key in data}


def test_a_path_reads_as_people_write_it() -> None:
    path = ("metadata", "labels", "app.kubernetes.io/name")
    assert dotted(path) == "metadata.labels['app.kubernetes.io/name']"
    assert dotted(("spec", "containers", 0, "image")) == "spec.containers[0].image"
