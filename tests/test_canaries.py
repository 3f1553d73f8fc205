"""No value of a secret comes out of jvbundler: not in a file, not on a stream, in no encoding.

A canary is random. Each test puts it somewhere, runs the real command, and looks for it in all that came out.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvbundler.cli.main import main
from tests.golden.cases import GOLDEN

FORMATS = ("text", "json", "github", "sarif", "junit")


def canary() -> str:
    """Letters and digits: URL encoding and the escapes of YAML, JSON and the shell leave it as it is."""
    return "c4n" + secrets.token_hex(12)


def forms(core: str) -> tuple[str, ...]:
    """In clear, and in base64 wherever it may stand in a longer text."""
    encoded = (base64.b64encode(b"x" * offset + core.encode()).decode() for offset in range(3))
    # The first and the last characters depend on what is around it.
    return core, core.encode().hex(), *(text[4:-4] for text in encoded)


def assert_not_in(core: str, text: str, where: str) -> None:
    lower = text.lower()
    assert not any(form in text or form.lower() in lower for form in forms(core)), f"a secret is in {where}"


def test_a_canary_is_found_in_every_form() -> None:
    core = canary()
    for text in (core, f"a={core}", base64.b64encode(f"user:{core}@host".encode()).decode()):
        with pytest.raises(AssertionError, match="a secret is in it"):
            assert_not_in(core, text, "it")


# --- Values that are in the environment -------------------------------------------------------------------

SECRETS = (
    *("JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY", "JVSPATIAL_MONGODB_URI", "OPENAI_API_KEY"),
    *("PLAIN_LOOKING", "ONLY_LAMBDA", "DB_PASSWORD"),
)
INTERPOLATED = """
secrets: [PLAIN_LOOKING, ONLY_LAMBDA]
environment:
  OPENAI_API_KEY: ${OPENAI_API_KEY}
  PLAIN_LOOKING: ${PLAIN_LOOKING:-}
  DATABASE: postgres://app:${DB_PASSWORD}@db.example.com/app
  COPY_OF_IT: "{{ environment.OPENAI_API_KEY }}"
  JVSPATIAL_DB_TYPE: mongodb
  JVSPATIAL_LOG_DB_TYPE: mongodb
  JVSPATIAL_MONGODB_URI: ${JVSPATIAL_MONGODB_URI}
  JVSPATIAL_FILE_STORAGE_PROVIDER: s3
lambda:
  enabled: true
  account_id: "123456789012"
  environment:
    ONLY_LAMBDA: ${ONLY_LAMBDA}
  secrets: {source: SOURCE}
kubernetes:
  enabled: true
  namespace: acme
  context: kind
  registry: {url: ghcr.io/acme}
  deployment:
    container:
      environment:
        JVAGENT_ADMIN_PASSWORD: ${JVAGENT_ADMIN_PASSWORD}
  external_secrets: {enabled: EXTERNAL, store: {name: vault}}
environments:
  dev: {}
  prod:
    environment: {OPENAI_API_KEY: "${OPENAI_API_KEY}"}
"""


def interpolated(source: str, external: str) -> str:
    """An app that fetches its secrets itself is given no text with one inside."""
    text = INTERPOLATED.replace("SOURCE", source).replace("EXTERNAL", external)
    return (
        text.replace("postgres://app:${DB_PASSWORD}@db.example.com/app", "${DB_PASSWORD}")
        if source == "arn"
        else text
    )


NO_NUMBER = "validate --set lambda.function.memory=${OPENAI_API_KEY}"
# What each call leaves with.
CALLS = (
    *(("render", 0), ("render", 0), ("render --check", 0), ("render --stdout", 0), ("--debug render", 0)),
    *((f"{verb} lambda -e dev --dry-run", 0) for verb in ("deploy", "destroy")),
    *((f"{verb} k8s -e dev --dry-run", 0) for verb in ("deploy", "destroy", "rollback", "logs")),
    *(("build --dry-run -e dev", 0), ("push --dry-run -e dev", 0), ("run --dry-run -e dev", 0)),
    *(("env list k8s -e dev", 0), ("env list lambda -e prod --json", 0)),
    *(("show -e dev --all", 0), ("show -e prod --json --all", 0), ("show -e prod --graph", 0)),
    *(("diff", 0), ("diff --from dev --to prod", 1), ("diff --set app.description=x --format json", 1)),
    ("validate --format json", 0),
    *((f"render --check --format {form} --set app.description=other", 1) for form in FORMATS),
    *((f"{NO_NUMBER} --show-source --format {form}", 2) for form in FORMATS),
    *(("render --set image.tag=${OPENAI_API_KEY} --debug", 2), ("render --env KEY=${DB_PASSWORD}", 0)),
    *(("render -e nope", 2), ("render --templates broken", 2), ("render --set kubernets=1 --debug", 2)),
    *(("secrets", 0), ("secrets --format json", 0), ("secrets check", 1), ("secrets check --format json", 1)),
    *(("bundle --force", 0), ("init -c other.yaml", 0), ("lock", 0), ("explain secrets", 0)),
    *(("rules JVB901", 0), ("templates show docker/Dockerfile.j2", 0)),
)  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / "app", tmp_path / "app")
    return tmp_path / "app"


def stub_tools(folder: Path, held: dict[str, str]) -> Path:
    """A kubectl and an aws that hold the values, as the real ones do, and a uv that tells its environment."""
    folder.mkdir()
    answer = json.dumps(json.dumps(held))
    scripts = {"kubectl": "echo found", "aws": f"cat <<'END'\n{answer}\nEND", "uv": "echo 'jvagent==0.1.7'"}
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


def call(arguments: str, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the command line in this process; its exit code, and all that it printed."""
    with pytest.raises(SystemExit) as left:
        main(arguments.split())
    out, err = capfd.readouterr()
    return int(left.value.code or 0), out + err


@pytest.mark.parametrize(
    ("source", "external"), [("parameter", "false"), ("secretsmanager", "true"), ("arn", "false")]
)
def test_a_value_in_the_environment_stays_there(
    app: Path,
    source: str,
    external: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    values = {name: canary() for name in SECRETS}
    (app / "deploy.yaml").write_text(interpolated(source, external))
    (app / "broken/docker").mkdir(parents=True)
    (app / "broken/docker/Dockerfile.j2").write_text("{{ missing }")
    (app / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    before = {path for path in app.rglob("*") if path.is_file()}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{stub_tools(app.parent / 'tools', values)}:{os.environ['PATH']}")
    # The stub is on PATH; the one of this environment would resolve.
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.chdir(app)
    for arguments, expected in CALLS:
        code, printed = call(arguments, capfd)
        assert code == expected, f"{arguments}\n{printed}"
        for core in values.values():
            assert_not_in(core, printed, f"what '{arguments}' prints")
    written = [path for path in app.rglob("*") if path.is_file() and path not in before]
    assert any(path.name == "jvbundler.lock.json" for path in written)
    for path in written:
        for core in values.values():
            assert_not_in(core, path.read_text(encoding="utf-8"), str(path))


def test_a_tool_that_tells_its_environment_when_it_fails_is_not_repeated(
    app: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    values = {name: canary() for name in (*SECRETS, "UNRELATED_API_KEY")}
    values["UV_INDEX_URL"] = f"https://me:{canary()}@pypi.example.com/simple"
    (app / "deploy.yaml").write_text(interpolated("arn", "false"))
    tools = stub_tools(app.parent / "tools", {})
    for name in ("uv", "kubectl", "aws"):
        (tools / name).write_text("#!/bin/sh\nenv; env >&2; exit 3\n")
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.chdir(app)
    for arguments in ("lock", "secrets check --target lambda", "secrets check --target kubernetes"):
        code, printed = call(arguments, capfd)
        assert code == 4, printed
        assert "PATH=" in printed
        for value in values.values():
            assert_not_in(value.partition("me:")[2].partition("@")[0] or value, printed, arguments)


# --- Values that somebody wrote out -----------------------------------------------------------------------

CORE = canary()
TOKEN = f"sk-{CORE}"
URL = f"https://me:{CORE}@git.example.com/x.git"
TOKEN_URL = f"https://{CORE}@git.example.com/x.git"
CONTAINER = "kubernetes.deployment.container.environment"
ENVIRONMENTS = ("environment", "lambda.environment", CONTAINER)
# Where it is written in deploy.yaml, what is written, and the rule that names its line.
PLACES = (
    *((f"{path}.OPENAI_API_KEY", CORE, "JVB901") for path in ENVIRONMENTS),
    *((f"{path}.LISTED", CORE, "JVB901") for path in ENVIRONMENTS),
    *((f"{path}.GREETING", TOKEN, "JVB901") for path in ENVIRONMENTS),
    *((f"environments.prod.{path}.LISTED", CORE, "JVB901") for path in ENVIRONMENTS),
    (f"environments.prod.{CONTAINER}.GREETING", URL, "JVB901"),
    ("environment.GREETING", TOKEN_URL, "JVB901"),
    ("environment.OPENAI_API_KEY", f"${{OPENAI_API_KEY:-{CORE}}}", "JVB901"),
    ("environment.OPENAI_API_KEY", {"value": CORE}, "JVB103"),
    ("environment.OPENAI_API_KEY", [CORE], "JVB103"),
    ("kubernetes.config_map.data.app\\.conf", f"[api]\ntoken = {TOKEN}\n", "JVB901"),
    ("kubernetes.config_map.data.API_TOKEN", CORE, "JVB903"),
    ("kubernetes.labels.team", TOKEN, "JVB901"),
    ("kubernetes.annotations.note", TOKEN, "JVB901"),
    ("kubernetes.annotations.note", URL, "JVB901"),
    ("kubernetes.deployment.pod.annotations.api_token", CORE, "JVB903"),
    ("kubernetes.service.annotations.note", TOKEN, "JVB901"),
    ("kubernetes.deployment.pod.init_containers.0", {"name": "a", "image": "a:1", "args": [TOKEN]}, "JVB901"),
    (
        "kubernetes.deployment.pod.extra_containers.0",
        {"name": "a", "image": "a:1", "env": [{"name": "API_TOKEN", "value": CORE}]},
        "JVB903",
    ),
    (
        "kubernetes.extra_resources.0",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": CORE}},
        "JVB903",
    ),
    (
        "kubernetes.patches.0",
        {"target": {"kind": "Deployment"}, "patch": [
            {"op": "add", "path": "/spec/template/spec/containers/0/env/-",
             "value": {"name": "API_TOKEN", "value": CORE}}]},
        "JVB903",
    ),
    ("image.labels.note", TOKEN, "JVB901"),
    ("image.build.args.NPM_TOKEN", CORE, "JVB903"),
    ("image.build.args.HTTPS_PROXY", f"http://me:{CORE}@proxy.example.com:3128", "JVB901"),
    ("image.index_url", URL, "JVB103"),
    ("image.index_url", TOKEN_URL, "JVB103"),
    ("image.extra_pip.0", f"x @ {URL}", "JVB901"),
    ("image.extra_pip.0", f"x @ git+{TOKEN_URL}", "JVB901"),
    ("image.registry_mirror", URL, "JVB103"),
    ("app.description", TOKEN, "JVB901"),
    ("lambda.function.description", TOKEN, "JVB901"),
    ("lambda.tags.note", TOKEN, "JVB901"),
    ("lambda.tags.password", CORE, "JVB903"),
    ("gitops.repo_url", URL, "JVB901"),
    ("server.command", ["serve", "--token", TOKEN], "JVB901"),
    ("checks.ignore.0", {"rule": "JVB330", "reason": TOKEN}, "JVB901"),
    (f"nonsense.{TOKEN}", 1, "JVB104"),
    ("nonsense", TOKEN, "JVB104"),
    ("lambda.function.memory", TOKEN, "JVB103"),
)  # fmt: skip
BASE = {
    "secrets": ["LISTED"],
    "image": {"base": "python"},
    "environment": {"JVSPATIAL_DB_TYPE": "mongodb"},
    "lambda": {"enabled": True},
    "kubernetes": {"enabled": True, "namespace": "acme", "config_map": {"enabled": True}},
    "gitops": {"repo_url": "https://git.example.com/x.git", "argocd": {"enabled": True}},
    "environments": {"dev": {}, "prod": {}},
}


def document(path: str, value: Any) -> str:
    root: Any = copy.deepcopy(BASE)
    *way, last = path.replace("\\.", "\0").split(".")
    here = root
    for step, following in zip(way, [*way, last][1:], strict=True):
        here = here.setdefault(step, [] if following == "0" else {})
    if last == "0":
        here.append(value)
    else:
        here[last.replace("\0", ".")] = value
    return yaml.safe_dump(root, sort_keys=False, width=1000)


def outcome(app: Path, capfd: pytest.CaptureFixture[str], arguments: str) -> Iterator[tuple[int, str, str]]:
    """Exit code, what was printed, and the format, for each of them."""
    for form in FORMATS:
        code, printed = call(f"{arguments} --show-source --format {form}", capfd)
        yield code, printed, form
    written = [path for path in (app / "deploy").rglob("*") if path.is_file()]
    assert not written


@pytest.mark.parametrize(
    ("path", "value", "rule"), PLACES, ids=[f"{p[0].split(TOKEN)[0]}-{i}" for i, p in enumerate(PLACES)]
)
def test_a_literal_in_deploy_yaml_is_an_error_at_its_line_and_not_repeated(
    app: Path,
    path: str,
    value: Any,
    rule: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = document(path, value)
    (app / "deploy.yaml").write_text(text)
    monkeypatch.chdir(app)
    lines = {n for n, line in enumerate(text.splitlines(), 1) if CORE in line}
    for code, printed, form in outcome(app, capfd, "render"):
        assert code == 2, printed
        assert_not_in(CORE, printed, form)
        if form == "json":
            # Standard error follows: how many rules could not be checked yet.
            report, _ = json.JSONDecoder().raw_decode(printed)
            found = {(p["rule"], p["line"]) for p in report["problems"] if p["severity"] == "error"}
            # A value of several lines, a map or a list is blamed where it begins.
            near = {line for last in lines for line in range(last - 4, last + 1)}
            assert any(r == rule and line in near for r, line in found), f"{found}, written in {lines}"
    assert_not_in(CORE, call("secrets --debug", capfd)[1], "secrets")
    assert_not_in(CORE, call("bundle --debug", capfd)[1], "bundle")
    assert not (app / "Dockerfile").exists()


# Files of the app, what is added to them, and how a render ends.
FILES = (
    ("requirements.txt", f"x @ {URL}", 2),
    ("requirements.txt", f"x @ git+{TOKEN_URL}", 2),
    ("requirements.txt", f"-e git+{URL}#egg=x", 2),
    ("requirements.txt", f"git+{TOKEN_URL}", 2),
    ("requirements.txt", f"--extra-index-url {URL}", 0),
    ("requirements.txt", f"--index-url={TOKEN_URL}", 0),
    ("requirements.txt", f"requests --config-settings token={TOKEN}", 0),
    ("app.yaml", f"version: {TOKEN}", 2),
    ("app.yaml", f"context:\n  description: {TOKEN}", 2),
    ("app.yaml", f"context:\n  name: {URL}", 2),
    ("app.yaml", f"agents: {TOKEN}", 2),
    ("app.yaml", f"config:\n  database:\n    uri: {URL}", 0),
    (".env", f"OPENAI_API_KEY={CORE}", 0),
    (".env.example", f"OPENAI_API_KEY={CORE}\nGREETING={TOKEN}\nHOOK={URL}\n# OTHER={TOKEN}", 0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text", "expected"), FILES, ids=[f"{f[0]}-{i}" for i, f in enumerate(FILES)]
)
def test_a_literal_in_a_file_of_the_app_is_not_repeated(
    app: Path,
    file: str,
    text: str,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(app)
    (app / "deploy.yaml").write_text(yaml.safe_dump(BASE))
    key = f"\n{text.partition(':')[0]}:"
    before = (app / file).read_text() if (app / file).exists() else ""
    kept = "\n" + before if file != "app.yaml" else re.sub(rf"{key}.*(?:\n[ -].*)*", "", f"\n{before}")
    (app / file).write_text(f"{kept}\n{text}\n".lstrip("\n"))
    for form in FORMATS:
        code, printed = call(f"render --show-source --format {form}", capfd)
        assert code == expected, printed
        assert_not_in(CORE, printed, form)
    for arguments in (
        "--debug validate",
        "render --check",
        "bundle --force",
        "init --force",
        "secrets",
        "lock",
    ):
        assert_not_in(CORE, call(arguments, capfd)[1], arguments)
    for path in app.rglob("*"):
        if path.is_file() and path != app / file:
            assert_not_in(CORE, path.read_text(encoding="utf-8"), str(path))


ARGUMENTS = (
    f"--set environment.OPENAI_API_KEY={CORE}",
    f"--set environment.GREETING={TOKEN}",
    f"--set app.description={TOKEN}",
    f"--set gitops.repo_url={URL}",
    f"--set lambda.function.memory={TOKEN}",
    f"--set environment.A=[{TOKEN}",
    f"--set {TOKEN}",
    f"--set {TOKEN}=1",
    f"--env OPENAI_API_KEY={CORE}",
    f"--env LISTED={CORE}",
    f"--env GREETING={URL}",
    f"--env {TOKEN}",
    f"--env {TOKEN}=1",
    f"-e {TOKEN}",
    f"--format {TOKEN}",
)


# The ids must not have the canary in them: each worker of pytest has its own.
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=range(len(ARGUMENTS)))
def test_a_literal_on_the_command_line_is_not_repeated(
    app: Path, arguments: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(app)
    (app / "deploy.yaml").write_text(yaml.safe_dump(BASE))
    for command in ("render", "render --stdout", "render --check", "secrets", "bundle"):
        code, printed = call(f"{command} {arguments} --debug", capfd)
        assert code == 2, printed
        assert_not_in(CORE, printed, command)
    assert not (app / "deploy").exists()


UNREADABLE = (
    f"secrets: [LISTED]\nenvironment:\n  LISTED: '{CORE}\n",
    f"environment:\n  API_TOKEN: {CORE}: x\n",
    f"environment:\n  API_TOKEN: [{CORE}\n",
    f"environment:\n  API_TOKEN: |\n    first\n   {CORE}\n",
    f"environment:\n  A: {TOKEN}\n  A: {TOKEN}\n",
    f"environment:\n  API_TOKEN: {CORE}\n  API_TOKEN: {CORE}\n",
    f"environment:\n  A: *{TOKEN}\n",
    f"environment:\n  A: !{TOKEN} x\n",
    f"environment:\n  A: '{{{{ {TOKEN} }}}}'\n",
    f"environment:\n  A: '${{{TOKEN}}}'\n",
    f"{TOKEN}\n",
)


@pytest.mark.parametrize("text", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_file_that_cannot_be_read_is_not_repeated(
    app: Path, text: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(app)
    (app / "deploy.yaml").write_text(text)
    for form in FORMATS:
        code, printed = call(f"--debug render --show-source --format {form}", capfd)
        assert code == 2, printed
        assert_not_in(CORE, printed, form)
