"""Whatever a string holds, template.yaml and samconfig.toml give it back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jvbundler.values.secret_values import contains_secret
from tests.render.lambda_.files import files_of, parsed, toml

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
# A tag as `key="value"`, with `\"` for a quote: how sam reads it once it has passed over a space in front.
TAG = re.compile(r'(?P<key>"(?:\\"|[^"])*"|[^"=]+)=(?P<value>"(?:\\"|[^"])*"|[^"]+)', re.DOTALL)


def unquoted(word: str) -> str:
    return word[1:-1].replace('\\"', '"') if word.startswith('"') else word


def function(document: dict[str, Any]) -> dict[str, Any]:
    template = parsed(files_of(document)["lambda/default/template.yaml"])
    found: dict[str, Any] = template["Resources"]["Function"]["Properties"]
    return found


@given(texts)
def test_an_environment_variable_comes_back(text: str) -> None:
    assume(not contains_secret(text))
    document = {"lambda": {"enabled": True, "environment": {"GREETING": text}}}
    assert function(document)["Environment"]["Variables"]["GREETING"] == text


@given(texts.filter(bool))
def test_a_description_comes_back(text: str) -> None:
    document = {"lambda": {"enabled": True, "function": {"description": text}}}
    assert function(document)["Description"] == text


@given(texts, texts)
def test_a_tag_comes_back_from_the_template(key: str, value: str) -> None:
    document = {"lambda": {"enabled": True, "tags": {key: value}}}
    assert function(document)["Tags"] == {key: value}


@given(texts.filter(lambda text: not text.endswith("\\")), texts.filter(lambda text: not text.endswith("\\")))
def test_a_tag_comes_back_from_samconfig(key: str, value: str) -> None:
    document = {"lambda": {"enabled": True, "tags": {key: value}}}
    (tag,) = toml(files_of(document)["lambda/default/samconfig.toml"])["default"]["deploy"]["parameters"][
        "tags"
    ]
    found = TAG.fullmatch(tag.removeprefix(" "))
    assert found
    assert (unquoted(found["key"]), unquoted(found["value"])) == (key, value)


# What else a key may not have, the schema says (`json_key`): CloudFormation knows no way to escape it.
@given(texts.filter(lambda text: text.isprintable() and not set(":{}") & set(text)))
def test_a_secret_s_place_comes_back(text: str) -> None:
    secret = {"name": "OPENAI_API_KEY", "lambda": {"secret_id": "prod/acme", "json_key": text}}
    document = {"secrets": [secret], "lambda": {"enabled": True, "secrets": {"source": "secretsmanager"}}}
    variables = function(document)["Environment"]["Variables"]
    expected = text or "OPENAI_API_KEY"
    assert variables["OPENAI_API_KEY"] == f"{{{{resolve:secretsmanager:prod/acme:SecretString:{expected}}}}}"


@pytest.mark.parametrize(
    "text", ["", "a\nb\n", "#", "! x", "- a", "%", "'", '"', "\\", "{{ x }}", "${x}", "\x00", "\x85"]
)
def test_strings_that_yaml_is_known_to_stumble_over(text: str) -> None:
    document = {"lambda": {"enabled": True, "environment": {"GREETING": text}, "tags": {"a": text}}}
    assert function(document)["Environment"]["Variables"]["GREETING"] == text
    assert function(document)["Tags"] == {"a": text}
