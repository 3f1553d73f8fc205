"""What the reader makes of good YAML and of every kind of bad YAML."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from jvbundler.source.yaml.file import MAX_BYTES, parse_yaml, read_yaml
from jvbundler.values.node import find, plain
from jvbundler.values.problem import Place


def value_of(text: str) -> object:
    node, problems = parse_yaml(text.encode(), "deploy.yaml")
    assert not problems
    assert node is not None
    return plain(node)


def complaint(text: str | bytes) -> str:
    """The one problem, as a person reads it."""
    data = text.encode() if isinstance(text, str) else text
    _, problems = parse_yaml(data, "deploy.yaml")
    (problem,) = problems
    assert problem.is_error
    assert problem.hint
    assert "\n" not in problem.message + problem.hint
    return f"{problem.place}: {problem.rule} {problem.message}"


def test_every_value_knows_its_line_and_column() -> None:
    root, _ = parse_yaml(b"app:\n  name: demo\n  tags: [a, b]\n", "deploy.yaml")
    assert root is not None
    name, second = find(root, ["app", "name"]), find(root, ["app", "tags", 1])
    assert name is not None
    assert second is not None
    assert name.place == Place("deploy.yaml", 2, 9)
    assert name.key_place == Place("deploy.yaml", 2, 3)
    assert second.place == Place("deploy.yaml", 3, 13)


def test_scalars_follow_pyyaml() -> None:
    text = "[1, 0x1F, 1_000, -2.5, .inf, true, off, null, ~, '', \"5\", text, !!str 7, !!int '8']"
    assert value_of(f"a: {text}") == {"a": yaml.safe_load(text)}


def test_a_date_stays_a_text() -> None:
    assert value_of("version: 2024-01-01") == {"version": "2024-01-01"}


def test_keys_are_texts_as_written() -> None:
    assert value_of("on: 1\n8080: 2\nnull: 3\n1.10: 4\n") == {"on": 1, "8080": 2, "null": 3, "1.10": 4}


def test_merge_keys_as_in_pyyaml_with_the_place_of_the_merged_value() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 9\n"
    assert value_of(text) == yaml.safe_load(text)
    root, _ = parse_yaml(text.encode(), "deploy.yaml")
    assert root is not None
    merged = find(root, ["c", "z"])
    assert merged is not None
    assert merged.place == Place("deploy.yaml", 2, 17)


def test_an_alias_has_the_key_it_is_written_under() -> None:
    root, _ = parse_yaml(b"a: &x 5\nb: *x\n", "deploy.yaml")
    assert root is not None
    b = find(root, ["b"])
    assert b is not None
    assert (b.value, b.place.line, b.key_place) == (5, 1, Place("deploy.yaml", 2, 1))


def test_a_byte_order_mark_is_accepted() -> None:
    assert value_of("\ufeffa: 1") == {"a": 1}


def test_a_number_too_long_to_be_a_setting_is_a_text() -> None:
    assert value_of("a: 1" + ":01" * 10_000) == {"a": "1" + ":01" * 10_000}


def test_every_duplicate_key_is_named_with_the_first_one() -> None:
    _, problems = parse_yaml(b"a: 1\nb: {c: 1, c: 2}\na: 3\n", "deploy.yaml")
    assert [(p.rule, p.place.line, p.related[0].line) for p in problems] == [
        ("JVB102", 2, 2),
        ("JVB102", 3, 1),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: 1\n", "2:1: JVB101 a tab in the indentation"),
        ("a: {{ app.name }}\n", "1:4: JVB101 a value that begins with '{{' is not quoted"),
        ("a: {{ app.name }}-x\n", "1:4: JVB101 a value that begins with '{{' is not quoted"),
        ("a:\n  - {{ x }}/y\n", "2:5: JVB101 a value that begins with '{{' is not quoted"),
        ('a: 1\nb: "x\nc: 2\n', "2:4: JVB101 this quote is never closed"),
        ("a: 'it's'\n", "1:8: JVB101 text after a closing quote"),
        ("a: @x\n", "1:4: JVB101 a value cannot begin with '@'"),
        ("a: b: c\n", "1:5: JVB101 a ':' where no key is allowed"),
        ("a: 1\nfoo\nb: 2\n", "2:1: JVB101 this line is not 'key: value'"),
        ("a: [1, 2\nb: 3\n", "1:4: JVB101 this '[' is never closed, or a ',' is missing"),
        ("a:\n   b: 1\n  c: 2\n", "3:3: JVB101 a key was expected here"),
        ("a: [1, ${X}]\n", "1:8: JVB101 a '${…}' inside brackets is not quoted"),
        ('a: "\\d"\n', "1:4: JVB101 '\\' begins an unknown escape in double quotes"),
        ("a: \x01\n", "1:4: JVB101 a control character U+0001"),
        ("a: !Ref Role\n", "1:4: JVB101 unknown tag '!Ref'"),
        ("a: !!python/object:os.system x\n", "1:4: JVB101 unknown tag '!!python/object:os.system'"),
        ("a: !!int abc\n", "1:4: JVB101 the value is not of the type 'int'"),
        ("a: *b\n", "1:4: JVB101 alias '*b' has no anchor before it"),
        ("a: &x [*x]\n", "1:8: JVB101 alias '*x' is inside the value it refers to"),
        ("a: &x {b: {<<: *x}}\n", "1:16: JVB101 alias '*x' is inside the value it refers to"),
        ("a: {<<: 3}\n", "1:9: JVB101 '<<' merges a value that is not a map"),
        ("? [a]\n: b\n", "1:3: JVB101 a key is a map or a list"),
        ("a: 1\n---\nb: 2\n", "2:1: JVB107 more than one document in the file"),
        ("a: " + "[" * 70, "1:67: JVB107 nested deeper than 64 levels"),
        ("", "1:1: JVB108 the file is empty"),
        ("# nothing\n---\n", "1:1: JVB108 the file is empty"),
        ("- 1\n", "1:1: JVB108 the top level is a list, not a map"),
        ("text", "1:1: JVB108 the top level is a single value, not a map"),
        (b"a: 1\nb: caf\xe9\n", "2:7: JVB107 byte 0xe9 at offset 11 is not UTF-8"),
        ("a: 1".encode("utf-16"), "1:1: JVB107 the file is UTF-16, not UTF-8"),
        (b"\xef\xbb\xbf#\xb8\n", "1:2: JVB107 byte 0xb8 at offset 4 is not UTF-8"),
        (b"a: " + b"x" * MAX_BYTES, "1:1: JVB107 the file is larger than 1 MiB"),
    ],
)
def test_each_mistake_gets_one_line(text: str | bytes, expected: str) -> None:
    assert complaint(text) == f"deploy.yaml:{expected}"


def test_reading_goes_on_after_what_does_not_stop_it() -> None:
    root, problems = parse_yaml(b"a: !Ref x\nb: 1\nb: 2\nc: *d\n", "deploy.yaml")
    assert [(p.rule, p.place.line) for p in problems] == [("JVB101", 1), ("JVB102", 3), ("JVB101", 4)]
    assert root is not None
    assert plain(root) == {"a": "x", "b": 2, "c": None}


@pytest.mark.parametrize("item", ["lol", "x" * 90_000])
def test_a_bomb_is_refused_at_once(item: str) -> None:
    lines = [f"a0: &a0 [{', '.join([item] * 10)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    begin = time.perf_counter()
    assert "JVB107 aliases repeat more than 10,000 nodes" in complaint("\n".join(lines))
    assert time.perf_counter() - begin < 2


def test_a_bomb_of_merge_keys_is_refused() -> None:
    lines = ["a0: &a0 {k: v}"] + [f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: *a{n - 1}}}" for n in range(1, 60)]
    assert "JVB107" in complaint("\n".join(lines))


@pytest.mark.parametrize("text", ["[" * MAX_BYTES, "{a: " * 200_000, "- " * 500_000, "'{{" * 300_000])
def test_large_nonsense_is_refused_at_once(text: str) -> None:
    begin = time.perf_counter()
    _, problems = parse_yaml(text.encode(), "deploy.yaml")
    assert len(problems) == 1
    assert time.perf_counter() - begin < 5


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("a: 1")
    paths = [tmp_path / "none.yaml", tmp_path, file / "deploy.yaml", tmp_path / ("x" * 300), Path("a\0b")]
    rules = [read_yaml(path, "deploy.yaml")[1][0].rule for path in paths]
    assert rules == ["JVB100"] * 5
    assert read_yaml(tmp_path, "app")[1][0].message == "'app' is a folder, not a file"
    assert read_yaml(file, "deploy.yaml")[1] == ()


@given(st.text())
@example("on")
@example("<<")
@example("1:30")
@example("{{ x }}")
@example("\u0085\u2028")
def test_any_text_comes_back_from_yaml_unchanged(text: str) -> None:
    dumped = yaml.safe_dump({"key": text, "list": [text]})
    assert value_of(dumped) == {"key": text, "list": [text]}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), _VALUES, min_size=1))
def test_any_tree_comes_back_from_yaml_unchanged(tree: dict[str, object]) -> None:
    assert value_of(yaml.safe_dump(tree)) == tree


@given(st.binary())
def test_no_bytes_raise(data: bytes) -> None:
    root, problems = parse_yaml(data, "x")
    assert root is not None or problems


_SAMPLE = (
    'a: &a\n  b: [1, \'x\', "y"]\n  c: {d: !!int 5, <<: {e: f}}\n? g\n: *a\nh: |\n  text\ni: "{{ j }}"\n'
)


@given(
    st.lists(
        st.tuples(st.integers(0, len(_SAMPLE)), st.sampled_from("\t\n :-?{}[],&*!|>'\"%@`#<~=0ax\0\ufeff"))
    )
)
def test_no_damaged_file_raises(edits: list[tuple[int, str]]) -> None:
    text = _SAMPLE
    for position, character in edits:
        text = text[:position] + character + text[position + 1 :]
    root, problems = parse_yaml(text.encode(), "x")
    assert root is not None or problems
