"""No secret of either side comes out, in any format; what only names a secret does."""

from __future__ import annotations

import pytest

from jvbundler.diff.compare import compare
from jvbundler.diff.format import format_json, format_markdown, format_text

MANIFEST = "kubernetes/rendered/prod/manifest.yaml"
TEMPLATE = "lambda/prod/template.yaml"
KEY = "-----BEGIN RSA PRIVATE KEY-----\\nMII%s\\nhunter2\\n-----END RSA PRIVATE KEY-----"
HEAD = "apiVersion: v1\nmetadata: {name: web}\n"
FILES = {
    "container": (
        MANIFEST,
        HEAD + "kind: Pod\nspec: {containers: [{name: a, env: [{name: API_KEY, value: %s}]}]}\n",
    ),
    "config map": (MANIFEST, HEAD + "kind: ConfigMap\ndata: {db_password: %s}\n"),
    "file in a config map": (MANIFEST, HEAD + 'kind: ConfigMap\ndata: {a.json: \'{"api_key": "%s"}\'}\n'),
    "secret": (MANIFEST, HEAD + "kind: Secret\nstringData: {plain: %s}\n"),
    "connection string": (MANIFEST, HEAD + "kind: ConfigMap\ndata: {CACHE: 'redis://me:%s@host'}\n"),
    "private key": (MANIFEST, HEAD + f'kind: ConfigMap\ndata: {{k: "{KEY}"}}\n'),
    "argument": (MANIFEST, HEAD + "kind: Pod\nspec: {containers: [{name: a, args: ['--token=%s']}]}\n"),
    "function": (
        TEMPLATE,
        "Resources: {F: {Type: T, Properties: {Environment: {Variables: {API_KEY: %s}}}}}\n",
    ),
    "default": (TEMPLATE, "Resources: {}\nParameters: {P: {NoEcho: true, Default: %s}}\n"),
    "dockerfile": ("docker/Dockerfile", "FROM a\nENV API_KEY=%s\n"),
    "toml": ("lambda/prod/samconfig.toml", 'api_key = "%s"\n'),
    "markdown": ("README.md", "export OPENAI_API_KEY=%s\n"),
}


@pytest.mark.parametrize(("path", "text"), FILES.values(), ids=FILES)
def test_a_secret_is_masked_on_both_sides(path: str, text: str) -> None:
    old, new = text % "hunter2old", text % "hunter2new"
    for before, after in (({path: old}, {path: new}), ({}, {path: new}), ({path: old}, {})):
        changes = compare(before, after)
        assert changes
        for told in (format_text(changes), format_markdown(changes), format_json(changes), repr(changes)):
            assert "hunter2" not in told


def test_a_reference_to_a_secret_is_shown() -> None:
    text = HEAD + (
        "kind: Pod\nspec: {containers: [{name: a, env: [{name: API_KEY, "
        "valueFrom: {secretKeyRef: {name: old, key: API_KEY}}}]}]}\n"
    )
    told = format_text(compare({MANIFEST: text}, {MANIFEST: text.replace("name: old", "name: new")}))
    assert "env[API_KEY].valueFrom.secretKeyRef.name: old -> new" in told
    template = "Resources: {F: {Type: T, Properties: {Environment: {Variables: {API_KEY: !Ref Old}}}}}\n"
    told = format_text(compare({TEMPLATE: template}, {TEMPLATE: template.replace("Old", "New")}))
    assert "Variables.API_KEY: !Ref Old -> !Ref New" in told


def test_a_volume_from_a_secret_is_no_secret() -> None:
    text = HEAD + "kind: Pod\nspec: {volumes: [{name: a, secret: {secretName: old}}]}\n"
    told = format_text(compare({MANIFEST: text}, {MANIFEST: text.replace("old", "new")}))
    assert "secret.secretName: old -> new" in told
