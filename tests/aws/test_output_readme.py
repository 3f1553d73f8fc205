"""Each command in the output's README runs as it is printed there, in the folder that it names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.aws.account import ACCOUNT, REGION, Account
from tests.aws.commands import ROOT, SECRETS, jvbundler, stub_docker, write_app
from tests.deploy.conftest import HEALTHY, Tools

BOTH = f"""
app: {{name: acme-support}}
kubernetes: {{enabled: true, registry: {{url: ghcr.io/acme}}}}
lambda:
  {{enabled: true, region: {REGION}, account_id: {ACCOUNT}, function: {{name: readme}}, stack_name: readme}}
"""
SEVERAL = """
app: {name: acme-support}
kubernetes: {enabled: true, context: test-cluster, registry: {url: ghcr.io/acme}}
environments:
  dev: {kubernetes: {create_namespace: true}}
  prod:
    gitops: {repo_url: "https://git.example.com/a/b.git", argocd: {enabled: true}, flux: {enabled: true}}
"""


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        pytest.param(
            BOTH,
            (),
            [
                'jvbundler deploy k8s --all --context "${KUBE_CONTEXT:?}"',
                "kubectl apply --server-side -f kubernetes/rendered/default/manifest.yaml",
                "jvbundler deploy lambda --all",
            ],
            id="both-platforms",
        ),
        pytest.param(
            SEVERAL,
            (),
            [
                "jvbundler deploy k8s -e dev --all",
                "kubectl apply --server-side -f kubernetes/rendered/dev/manifest.yaml",
                "jvbundler push -e prod",
                "kubectl apply -f gitops/argocd/prod.yaml",
                "kubectl apply -f gitops/flux/prod.yaml",
            ],
            id="environments-and-gitops",
        ),
        pytest.param(
            SEVERAL,
            ("-o", "../delivered files"),
            [
                'jvbundler deploy k8s -e dev -o "${OUTPUT:?}" --all',
                "kubectl apply --server-side -f kubernetes/rendered/dev/manifest.yaml",
                'jvbundler push -e prod -o "${OUTPUT:?}"',
                "kubectl apply -f gitops/argocd/prod.yaml",
                "kubectl apply -f gitops/flux/prod.yaml",
            ],
            id="output-elsewhere",
        ),
    ],
)
def test_every_command_runs(
    aws: Account, tmp_path: Path, text: str, more: tuple[str, ...], expected: list[str]
) -> None:
    app = write_app(tmp_path / "app", text)
    tools = Tools(tmp_path)
    tools.put("kubectl")
    (tmp_path / "answers.json").write_text(json.dumps(HEALTHY))
    stubs = stub_docker(tmp_path)
    (tmp_path / "bin/jvbundler").write_text(f'#!/bin/sh\nexec {sys.executable} -m jvbundler "$@"\n')
    (tmp_path / "bin/jvbundler").chmod(0o755)
    jvbundler(aws, app, "render", *more)
    output = app / (more[1] if more else "deploy")
    commands = commands_of((output / "README.md").read_text())
    assert commands == ["jvbundler render", *expected]
    environ = {
        **aws.environ,
        **SECRETS,
        "PATH": f"{tmp_path / 'bin'}:{stubs}:{aws.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "KUBE_CONTEXT": "test-cluster",
        "OUTPUT": str(output),
        "PUSHED_DIGEST": pushed(aws) if "lambda" in text else f"sha256:{64 * 'a'}",
    }
    for command in commands[0 if not more else 1 :]:
        # The cluster and the function are no real ones: nobody answers there.
        words = f"{command} --health-timeout 0" if "deploy lambda" in command else command
        folder = app if command.startswith("jvbundler") else output
        done = subprocess.run(
            ["bash", "-c", words], cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout + done.stderr)


def pushed(aws: Account) -> str:
    aws.api("ecr").create_repository(repositoryName="acme-support")
    return aws.push("acme-support", "1.2.3")


def commands_of(readme: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]
