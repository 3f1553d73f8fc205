"""`deploy k8s` against a kubectl that answers as version 1.32 does: what is run, and what is said."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jvbundler.output.writer_lock import only_writer
from tests.deploy.conftest import DIGEST, HEALTHY, Run, Tools, answer_items, answer_text, environment

DEPLOY = ("deploy", "k8s", "support", "-e", "dev")
HAPPY = [
    "version",
    "auth can-i",
    "get deployment.apps/acme-support",
    "get deployments.apps,cronjobs.batch,services,configmaps,serviceaccounts,persistentvolumeclaims,"
    "ingresses.networking.k8s.io,networkpolicies.networking.k8s.io,"
    "horizontalpodautoscalers.autoscaling,poddisruptionbudgets.policy",
    "get secret",
    "apply --dry-run=server",
    "apply",
    "rollout status",
    "get /api/v1/namespaces/acme/services/acme-support:http/proxy/health --raw",
]


def test_the_rendered_manifest_is_checked_applied_and_waited_for(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    done = jvbundler(*DEPLOY)
    assert done.returncode == 0, done.stderr
    assert tools.verbs() == HAPPY
    apply = next(call["argv"] for call in tools.calls() if call["argv"][-3:-2] == ["--server-side"])
    assert apply == [
        *("kubectl", "--context", "test-cluster", "--namespace", "acme", "apply", "--server-side"),
        *("--field-manager=jvbundler", "--filename=support/deploy/kubernetes/rendered/dev/manifest.yaml"),
    ]
    assert f"image: ghcr.io/acme/acme-support:1.2.3@{DIGEST}" in done.stdout
    assert "health: answers" in done.stdout


def test_every_call_names_its_context_and_namespace(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    jvbundler(*DEPLOY)
    for call in tools.calls():
        if "version" not in call["argv"]:
            assert call["argv"][1:5] == ["--context", "test-cluster", "--namespace", "acme"]


def test_a_dry_run_prints_what_a_run_does_and_needs_no_tool(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    (tools.folder / "bin" / "kubectl").unlink()
    done = jvbundler(*DEPLOY, "--dry-run", PATH="/nowhere")
    assert done.returncode == 0, done.stderr
    shown = [shlex.split(line) for line in done.stdout.splitlines() if not line.startswith("#")]
    tools.put("kubectl")
    jvbundler(*DEPLOY)
    ran = [call["argv"] for call in tools.calls() if not {"version", "can-i"} & set(call["argv"])]
    assert shown == ran


def test_a_missing_output_is_rendered_first(app: Path, tools: Tools, jvbundler: Run) -> None:
    dry = jvbundler(*DEPLOY, "--dry-run")
    assert "jvbundler render support" in dry.stdout
    assert not (app / "deploy").exists()
    assert jvbundler(*DEPLOY).returncode == 0
    assert (app / "deploy" / "kubernetes" / "rendered" / "dev" / "manifest.yaml").exists()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_stale_output_is_refused_without_render(
    rendered: Path, tools: Tools, jvbundler: Run, more: tuple[str, ...]
) -> None:
    text = (rendered / "deploy.yaml").read_text()
    (rendered / "deploy.yaml").write_text(text.replace("version: 1.2.3", "version: 1.2.4"))
    done = jvbundler(*DEPLOY, *more)
    assert done.returncode == 3
    assert "manifest.yaml is out of date" in done.stderr
    assert "--render" in done.stderr
    assert "apply" not in tools.verbs()
    assert jvbundler(*DEPLOY, "--render").returncode == 0


def test_an_edited_output_is_refused_even_with_render(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    manifest = rendered / "deploy/kubernetes/rendered/dev/manifest.yaml"
    manifest.write_text(manifest.read_text() + "# by hand\n")
    for more in ((), ("--render",)):
        done = jvbundler(*DEPLOY, *more)
        assert done.returncode == 3
        assert "edited by hand" in done.stderr
    assert "apply" not in tools.verbs()


def test_an_edit_of_another_environment_is_no_obstacle(rendered: Path, jvbundler: Run) -> None:
    manifest = rendered / "deploy/kubernetes/rendered/prod/manifest.yaml"
    manifest.write_text(manifest.read_text() + "# by hand\n")
    assert jvbundler(*DEPLOY).returncode == 0


def test_variables_of_the_command_line_are_rendered_for_this_environment_only(
    rendered: Path, jvbundler: Run
) -> None:
    prod = (rendered / "deploy/kubernetes/rendered/prod/manifest.yaml").read_bytes()
    assert jvbundler(*DEPLOY, "--env", "LOG_LEVEL=DEBUG").returncode == 0
    assert "LOG_LEVEL: DEBUG" in (rendered / "deploy/kubernetes/rendered/dev/manifest.yaml").read_text()
    assert (rendered / "deploy/kubernetes/rendered/prod/manifest.yaml").read_bytes() == prod


def test_a_protected_environment_is_not_touched_without_its_name(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    done = jvbundler("deploy", "k8s", "support", "-e", "prod")
    assert done.returncode == 2
    assert "environment 'prod' is protected" in done.stderr
    assert tools.calls() == []
    assert jvbundler("deploy", "k8s", "support", "-e", "prod", "--yes").returncode == 0


def test_one_of_several_environments_has_to_be_named(rendered: Path, jvbundler: Run) -> None:
    done = jvbundler("deploy", "k8s", "support")
    assert (done.returncode, done.stderr) == (
        2,
        "jvbundler: which environment? choose one with -e: dev, prod\n",
    )
    assert "did you mean 'dev'" in jvbundler("deploy", "k8s", "support", "-e", "devv").stderr


def test_without_a_context_nothing_is_deployed(app: Path, tools: Tools, jvbundler: Run) -> None:
    text = (app / "deploy.yaml").read_text().replace("  context: test-cluster\n", "")
    (app / "deploy.yaml").write_text(text)
    done = jvbundler(*DEPLOY)
    assert done.returncode == 2
    assert "kubernetes.context" in done.stderr
    assert tools.calls() == []


@pytest.mark.parametrize(("file", "owner"), [("live-argocd.json", "Argo CD"), ("live-flux.json", "Flux")])
def test_what_a_gitops_controller_manages_is_left_to_it(
    rendered: Path, tools: Tools, jvbundler: Run, file: str, owner: str
) -> None:
    tools.answer("get", "deployment.apps/acme-support", file=file)
    done = jvbundler(*DEPLOY)
    assert done.returncode == 2
    assert f"{owner} manages the Deployment" in done.stderr
    assert "support/deploy/kubernetes/rendered/dev/manifest.yaml" in done.stderr
    assert tools.verbs()[-1] == "get deployment.apps/acme-support"
    assert jvbundler(*DEPLOY, "--force").returncode == 0


def test_after_a_rollback_the_next_deployment_takes_its_fields_back(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("get", "deployment.apps/acme-support", file="live-undone.json")
    assert jvbundler(*DEPLOY).returncode == 0
    assert "apply --force-conflicts" in tools.verbs()


def test_a_deployment_that_was_scaled_by_hand_is_no_rollback(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("get", "deployment.apps/acme-support", file="live-scaled-by-hand.json")
    assert jvbundler(*DEPLOY).returncode == 0
    assert "apply --force-conflicts" not in tools.verbs()


def test_a_conflict_with_somebody_else_stops_before_the_first_change(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("apply", "--dry-run=server", stderr=answer_text("conflict.txt"), code=1)
    done = jvbundler(*DEPLOY)
    assert done.returncode == 4
    assert 'conflict with "kubectl-edit"' in done.stderr
    assert "--force-conflicts" in done.stderr
    assert "apply" not in tools.verbs()


@pytest.mark.parametrize("words", ["forbidden.txt", "unreachable.txt"])
def test_the_server_refuses_before_the_first_change(
    rendered: Path, tools: Tools, jvbundler: Run, words: str
) -> None:
    tools.answer("apply", "--dry-run=server", stderr=answer_text(words), code=1)
    done = jvbundler(*DEPLOY)
    assert done.returncode == 4
    assert all(line in done.stderr for line in answer_text(words).splitlines())
    assert "kubectl --context test-cluster --namespace acme apply" in done.stderr
    assert "apply" not in tools.verbs()


def test_a_namespace_that_comes_with_the_manifest_may_be_missing_yet(
    app: Path, tools: Tools, jvbundler: Run
) -> None:
    text = (app / "deploy.yaml").read_text()
    (app / "deploy.yaml").write_text(
        text.replace("  namespace: acme\n", "  namespace: acme\n  create_namespace: true\n")
    )
    missing = answer_text("namespace-not-found.txt")
    tools.answer("apply", "--dry-run=server", stderr=missing, code=1)
    assert jvbundler(*DEPLOY).returncode == 0
    tools.answers.clear()
    tools.answer("apply", "--dry-run=server", stderr=missing + answer_text("forbidden.txt"), code=1)
    assert jvbundler(*DEPLOY).returncode == 4


@pytest.mark.parametrize("words", ["deadline.txt", "timeout.txt"])
def test_pods_that_do_not_come_up_are_explained(
    rendered: Path, tools: Tools, jvbundler: Run, words: str
) -> None:
    tools.answer("rollout", "status", stderr=answer_text(words), code=1)
    tools.answer("replicasets.apps,pods", file="crashing.json")
    tools.answer("get", "events", file="events.json")
    log = answer_text("crashing-log.txt")
    tools.answer("logs", "--previous", stdout=f"{log}key hush-hush\n")
    done = jvbundler(*DEPLOY, OPENAI_API_KEY="hush-hush")
    assert "log: key ***" in done.stderr
    assert "CrashLoopBackOff" in " ".join(json.loads(jvbundler(*DEPLOY, "--json").stdout)["notes"])
    assert done.returncode == 4
    (pod,) = (o["metadata"]["name"] for o in answer_items("crashing.json") if o["kind"] == "Pod")
    for said in (
        answer_text(words).strip(),
        f"{pod}: acme-support: CrashLoopBackOff: back-off 10s restarting failed container",
        f"{pod}: acme-support: ended with exit code 1 (Error), 2 restarts",
        f"{pod}: log: ModuleNotFoundError: No module named 'acme'",
        f"Pod/{pod}: BackOff: Back-off restarting failed container",
        "'jvbundler rollback k8s' goes back to revision 4",
    ):
        assert said in done.stderr
    # Another app in the namespace has its own warnings.
    assert "other" in answer_text("events.json")
    assert "Pod/other" not in done.stderr
    assert "rollout undo" not in tools.verbs()


@pytest.mark.parametrize(("flag", "env"), [("--rollback-on-failure", ""), ("--yes", "CI")])
def test_a_failed_deployment_goes_back_to_the_former_revision_and_configuration(
    rendered: Path, tools: Tools, jvbundler: Run, flag: str, env: str
) -> None:
    tools.answer("rollout", "status", stderr=answer_text("timeout.txt"), code=1, times=1)
    done = jvbundler(*DEPLOY, flag, **({env: "true"} if env else {}))
    assert done.returncode == 4
    assert "revision 4 runs again" in done.stderr
    assert tools.verbs()[-3:] == ["apply", "rollout undo", "rollout status"]
    restored, undone = tools.calls()[-3:-1]
    items = json.loads(restored["stdin"])["items"]
    before = next(o for o in answer_items("live.json") if o["kind"] == "ConfigMap")
    assert [item["data"] for item in items] == [before["data"]]
    assert before["data"]["LOG_LEVEL"] == "INFO"
    assert "managedFields" not in items[0]["metadata"]
    assert undone["argv"][-1] == "--to-revision=4"


def test_a_first_deployment_that_fails_has_nothing_to_go_back_to(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("get", "deployment.apps/acme-support", stdout="")
    tools.answer("rollout", "status", stderr=answer_text("timeout.txt"), code=1)
    done = jvbundler(*DEPLOY, "--rollback-on-failure")
    assert done.returncode == 4
    assert "this was the first deployment" in done.stderr


def test_what_the_manifest_no_longer_has_goes_but_not_its_data(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("--selector=app.kubernetes.io/managed-by", file="owned.json")
    done = jvbundler(*DEPLOY)
    assert done.returncode == 0
    deleted = [call["argv"][6:] for call in tools.calls() if "delete" in call["argv"]]
    gone = ("configmap/acme-support", "ingress.networking.k8s.io/acme-support")
    assert deleted == [["--ignore-not-found", *gone, "networkpolicy.networking.k8s.io/old-policy"]]
    data = "persistentvolumeclaim/acme-support, persistentvolumeclaim/old-data"
    assert f"kept, as it holds data: {data} (--delete-data deletes it)" in done.stderr
    jvbundler(*DEPLOY, "--delete-data")
    assert "persistentvolumeclaim/old-data" in tools.calls()[-2]["argv"]


def test_an_autoscaler_that_is_new_begins_with_the_pods_that_run(
    app: Path, tools: Tools, jvbundler: Run
) -> None:
    text = (app / "deploy.yaml").read_text()
    (app / "deploy.yaml").write_text(
        text.replace("  namespace: acme\n", "  namespace: acme\n  autoscaling: {enabled: true}\n")
        + "environment: {JVSPATIAL_DB_TYPE: postgres}\n"
    )
    before = answer_text("live.json").replace('"replicas": 1,', '"replicas": 4,')
    tools.answer("get", "deployment.apps/acme-support", stdout=before)
    done = jvbundler(*DEPLOY, "--diff", "--yes")
    assert done.returncode == 0, done.stderr
    keeps, applies = [c for c in tools.calls() if "apply" in c["argv"]][-2:]
    assert "--field-manager=jvbundler-scaling" in keeps["argv"]
    assert json.loads(keeps["stdin"])["spec"] == {"replicas": 4}
    assert "--field-manager=jvbundler" in applies["argv"]


def test_diff_shows_what_changes_first(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("diff", stdout="-  replicas: 1\n+  replicas: 2\n", code=1)
    done = jvbundler(*DEPLOY, "--diff")
    assert done.returncode == 0
    assert "+  replicas: 2" in done.stdout
    assert tools.verbs().index("diff") < tools.verbs().index("apply")
    tools.answers.clear()
    tools.answer("diff", stderr=answer_text("unreachable.txt"), code=2)
    assert jvbundler(*DEPLOY, "--diff").returncode == 4


def test_the_pull_secret_comes_from_the_users_docker_login(
    app: Path, tools: Tools, jvbundler: Run, tmp_path: Path
) -> None:
    text = (app / "deploy.yaml").read_text()
    registry = "    url: ghcr.io/acme\n    secret_name: regcred\n    create_secret: true\n"
    (app / "deploy.yaml").write_text(text.replace("    url: ghcr.io/acme\n", registry))
    refused = jvbundler(*DEPLOY)
    assert refused.returncode == 4
    assert "you are not logged in to 'ghcr.io'" in refused.stderr
    (tmp_path / "home" / ".docker").mkdir()
    auths = {"ghcr.io": {"auth": "dXNlcjpwYXNz"}, "other.example.com": {"auth": "b3RoZXI="}}
    (tmp_path / "home" / ".docker" / "config.json").write_text(json.dumps({"auths": auths}))
    tools.answer("create", "secret", stdout="kind: Secret\n")
    assert jvbundler(*DEPLOY).returncode == 0
    made = [call for call in tools.calls() if "secret" in call["argv"]][-1]
    assert json.loads(made["stdin"]) == {"auths": {"ghcr.io": {"auth": "dXNlcjpwYXNz"}}}
    assert not any("dXNlcjpwYXNz" in word for call in tools.calls() for word in call["argv"])
    applied = next(c for c in tools.calls() if "--filename=-" in c["argv"])
    assert applied["stdin"] == "kind: Secret\n"


def test_what_is_shown_is_what_runs_and_in_that_order(
    app: Path, tools: Tools, jvbundler: Run, tmp_path: Path
) -> None:
    text = (app / "deploy.yaml").read_text()
    registry = "    url: ghcr.io/acme\n    secret_name: regcred\n    create_secret: true\n"
    (app / "deploy.yaml").write_text(text.replace("    url: ghcr.io/acme\n", registry))
    (tmp_path / "home" / ".docker").mkdir(parents=True)
    auths = {"auths": {"ghcr.io": {"auth": "dXNlcjpwYXNz"}}}
    (tmp_path / "home" / ".docker" / "config.json").write_text(json.dumps(auths))
    tools.answer("create", "secret", stdout="kind: Secret\n")
    shown = jvbundler(*DEPLOY, "--dry-run").stdout
    assert jvbundler(*DEPLOY).returncode == 0
    steps = (
        "--selector=",
        "--dry-run=server",
        "create secret",
        "--filename=-",
        "rollout status",
        "get --raw",
    )
    run = "\n".join(" ".join(call["argv"]) for call in tools.calls())
    for order in (shown, run):
        places = [order.index(step) for step in steps]
        assert places == sorted(places), order


def test_machines_get_every_step(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler(*DEPLOY, "--json")
    result = json.loads(done.stdout)
    assert result["ok"]
    assert [step["result"] for step in result["steps"]] == ["finished"] * 7
    assert done.stderr == ""
    tools.answer("apply", "--dry-run=server", stderr=answer_text("forbidden.txt"), code=1)
    failed = jvbundler(*DEPLOY, "--json")
    assert failed.returncode == 4
    assert "forbidden" in json.loads(failed.stdout)["error"]


def test_the_output_of_tools_is_shown_when_it_is_asked_for(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("apply", stdout="deployment.apps/acme-support serverside-applied\n")
    assert "serverside-applied" not in jvbundler(*DEPLOY).stderr
    assert "  | deployment.apps/acme-support serverside-applied" in jvbundler(*DEPLOY, "-v").stderr


def test_no_secret_is_shown_whoever_says_it(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    secret = "correct-horse-battery"
    tools.answer("apply", stdout=f"set to {secret}\n", stderr=f"error: bad value {secret}\n", code=1)
    for more in ((), ("-v",), ("--json",)):
        done = jvbundler(*DEPLOY, *more, OPENAI_API_KEY=secret)
        assert secret not in done.stdout + done.stderr
        assert "***" in done.stdout + done.stderr


def test_garbage_instead_of_json_is_told_in_one_line(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("get", "deployment.apps/acme-support", stdout="I am not JSON\n")
    done = jvbundler(*DEPLOY)
    assert done.returncode == 4
    assert "printed something other than JSON: I am not JSON" in done.stderr
    assert "apply" not in tools.verbs()


def test_an_old_or_missing_kubectl_is_found_before_anything_else(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    tools.answer("version", "--client", stdout='{"clientVersion": {"gitVersion": "v1.19.3"}}')
    done = jvbundler(*DEPLOY)
    assert done.returncode == 4
    assert "kubectl: 1.19.3 is too old: 1.25 is needed" in done.stderr
    assert "to fix it: install kubectl" in done.stderr
    (tools.folder / "bin" / "kubectl").unlink()
    missing = jvbundler(*DEPLOY, PATH=str(tools.folder / "bin"))
    assert missing.returncode == 4
    assert "kubectl: is not on PATH" in missing.stderr


def test_expired_credentials_are_told_with_the_way_out(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("auth", "can-i", stderr=answer_text("unauthorized.txt"), code=1)
    done = jvbundler(*DEPLOY)
    assert done.returncode == 4
    assert "log in to the cluster again" in done.stderr
    assert tools.verbs() == ["version", "auth can-i"]


def test_a_file_that_changes_after_the_look_is_not_applied(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    manifest = rendered / "deploy/kubernetes/rendered/dev/manifest.yaml"
    program = tools.folder / "bin" / "kubectl"
    edits = f"    if '--dry-run=server' in sys.argv:\n        open({str(manifest)!r}, 'a').write('# x')\n"
    start = "def main() -> int:\n"
    program.write_text(program.read_text().replace(start, start + edits))
    done = jvbundler(*DEPLOY)
    assert done.returncode == 3
    assert "was changed while this ran" in done.stderr
    assert "apply" not in tools.verbs()


def test_a_second_deployment_of_the_same_place_refuses(
    rendered: Path, tools: Tools, jvbundler: Run, tmp_path: Path
) -> None:
    assert jvbundler(*DEPLOY).returncode == 0
    (lock,) = (tmp_path / "home/.cache/jvbundler/deployments").iterdir()
    with only_writer(lock):
        done = jvbundler(*DEPLOY)
    assert done.returncode == 3
    assert (
        "another deployment of 'acme-support' in namespace 'acme' of 'test-cluster' is running" in done.stderr
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interruption_reaches_the_tool_and_says_what_was_done(
    rendered: Path, tools: Tools, tmp_path: Path, number: signal.Signals
) -> None:
    tools.answer("rollout", "status", seconds=60)
    tools.folder.mkdir(exist_ok=True)
    (tools.folder / "answers.json").write_text(json.dumps([*tools.answers, *HEALTHY]))
    running = subprocess.Popen(
        [sys.executable, "-m", "jvbundler", *DEPLOY],
        cwd=tmp_path,
        env=environment(tools, tmp_path),
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    deadline = time.monotonic() + 30
    while "rollout status" not in tools.verbs():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(number)
    _, stderr = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "deploy was interrupted during: wait until the new pods are ready" in stderr
    assert "done before: " in stderr
    assert "apply the manifest" in stderr
    assert "'jvbundler status k8s' shows what runs" in stderr
