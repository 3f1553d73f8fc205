"""What a value says stays a value: in Markdown, in a shell, in a Dockerfile and in a SAM template."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.render.text.escaping import code_span, markdown_text
from jvbundler.render.text.structure import (
    BrokenStructure,
    dynamic_references,
    instructions,
    markdown_blocks,
    refuse_difference,
    toml_keys,
)
from jvbundler.values.safe_text import is_safe, printable, shell_word

any_text = st.text(max_size=60)


@given(any_text)
def test_a_value_is_one_line_of_markdown_and_no_block_or_cell(text: str) -> None:
    assert markdown_blocks(f"- name: {markdown_text(text)}") == markdown_blocks("- name: plain")


@given(any_text)
def test_a_code_span_has_a_longer_fence_than_what_is_in_it(text: str) -> None:
    span = code_span(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    inside = span.removeprefix(fence).removesuffix(fence)
    assert span.endswith(fence)
    assert fence not in inside
    assert is_safe(span)


@pytest.mark.parametrize(
    "text",
    [
        "acme\n\n```sh\nid\n```",
        "<script>x</script>",
        "<!-- x -->",
        "[x](javascript:y)",
        "a | b",
        "# x",
        "*x*",
    ],
)
def test_what_is_more_than_prose_becomes_a_code_span(text: str) -> None:
    assert markdown_text(text).startswith("`")


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40))
def test_bash_reads_a_word_as_it_is(text: str) -> None:
    word = shell_word(text)
    assert "\n" not in word
    assert "##" not in word
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert done.stdout.decode("utf-8") == text


@given(st.text(max_size=60))
def test_printable_text_is_one_safe_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert is_safe(shown)


DOCKERFILE = 'FROM base\nLABEL a="{}" \\\n      # why\n      b="c"\nRUN echo {}\n'


@pytest.mark.parametrize("value", ['x"\nRUN id #', 'x" c="d'])
def test_a_label_that_becomes_an_instruction_or_a_word_is_found(value: str) -> None:
    written = instructions(DOCKERFILE.format("name", "'word'"))
    with pytest.raises(BrokenStructure, match="Dockerfile"):
        refuse_difference("Dockerfile", instructions(DOCKERFILE.format(value, "'word'")), written)


@pytest.mark.parametrize("word", ["a; id", "a && id", "$(id) x", "a > b", "`id` x"])
def test_a_word_that_becomes_a_command_is_found(word: str) -> None:
    written = instructions(DOCKERFILE.format("name", "'word'"))
    with pytest.raises(BrokenStructure):
        refuse_difference("Dockerfile", instructions(DOCKERFILE.format("name", word)), written)


def test_a_comment_in_a_continued_line_is_part_of_the_instruction() -> None:
    found = instructions(DOCKERFILE.format("name", "'word'"))
    assert [line.split()[0] for line in found] == ["FROM", "LABEL", "RUN"]


def test_a_key_of_toml_and_a_dynamic_reference_are_found() -> None:
    assert toml_keys('a = "x"\nb = "y"') != toml_keys('a = "x"')
    assert dynamic_references("X: '{{resolve:ssm:/prod}}'") == ["{{resolve:ssm:/prod"]
    assert dynamic_references("X: '{{ resolve }}'") == []
