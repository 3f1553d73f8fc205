"""`handover` to Argo CD or Flux, and `deploy k8s` of an environment that they pull."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvbundler.deploy.kubernetes import handover
from jvbundler.deploy.kubernetes.workload import Workload, workload_of
from jvbundler.deploy.release import Release, load_release
from jvbundler.pipeline.request import Options
from tests.deploy.conftest import DEPLOY, Run, Tools, environment
from tests.terminal import in_terminal

HERE = ("support", "-e", "dev")
PULLED = "gitops:\n  repo_url: https://git.example.com/a/b.git\n  flux: {enabled: true}\n"
OURS: dict[str, Any] = {"f:data": {"f:LOG_LEVEL": {}, "f:OLD": {}}}
THEIRS: dict[str, Any] = {"f:data": {"f:LOG_LEVEL": {}}}


def entry(manager: str, fields: dict[str, Any], operation: str = "Apply") -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": fields}


@pytest.fixture
def release(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.chdir(rendered.parent)
    return load_release(rendered, "support", Options({}), targets=("kubernetes",), environment="dev")


@pytest.fixture
def workload(release: Release) -> Workload:
    return workload_of(release)


def live(rendered: Path, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of the manifest as the server has them, with these owners."""
    manifest = rendered / "deploy/kubernetes/rendered/dev/manifest.yaml"
    items = [dict(item) for item in yaml.safe_load_all(manifest.read_text()) if item]
    for item in items:
        item["metadata"] = {**item["metadata"], "managedFields": list(entries)}
    return items


BOTH = (entry("jvbundler", OURS), entry("kustomize-controller", THEIRS))


def test_the_plan_lets_go_of_each_object_and_looks_whether_it_did(
    rendered: Path, release: Release, workload: Workload
) -> None:
    facts = handover.facts_of(live(rendered, *BOTH), workload, "flux")
    versions = handover.versions_of(release, workload)
    operation = handover.plan(workload, "flux", facts, versions)
    let_go, look = operation.commands
    assert let_go.argv[-4:] == ("apply", "--server-side", "--field-manager=jvbundler", "--filename=-")
    items = json.loads(let_go.stdin_text)["items"]
    assert len(items) == len(workload.objects) == len(operation.stays)
    # Nothing but the name: the server drops what an apply no longer has.
    assert {key for item in items for key in item} == {"apiVersion", "kind", "metadata"}
    assert {key for item in items for key in item["metadata"]} == {"name", "namespace"}
    assert (look.role, "--show-managed-fields" in look.argv) == ("check", True)
    assert "deployment.apps/acme-support: data.OLD" in operation.goes
    assert not [line for line in operation.goes if "LOG_LEVEL" in line]
    assert operation.question == "leave 'acme-support' in 'acme' of 'test-cluster' to Flux"


@pytest.mark.parametrize(
    ("system", "manager"), [("argocd", "argocd-controller"), ("flux", "kustomize-controller")]
)
def test_what_the_other_system_has_not_applied_is_named(
    rendered: Path, workload: Workload, system: str, manager: str
) -> None:
    every = live(rendered, entry("jvbundler", OURS))
    assert handover.facts_of(every, workload, system).missing == workload.objects
    # An update is no apply: it owns what it changed.
    update = live(rendered, entry("jvbundler", OURS), entry(manager, THEIRS, "Update"))
    assert handover.facts_of(update, workload, system).missing == workload.objects
    synced = live(rendered, entry("jvbundler", OURS), entry(manager, THEIRS))
    assert handover.facts_of(synced, workload, system).missing == ()
    assert handover.facts_of(synced[1:], workload, system).missing == workload.objects[:1]


def test_the_number_of_pods_that_only_we_say_is_kept(
    rendered: Path, release: Release, workload: Workload
) -> None:
    replicas: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
    items = live(rendered, entry("jvbundler", replicas), entry("kustomize-controller", {}))
    next(item for item in items if item["kind"] == "Deployment")["spec"]["replicas"] = 3
    facts = handover.facts_of(items, workload, "flux")
    operation = handover.plan(workload, "flux", facts, handover.versions_of(release, workload))
    assert facts.pods == 3
    assert "--field-manager=jvbundler-scaling" in operation.commands[0].argv


def test_a_field_of_a_third_party_stays(rendered: Path, workload: Workload) -> None:
    third = entry("kubectl-edit", {"f:data": {"f:OLD": {}}}, "Update")
    assert handover.facts_of(live(rendered, *BOTH, third), workload, "flux").goes == ()


def answer_live(tools: Tools, items: list[dict[str, Any]], **more: Any) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    tools.answer("get", "--show-managed-fields", stdout=text, **more)


def test_a_handover_asks_does_and_checks(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    answer_live(tools, live(rendered, *BOTH), times=1)
    answer_live(tools, live(rendered, entry("kustomize-controller", THEIRS)))
    refused = jvbundler("handover", "flux", *HERE)
    assert refused.returncode == 2
    assert "deployment.apps/acme-support: data.OLD" in refused.stderr
    assert "there is no terminal to ask on; use '--yes'" in refused.stderr
    assert "apply" not in tools.verbs()
    done = jvbundler("handover", "flux", *HERE, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["ok"]
    assert "deployment.apps/acme-support" in result["objects"]
    assert "deployment.apps/acme-support: data.OLD" in result["removed"]


def test_a_handover_that_did_not_work_fails(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    answer_live(tools, live(rendered, *BOTH))
    done = jvbundler("handover", "flux", *HERE, "--yes")
    assert done.returncode == 4
    assert "'jvbundler' still owns fields of" in done.stderr


def test_before_the_first_sync_nothing_is_changed(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    answer_live(tools, live(rendered, entry("jvbundler", OURS)))
    done = jvbundler("handover", "argocd", *HERE, "--yes")
    assert done.returncode == 2
    assert "Argo CD has not applied all of the manifest yet, nothing was changed; it lacks: " in done.stderr
    assert "deployment.apps/acme-support" in done.stderr
    assert not [verb for verb in tools.verbs() if verb.startswith("apply")]


def test_where_we_own_nothing_there_is_nothing_to_do(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    answer_live(tools, live(rendered, entry("argocd-controller", THEIRS)))
    tools.answer("--selector=app.kubernetes.io/managed-by", file="owned.json")
    done = jvbundler("handover", "argocd", *HERE)
    assert (done.returncode, done.stdout) == (0, "nothing to do: all of it is Argo CD's alone\n")
    # It prunes only what it has applied itself.
    assert "Argo CD does not know what the manifest no longer has; delete it yourself: " in done.stderr


def test_a_dry_run_shows_what_would_run(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("handover", "flux", *HERE, "--dry-run")
    assert done.returncode == 0
    assert tools.calls() == []
    assert "kubectl --context test-cluster --namespace acme apply --server-side" in done.stdout
    assert "# refused if Flux has not applied all of this" in done.stdout


def test_where_gitops_is_enabled_a_deployment_needs_force_or_a_terminal(
    app: Path, tools: Tools, jvbundler: Run, tmp_path: Path
) -> None:
    (app / "deploy.yaml").write_text(DEPLOY + PULLED)
    assert jvbundler("render", "support").returncode == 0
    said = "environment 'dev' is pulled by Flux: what differs from the repository is undone"
    done = jvbundler("deploy", "k8s", *HERE, "--yes")
    assert done.returncode == 2
    assert f"{said}; there is no terminal to ask on: '--force' deploys anyway\n" in done.stderr
    assert tools.calls() == []
    assert f"# {said}" in jvbundler("deploy", "k8s", *HERE, "--dry-run").stdout
    forced = jvbundler("deploy", "k8s", *HERE, "--force")
    assert forced.returncode == 0, forced.stderr
    assert said in forced.stderr
    # At a terminal it asks.
    argv = [sys.executable, "-m", "jvbundler", "deploy", "k8s", *HERE]
    before = len(tools.calls())
    shown = in_terminal(argv, cwd=tmp_path, env=environment(tools, tmp_path), typed="n\n")
    assert shown.code != 0
    assert "deploy it from here all the same [y/N]" in shown.text.replace("\n", " ")
    assert not [c for c in tools.calls()[before:] if "apply" in c["argv"] and "--dry-run" not in c["argv"]]
    shown = in_terminal(argv, cwd=tmp_path, env=environment(tools, tmp_path), typed="y\n")
    assert shown.code == 0, shown.text


def test_an_image_alone_is_built_without_a_question(app: Path, tools: Tools, jvbundler: Run) -> None:
    (app / "deploy.yaml").write_text(DEPLOY + PULLED)
    assert jvbundler("deploy", "k8s", *HERE, "--build", "--render").returncode == 0
