"""Which values are secrets by their shape, and how they are blotted out; and which are none."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.values.secret_values import _LEAST, contains_secret, without_secrets

GOLDEN = Path(__file__).parents[2] / "golden"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


TOKEN = "ghp_" + "a1B2" * 9
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKC\nhunter2\n-----END RSA PRIVATE KEY-----"
DOCKER_CONFIG = f'{{"auths": {{"ghcr.io": {{"auth": "{encoded("bot:hunter2")}"}}}}}}'
# What the secret in a text is called, and the text: the kinds of the threat model.
SECRETS = {
    "token": TOKEN,
    "token in a text": f"use {TOKEN}, please",
    "base64 of a token": encoded(TOKEN),
    "base64 of a token, twice": encoded(encoded(TOKEN)),
    "base64 of an assignment": encoded("DB_PASSWORD=hunter2"),
    "base64 of a key": encoded(PEM),
    "basic credentials": "Basic " + encoded("bot:hunter2"),
    "header": "Authorization: Basic " + encoded("bot:hunter2"),
    "bearer": "Authorization: Bearer 0123456789abcdef0123",
    "slack webhook": "https://hooks.slack.com/services/T0001/B0001/abcdEFGHijklMNOP",
    "teams webhook": "https://acme.webhook.office.com/webhookb2/0a1b2c3d-0a1b@x/IncomingWebhook/abc",
    "discord webhook": "https://discord.com/api/webhooks/123456/abcdEFGHijklMNOPqrst",
    "vault": "hvs." + "aB3d" * 24,
    "azure storage": "AccountName=a;AccountKey=aGVsbG8gd29ybGQ=;EndpointSuffix=x",
    "gitlab trigger": "glptt-" + "0a" * 20,
    "google oauth client": "GOCSPX-" + "aB3d" * 7,
    "age": "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE",
    "docker auth": DOCKER_CONFIG,
    "base64 of docker auth": encoded(DOCKER_CONFIG),
    "url": "postgres://me:hunter2@db.example.com/app",
    "url with a slash": "postgres://me:hun/ter2@db.example.com/app",
    "url with a dollar": "postgres://me:hun$ter2@db.example.com/app",
    "url with an at": "postgres://me:hun@ter2@db.example.com/app",
    "one of several urls": "http://localhost:3000,http://me:hunter2@db.example.com",
    "token for a user": "https://0123456789abcdef0123@git.example.com/a.git",
    "password in a text": "host: db\npassword: x\nport: 5432",
    "password in a line": "connect with host=db password=x",
    "password in json": '{"db": {"password": "hunter2"}}',
    "argument": "serve --auth-token=hunter2",
    "query": "https://example.com/?access_token=hunter2&a=b",
    "properties": "spring.datasource.password=hunter2",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.abcdefghijk",
    "private key": PEM,
    "openssh key": PEM.replace("RSA", "OPENSSH"),
    "pgp key": PEM.replace("RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK"),
}
HARMLESS = [
    "postgres://me:${DB_PASSWORD}@db/app",
    "postgres://${DB_USER:-me}:${DB_PASSWORD}@db/app",
    "postgres://${USER}:$(cat /run/secrets/db)@db/app",
    "postgres://me:{{resolve:secretsmanager:prod:SecretString:password}}@db",
    "postgres://user:<password>@db",
    "http://localhost:3000,http://127.0.0.1:5173",
    "https://example.com:8443/a@b",
    "git+https://github.com/acme/thing@v1.2.3",
    "password: ${DB_PASSWORD}",
    "password: required",
    "--tls-private-key=/etc/tls/tls.key --token-file=/run/token",
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-AbCdEf",
    "sha256:" + "0123456789abcdef" * 4,
    "0123456789abcdef0123456789abcdef01234567",
    "kubernetes/rendered/production/manifest",
    "task-management-service-for-everybody",
    "topologyKey: kubernetes.io/hostname",
    "max_tokens: 4096, sort_key: name",
    "Basic authentication is off; a Bearer of news",
    "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
]


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_found_and_blotted_out(text: str) -> None:
    assert contains_secret(text)
    told = without_secrets(text, assigned=True)
    assert "***" in told
    assert not contains_secret(told)
    for secret in (
        TOKEN,
        "hunter2",
        "ter2",
        "MII",
        "password: x",
        "password=x",
        encoded("bot:hunter2"),
        encoded(TOKEN),
    ):
        assert secret not in told


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert not contains_secret(text)
    assert without_secrets(text, assigned=True) == text


@pytest.mark.parametrize("mark", _LEAST)
def test_each_kind_of_token_is_found_and_its_beginning_alone_is_not(mark: str) -> None:
    assert contains_secret(f"x: {mark}{'0a' * 40}")
    assert contains_secret(encoded(f"{mark}{'0a' * 40}"))
    assert not contains_secret(f"see {mark} there")


@pytest.mark.parametrize("line_end", ["\n", "\\n", " "])
def test_a_key_that_was_cut_is_blotted_out_to_the_end(line_end: str) -> None:
    cut = PEM.replace("\n", line_end)[:-30]
    assert without_secrets(f"unknown key '{cut}…'") == "unknown key '***"


def test_no_value_of_a_golden_case_is_a_false_alarm() -> None:
    values = {
        value
        for case in GOLDEN.iterdir()
        if case.name != "invalid"
        for path in (*case.glob("deploy.yaml"), *case.rglob("expected/**/*.yaml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8").replace("!", ""))
        for value in texts(document)
    }
    assert len(values) > 500
    assert [value for value in values if contains_secret(value)] == []


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for child in value.values() for text in texts(child)]
    if isinstance(value, list):
        return [text for child in value for text in texts(child)]
    return [value] if isinstance(value, str) else []


# Each makes a pattern begin, or go back, as often as a text of this length can.
@pytest.mark.parametrize(
    "part",
    ["a.a.", "://a:", "://a@", ",a://", "password=", '"auth":"', "a=", "-.", "eyJ", "eyJaaaaaaaa.",
     "-----BEGIN PRIVATE KEY-----", "sk-", "ghp_ ", "Basic ", "aaaa", "AAAAAAAAAAAAAAAA=",
     "secret: ", ":", "?sig=", "hooks.slack.com/services/"],
)  # fmt: skip
def test_the_time_is_linear_in_a_hostile_text(part: str) -> None:
    text = part * (256 * 1024 // len(part))
    start = time.perf_counter()
    without_secrets(text, assigned=True)
    assert time.perf_counter() - start < 5, "0.3 s on a desk; a quadratic search takes minutes"


@given(st.text(), st.sampled_from(sorted(SECRETS)), st.text())
def test_what_stands_around_a_secret_does_not_hide_it(before: str, kind: str, after: str) -> None:
    told = without_secrets(f"{before}\n{SECRETS[kind]}\n{after}", assigned=True)
    assert SECRETS[kind] not in told


@given(
    st.text() | st.lists(st.sampled_from([*SECRETS.values(), " ", "=", ":", '"', "://", "@"])).map("".join)
)
def test_no_text_raises(text: str) -> None:
    assert contains_secret(text) == (without_secrets(text, assigned=True) != text)
