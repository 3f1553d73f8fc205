"""deploy.yaml is changed where it has to be, and stays the user's everywhere else."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.output.single import write_file
from jvbundler.pipeline.edit import scalar, set_value, unset_value
from jvbundler.values.problem import InputError, OutputRefused

TEXT = """\
# The support agent.
app:
  name: acme   # as the customers know it
environments:
  dev: {}
  staging:
  prod:   # live
    image:
      digest: "old"  # of the last push
    tags:
    - a
    - b

# at the end
protected: [prod]
"""


def changed(before: str, after: str) -> list[str]:
    """The lines that are not in both, as a diff shows them."""
    old, new = before.splitlines(), after.splitlines()
    return [f"-{line}" for line in old if line not in new] + [f"+{line}" for line in new if line not in old]


def test_a_value_is_replaced_and_its_comment_stays() -> None:
    after = set_value(TEXT, ("environments", "prod", "image", "digest"), "new")
    assert changed(TEXT, after) == [
        '-      digest: "old"  # of the last push',
        "+      digest: new  # of the last push",
    ]


def test_a_key_that_is_missing_goes_to_the_end_of_its_section() -> None:
    after = set_value(TEXT, ("environments", "prod", "image", "tag"), "1.0")
    assert changed(TEXT, after) == ['+      tag: "1.0"']
    assert after.index('tag: "1.0"') < after.index("tags:")


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_an_empty_section_gets_its_first_entry(environment: str) -> None:
    after = set_value(TEXT, ("environments", environment, "image", "digest"), "new")
    assert f"  {environment}:\n    image:\n      digest: new\n" in after


def test_a_section_at_the_top_is_added_below_everything() -> None:
    assert set_value(TEXT, ("image", "digest"), "new") == TEXT + "image:\n  digest: new\n"
    assert (
        set_value("# nothing yet\n", ("image", "digest"), "new") == "# nothing yet\nimage:\n  digest: new\n"
    )


def test_braces_are_kept() -> None:
    assert set_value("a: {b: c, d: e}  # x\n", ("a", "b"), "new") == "a: {b: new, d: e}  # x\n"
    assert set_value("a: {b: c}\n", ("a", "d", "e"), "new") == "a: {d: {e: new}, b: c}\n"
    assert set_value("a: {b: {}, c: d}\n", ("a", "b", "e"), "new") == "a: {b: {e: new}, c: d}\n"
    assert set_value("a: {b: , c: d}\n", ("a", "b", "e"), "new") == "a: {b: {e: new}, c: d}\n"
    assert set_value("a: {b: null}\n", ("a", "b", "e", "f"), "new") == "a: {b: {e: {f: new}}}\n"
    assert set_value("a: {}  # x\n", ("a", "b"), "new") == "a:  # x\n  b: new\n"
    assert set_value("\ufeff{a: {b: c}}\n", ("a", "d"), "new") == "\ufeff{a: {d: new, b: c}}\n"


def test_a_file_with_windows_line_ends_keeps_them_where_nothing_changes() -> None:
    assert set_value("a: b\r\nc: d\r\n", ("a",), "new") == "a: new\r\nc: d\r\n"


def test_an_entry_is_removed_and_its_section_stays() -> None:
    assert changed(TEXT, unset_value(TEXT, ("environments", "prod", "tags"))) == [
        "-    tags:",
        "-    - a",
        "-    - b",
    ]
    after = unset_value(TEXT, ("environments", "prod", "image", "digest"))
    assert changed(TEXT, after)[-1] == "+    image: {}"
    assert unset_value(TEXT, ("environments", "prod", "nothing")) == TEXT


UNSET = {
    "an only one in braces": ("s: {a: b}  # x\n", "s: {}  # x\n"),
    "the first in braces": ("s: {a: b, c: d}\n", "s: {c: d}\n"),
    "the last in braces": ("s: {c: d, a: b}\n", "s: {c: d}\n"),
    "one in the middle": ("s: {c: d, a: 'b, {x}', e: f}\n", "s: {c: d, e: f}\n"),
    "a comma at the end": ("s: {c: d, a: b,}\n", "s: {c: d,}\n"),
    "an only one with a comma": ("s: {a: b,}\n", "s: {}\n"),
    "JSON": ('{"s": {"a": "b", "c": "d"}}\n', '{"s": {"c": "d"}}\n'),
    "a line of its own": ("s: {\n  a: b,  # x\n  # y\n  c: d\n}\n", "s: {\n  # y\n  c: d\n}\n"),
    "the last line of braces": ("s: {\n  c: d,  # x\n  a: b  # y\n}\n", "s: {\n  c: d,  # x\n}\n"),
    "braces below their key": ("s:\n  {a: b, c: d}\n", "s:\n  {c: d}\n"),
    "braces with an anchor": ("s: &x {a: b, c: d}\n", "s: &x {c: d}\n"),
    "wide letters before it": ("s: {c: 'ü\U0001f600', a: b}\n", "s: {c: 'ü\U0001f600'}\n"),
    "a byte order mark": ("\ufeff{s: {a: b, c: d}}\n", "\ufeff{s: {c: d}}\n"),
    "a key in quotes": ("s:\n  'a': b\n  c: d\n", "s:\n  c: d\n"),
    "a section in quotes": ('"s":  # x\n  "a": b\n', '"s": {}  # x\n'),
    "a section with an anchor": ("s: &x\n  a: b\n", "s: &x {}\n"),
    "an explicit key": ("s:\n  ? a\n  : b\n  c: d\n", "s:\n  c: d\n"),
    "a text of several lines": ("s:\n  a: b\n    c\n  d: e\n", "s:\n  d: e\n"),
    "a quoted one, less indented": ('s:\n  a: "b\n c"\n  d: e\n', "s:\n  d: e\n"),
    "a literal": ("s:\n  a: |\n    b\n    # text\n\n    c\n\n  d: e\n", "s:\n\n  d: e\n"),
    "a literal at the end": ("s:\n  a: |\n    b\n    # text\n", "s: {}\n"),
    "an alias": ("x: &x b\ns:\n  a: *x\n  c: d\n", "x: &x b\ns:\n  c: d\n"),
    "comments about others": ("s:\n  a: b\n  # c\n  c: d\n", "s:\n  # c\n  c: d\n"),
    "no value": ("s:\n  a:\n  c: d\n", "s:\n  c: d\n"),
    "no line end": ("s:\n  a: b", "s: {}\n"),
    "line ends of Windows": ("s:\r\n  a: b\r\nt: u\r\n", "s: {}\r\nt: u\r\n"),
    "an end of the document": ("---\ns:\n  a: b\n...\n", "---\ns: {}\n...\n"),
}


@pytest.mark.parametrize(("before", "after"), UNSET.values(), ids=UNSET)
def test_an_entry_is_removed_however_it_is_written(before: str, after: str) -> None:
    assert unset_value(before, ("s", "a")) == after


NAMES = st.sampled_from("ABCDEF")
SECTIONS = st.dictionaries(NAMES, st.one_of(st.text(" a#:{},'\"\n", max_size=8), st.integers()), min_size=1)


@given(SECTIONS, st.sampled_from([False, True, None]), st.sampled_from([20, 200]), NAMES)
def test_an_entry_is_removed_of_any_map_that_pyyaml_writes(
    section: dict[str, object], flow: bool | None, width: int, name: str
) -> None:
    text = yaml.safe_dump({"a": {"s": section}, "z": 1}, default_flow_style=flow, width=width)
    rest = {key: value for key, value in section.items() if key != name}
    after = unset_value(text, ("a", "s", name))
    assert yaml.safe_load(after) == {"a": {"s": rest}, "z": 1}
    again = set_value(after, ("a", "s", name), "new")
    assert yaml.safe_load(again) == {"a": {"s": {**rest, name: "new"}}, "z": 1}


@pytest.mark.parametrize(
    "text", ["x: &x {a: b}\ns:\n  <<: *x\n", "s:\n  a: &x b\nt: *x\n", "x: &x {a: b}\ns: *x\n"]
)
def test_an_entry_that_others_share_is_left_to_the_user(text: str) -> None:
    with pytest.raises(InputError):
        unset_value(text, ("s", "a"))


def test_an_entry_is_added_below_a_literal_that_ends_like_a_comment() -> None:
    text = "s:\n  a: |\n    b\n    # text\n# end\n"
    assert set_value(text, ("s", "c"), "d") == "s:\n  a: |\n    b\n    # text\n  c: d\n# end\n"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a: [b]\n", ("a",)),
        ("a: b\n", ("a", "c")),
        ("a: |\n  b\n  c\n", ("a",)),
        ("a: &x {b: c}\nd: *x\n", ("d", "b")),
        ("a: b\n  c\n", ("a",)),
    ],
)
def test_what_cannot_be_changed_safely_is_left_to_the_user(text: str, keys: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        set_value(text, keys, "new")


# What YAML can hold; a lone surrogate is no text.
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(VALUES)
def test_any_value_reads_back_as_it_was_given(value: str) -> None:
    assert yaml.safe_load(f"a: {scalar(value)}")["a"] == value
    after = set_value(TEXT, ("environments", "prod", "environment", "LEVEL"), value)
    assert yaml.safe_load(after)["environments"]["prod"]["environment"]["LEVEL"] == value
    assert unset_value(after, ("environments", "prod", "environment", "LEVEL")).startswith(
        "# The support agent."
    )


def test_on_a_full_disk_deploy_yaml_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "deploy.yaml"
    file.write_text("app: {name: acme}\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
    try:
        with pytest.raises(OutputRefused, match="file too large"):
            write_file(file, "app: {name: other}\n", force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.read_text() == "app: {name: acme}\n"
    assert list(tmp_path.iterdir()) == [file]
