"""`init` writes what an app needs: on real scaffolds of jvagent, and with questions on a real terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml

from tests.app.conftest import jvagent
from tests.app.test_against_jvagent import run
from tests.cli.conftest import ROOT, Run

__all__ = ["jvagent"]

PROFILES = ("conversational", "minimal", "orchestrator", "research", "whatsapp_voice")
JVAGENTS_OWN = ["JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY"]
Init = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def scaffolds(jvagent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scaffolds")
    assert set(PROFILES) <= set(run(jvagent, "make_apps.py", folder))
    return folder


@pytest.fixture
def init(scaffolds: Path, tmp_path: Path, jvbundler: Run) -> Init:
    """Runs `init` in an app of a profile, in the folder of its name; the result is what it writes."""

    def written(profile: str, *arguments: str) -> dict[str, Any]:
        if not (tmp_path / profile).exists():
            shutil.copytree(scaffolds / profile, tmp_path / profile)
        done = jvbundler("init", profile, "--force", *arguments)
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = yaml.safe_load((tmp_path / profile / "deploy.yaml").read_text())
        return document

    return written


def names(document: dict[str, Any], *, optional: bool = False) -> list[str]:
    """The secrets that have to be there, or those that may."""
    items = document["secrets"]
    return [item["name"] for item in items if isinstance(item, dict)] if optional else [
        item for item in items if isinstance(item, str)
    ]  # fmt: skip


def test_an_app_without_actions_needs_the_two_secrets_of_jvagent(app: Path, jvbundler: Run) -> None:
    (app / ".env.example").write_text("OPENAI_API_KEY=\nSERPER_API_KEY=\n")
    assert jvbundler("init", "support", "--force").returncode == 0
    text = (app / "deploy.yaml").read_text()
    assert names(yaml.safe_load(text)) == JVAGENTS_OWN
    assert "nothing that this app starts reads them: OPENAI_API_KEY, SERPER_API_KEY\n" in text


@pytest.mark.parametrize(
    ("profile", "secrets"),
    [
        ("minimal", [*JVAGENTS_OWN, "OPENAI_API_KEY"]),
        ("research", [*JVAGENTS_OWN, "OPENAI_API_KEY", "SERPER_API_KEY"]),
        (
            "whatsapp_voice",
            ["DEEPGRAM_API_KEY", "ELEVENLABS_API_KEY", *JVAGENTS_OWN, "OPENAI_API_KEY", "WHATSAPP_API_KEY"],
        ),
    ],
)
def test_the_secrets_are_those_that_the_apps_actions_read(
    init: Init, profile: str, secrets: list[str]
) -> None:
    assert names(init(profile)) == secrets


def test_what_an_action_reads_is_asked_for_where_env_example_has_it_in_a_comment(
    init: Init, tmp_path: Path
) -> None:
    document = init("whatsapp_voice")
    assert names(document, optional=True) == ["WHATSAPP_TOKEN"], "the second choice after WHATSAPP_API_KEY"
    text = (tmp_path / "whatsapp_voice/deploy.yaml").read_text()
    assert '  # WHATSAPP_API_URL: ""  # jvagent/whatsapp_action\n' in text
    assert (
        "to use one, list it as {name: …, optional: true}:\n  # FACEBOOK_APP_SECRET, JVCONNECT_API_K" in text
    )


@pytest.mark.parametrize(
    ("arguments", "secret"),
    [
        (("--database", "mongodb"), "JVSPATIAL_MONGODB_URI"),
        (("--database", "postgres"), "JVSPATIAL_POSTGRES_DSN"),
    ],
)
def test_the_database_brings_its_address_and_no_volume(
    init: Init, arguments: tuple[str, ...], secret: str
) -> None:
    document = init("minimal", *arguments)
    assert names(document) == sorted([*JVAGENTS_OWN, "OPENAI_API_KEY", secret])
    assert "persistence" not in document["kubernetes"]
    assert init("minimal")["kubernetes"]["persistence"] == {"enabled": True}


def test_an_action_of_the_apps_own_is_parsed_and_not_run(app: Path, jvbundler: Run) -> None:
    shop = app / "agents/acme/helper/actions/acme/shop"
    shop.mkdir(parents=True)
    (shop / "info.yaml").write_text("package: {name: acme/shop, archetype: Shop}\n")
    reads = ('os.environ["SHOP_API_KEY"]', 'os.getenv("SHOP_TOKEN", "guest")', 'env("AWS_SECRET_ACCESS_KEY")')
    (shop / "shop.py").write_text("\n".join([*reads, "raise SystemExit(1)\n"]))
    (app / ".env.example").write_text("SHOP_TOKEN=\nAWS_SECRET_ACCESS_KEY=\n")
    assert jvbundler("init", "support", "--force", "--all").returncode == 0
    document = yaml.safe_load((app / "deploy.yaml").read_text())
    assert names(document) == [*JVAGENTS_OWN, "SHOP_API_KEY"]
    assert names(document, optional=True) == ["SHOP_TOKEN"]
    assert jvbundler("render", "support").returncode == 0


@pytest.mark.parametrize("arguments", [(), ("--full",)], ids=["short", "full"])
@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_for_a_developers_machine_is_not_deployed(
    init: Init, profile: str, arguments: tuple[str, ...], jvbundler: Run
) -> None:
    environment = init(profile, *arguments)["environment"]
    assert environment["JVSPATIAL_ENVIRONMENT"] == "production"
    assert not {"JVSPATIAL_GRAPH_ENDPOINT_ENABLED", "JVSPATIAL_DEBUG"} & environment.keys()
    assert "localhost" not in str(environment)
    assert "JVB514" not in jvbundler("render", profile).stderr


def test_what_app_yaml_switches_on_for_a_developer_is_switched_off(app: Path, jvbundler: Run) -> None:
    text = (app / "app.yaml").read_text()
    settings = "config:\n  api: {graph_endpoint_enabled: true}\n  development: {debug: true}\n"
    (app / "app.yaml").write_text(text + settings)
    warned = jvbundler("render", "support").stderr
    assert "support/app.yaml:6:33: JVB514 warning: JVSPATIAL_GRAPH_ENDPOINT_ENABLED is 'true'" in warned
    assert "support/app.yaml:7:24: JVB514 warning: JVSPATIAL_DEBUG is 'true'" in warned
    assert jvbundler("init", "support", "--force").returncode == 0
    assert "JVB514" not in jvbundler("render", "support").stderr


@pytest.mark.parametrize("platforms", [("--kubernetes",), ("--lambda",), ("--all", "--full")], ids="".join)
@pytest.mark.parametrize("profile", PROFILES)
def test_each_scaffold_renders_without_an_error(
    init: Init, tmp_path: Path, jvbundler: Run, profile: str, platforms: tuple[str, ...]
) -> None:
    init(profile, *platforms)
    lines = (tmp_path / profile / "deploy.yaml").read_text().splitlines()
    assert ("--full" in platforms) or 30 <= len(lines) <= 60
    done = jvbundler("render", profile)
    assert done.returncode == 0, done.stderr


FLAGS = {
    "registry": "ghcr.io/acme",
    "context": "prod",
    "region": "eu-central-1",
    "account": "123456789012",
    "database": "mongodb",
    "domain": "support.example.com",
}
GIVEN = [word for name, value in FLAGS.items() for word in (f"--{name}", value)]


def check_answers(document: dict[str, Any]) -> None:
    kubernetes, function = document["kubernetes"], document["lambda"]
    assert kubernetes["registry"] == {"url": "ghcr.io/acme"}
    assert kubernetes["context"] == "prod"
    assert kubernetes["ingress"] == {"enabled": True, "rules": [{"host": "support.example.com"}]}
    assert (function["region"], function["account_id"]) == ("eu-central-1", "123456789012")
    domain = {"enabled": True, "domain_name": "support.example.com"}
    assert function["api_gateway"] == {"custom_domain": domain}
    assert document["environment"]["JVSPATIAL_DB_TYPE"] == "mongodb"
    assert document["environment"]["JVAGENT_PUBLIC_BASE_URL"] == "https://support.example.com"


def test_every_answer_is_also_an_option(init: Init, jvbundler: Run) -> None:
    check_answers(init("minimal", *GIVEN))
    assert jvbundler("render", "minimal").returncode == 0


REASONS = {
    "registry": ("https://ghcr.io", "kubernetes.registry.url is not valid (write a registry's host and path"),
    "region": ("Frankfurt", 'lambda.region is not valid (write a region of AWS, such as "eu-central-1")'),
    "account": ("12", 'lambda.account_id is not valid (write 12 digits, such as "123456789012")'),
    "database": (
        "oracle",
        "JVSPATIAL_DB_TYPE is not valid (write json, sqlite, mongodb, dynamodb or postgres)",
    ),
    "domain": ("a b", "domain_name is not valid (write a host name in lower case"),
}


def test_wrong_options_are_all_told_and_nothing_is_written(app: Path, jvbundler: Run) -> None:
    (app / "deploy.yaml").unlink()
    wrong = [word for name, (text, _) in REASONS.items() for word in (f"--{name}", text)]
    done = jvbundler("init", "support", *wrong)
    assert done.returncode == 2
    assert all(reason in done.stderr for _, reason in REASONS.values())
    assert not (app / "deploy.yaml").exists()


def test_an_option_for_a_platform_that_is_not_enabled(app: Path, jvbundler: Run) -> None:
    done = jvbundler("init", "support", "--force", "--lambda", "--registry", "ghcr.io/acme")
    assert done.returncode == 2
    assert "--registry is for Kubernetes, which is not enabled" in done.stderr


@pytest.fixture
def bare(app: Path) -> Path:
    """The app without a deploy.yaml, and a kubectl that has chosen a cluster."""
    (app / "deploy.yaml").unlink()
    (app.parent / "kubeconfig").write_text("apiVersion: v1\nkind: Config\ncurrent-context: kind-dev\n")
    return app


Ask = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def ask(bare: Path) -> Iterator[Ask]:
    """Starts `init` on a terminal of its own."""
    started: list[pexpect.spawn[str]] = []

    def spawn(*arguments: str, **env: str) -> pexpect.spawn[str]:
        kept = {name: value for name, value in os.environ.items() if name != "CI" and "AWS" not in name}
        files = {"AWS_CONFIG_FILE": "aws-config", "KUBECONFIG": "kubeconfig"}
        config = {name: str(bare.parent / file) for name, file in files.items()}
        terminal = pexpect.spawn(
            sys.executable,
            ["-m", "jvbundler", "init", "support", *arguments],
            cwd=str(bare.parent),
            env={**kept, **config, "PYTHONPATH": str(ROOT), **env},
            encoding="utf-8",
            timeout=30,
            dimensions=(40, 200),
        )
        started.append(terminal)
        return terminal

    yield spawn
    for terminal in started:
        terminal.close(force=True)


def finish(terminal: pexpect.spawn[str], app: Path) -> dict[str, Any]:
    terminal.expect("written, enabled")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    document: dict[str, Any] = yaml.safe_load((app / "deploy.yaml").read_text())
    return document


def test_a_terminal_is_asked_for_what_no_file_says(bare: Path, ask: Ask) -> None:
    terminal = ask()
    for question, answer in (
        ("Platforms .*lambda or both \\[both\\]: ", ""),
        ("Registry .*: ", "ghcr.io/acme"),
        ("kubectl context .* \\[kind-dev\\]: ", "prod"),
        ("AWS region .*: ", "eu-central-1"),
        ("AWS account .*: ", "123456789012"),
        ("Database.*: ", "mongodb"),
        ("Domain .*: ", "support.example.com"),
    ):
        terminal.expect(question)
        terminal.sendline(answer)
    check_answers(finish(terminal, bare))


def test_enter_takes_what_the_machine_knows_or_leaves_the_key_as_a_comment(bare: Path, ask: Ask) -> None:
    (bare.parent / "aws-config").write_text("[default]\nregion = eu-west-3\n")
    terminal = ask()
    for question in (
        "Platforms",
        "Registry",
        "context",
        "region .* \\[eu-west-3\\]",
        "account",
        "Data",
        "Dom",
    ):
        terminal.expect(f"{question}.*: ")
        terminal.sendline("")
    document = finish(terminal, bare)
    assert document["kubernetes"]["context"] == "kind-dev"
    assert document["lambda"]["region"] == "eu-west-3"
    assert "account_id" not in document["lambda"]
    text = (bare / "deploy.yaml").read_text()
    assert '  # account_id: "123456789012"' in text
    assert "  # registry:\n  #   url: ghcr.io/acme" in text
    assert "  # JVSPATIAL_DB_TYPE: mongodb" in text


def test_what_the_apps_files_say_is_offered(bare: Path, ask: Ask) -> None:
    (bare / "deploy.example.yaml").write_text("region: eu-north-1\n")
    (bare / ".env.example").write_text("JVSPATIAL_DB_TYPE=mongodb\n")
    terminal = ask("--lambda", AWS_REGION="eu-west-3")
    for question in ("region .* \\[eu-north-1\\]", "account", "Database .* \\[mongodb\\]", "Domain"):
        terminal.expect(f"{question}.*: ")
        terminal.sendline("")
    document = finish(terminal, bare)
    assert document["lambda"]["region"] == "eu-north-1"
    assert document["environment"]["JVSPATIAL_DB_TYPE"] == "mongodb"
    assert "JVSPATIAL_MONGODB_URI" in names(document)


def test_a_wrong_answer_is_told_at_once_and_asked_for_again(bare: Path, ask: Ask) -> None:
    terminal = ask()
    terminal.expect("Platforms")
    terminal.sendline("ecs")
    terminal.expect("platforms are not valid \\(write k8s, lambda or both\\)")
    terminal.sendline("both")
    for name, question in (
        ("registry", "Registry"),
        ("", "context"),
        ("region", "region"),
        ("account", "account"),
        ("database", "Database"),
        ("domain", "Domain"),
    ):
        terminal.expect(f"{question}.*: ")
        if name:
            text, reason = REASONS[name]
            terminal.sendline(text)
            terminal.expect_exact(reason)
            terminal.expect(f"{question}.*: ")
            terminal.sendline(FLAGS[name])
        else:
            terminal.sendline("prod")
    check_answers(finish(terminal, bare))


def test_what_an_option_says_is_not_asked(bare: Path, ask: Ask) -> None:
    terminal = ask("--all", *GIVEN)
    check_answers(finish(terminal, bare))
    assert "Registry" not in str(terminal.before)


def test_a_platform_that_is_not_chosen_is_not_asked_about(bare: Path, ask: Ask) -> None:
    terminal = ask("--lambda", "--region", "eu-central-1")
    for question in ("AWS account", "Database", "Domain"):
        assert terminal.expect(["Registry", "context", f"{question}.*: "]) == 2
        terminal.sendline("")
    assert "kubernetes" not in finish(terminal, bare)


@pytest.mark.parametrize(("arguments", "env"), [(("-y",), {}), ((), {"CI": "true"})], ids=["-y", "CI"])
def test_nothing_is_asked_in_ci_or_with_yes(
    bare: Path, ask: Ask, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    assert set(finish(ask(*arguments, **env), bare)) >= {"kubernetes", "lambda"}


def test_ctrl_c_writes_nothing(bare: Path, ask: Ask) -> None:
    terminal = ask()
    terminal.expect("Platforms")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus != 0
    assert not (bare / "deploy.yaml").exists()


def test_a_file_that_is_there_is_told_before_any_question(bare: Path, ask: Ask) -> None:
    (bare / "deploy.yaml").write_text("version: '1.0'\n")
    terminal = ask()
    terminal.expect("'support/deploy.yaml' exists already: '--force' replaces it")
    terminal.expect(pexpect.EOF)
    assert "Platforms" not in str(terminal.before)
