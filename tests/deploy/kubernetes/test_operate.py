"""`status`, `logs`, `rollback` and `destroy` of an app on Kubernetes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jvbundler.deploy.kubernetes.gitops import delete_command, owner_of
from tests.deploy.conftest import DIGEST, HEALTHY, Run, Tools, answer_items, answer_text, environment
from tests.deploy.kubernetes.test_deploy import HAPPY

HERE = ("support", "-e", "dev")
READS = [verb for verb in HAPPY if verb.startswith("get deployments.apps,")]


def test_a_healthy_app_has_its_pods_addresses_and_image(rendered: Path, jvbundler: Run) -> None:
    done = jvbundler("status", "k8s", *HERE)
    assert done.returncode == 0, done.stdout
    (pod,) = (o["metadata"]["name"] for o in answer_items("healthy.json") if o["kind"] == "Pod")
    assert done.stdout == (
        "acme-support in acme of test-cluster, revision 4\n"
        "  pods: 1 of 1 ready, 1 up to date\n"
        f"  image: ghcr.io/acme/acme-support:1.2.3@{DIGEST}\n"
        f"  {pod}: ready, on node-1\n"
        "  volume claim acme-support: Bound, 10Gi\n"
        "  address: https://support.example.com\n"
        "  address: http://acme-support.acme.svc:80 (in the cluster)\n"
        "  health: answers\n"
        "healthy\n"
    )


def test_an_unhealthy_app_says_why_and_leaves_with_1(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("replicasets.apps,pods", file="crashing.json")
    tools.answer("get", "events", file="events.json")
    tools.answer("get", "--raw", stderr=answer_text("no-endpoints.txt"), code=1)
    done = jvbundler("status", "kubernetes", *HERE, "--json")
    assert done.returncode == 1
    status = json.loads(done.stdout)
    assert not status["healthy"]
    assert status["replicas"] == {"desired": 1, "updated": 1, "ready": 0, "available": 0}
    assert [pod["restarts"] for pod in status["pods"]] == [2]
    assert [w.split(": ")[1] for w in status["warnings"]] == ["BackOff"]
    problems = "\n".join(status["problems"])
    for said in ("0 of 1 pods are ready", "CrashLoopBackOff", "no endpoints"):
        assert said in problems


def test_another_image_than_the_rendered_one_is_drift(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("replicasets.apps,pods", stdout=answer_text("healthy.json").replace(DIGEST, "sha256:0"))
    done = jvbundler("status", "k8s", *HERE)
    assert done.returncode == 1
    assert f"ghcr.io/acme/acme-support:1.2.3@{DIGEST} is rendered" in done.stdout


def test_what_is_not_deployed_is_not_healthy(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("replicasets.apps,pods", file="empty-list.json")
    done = jvbundler("status", "k8s", *HERE)
    assert done.returncode == 1
    assert "there is no Deployment 'acme-support' in namespace 'acme'" in done.stdout


def test_who_may_not_use_the_proxy_still_gets_a_verdict(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("get", "--raw", stderr=answer_text("forbidden-proxy.txt"), code=1)
    done = jvbundler("status", "k8s", *HERE)
    assert done.returncode == 0
    assert "health: not known: you may not use the Service's proxy" in done.stdout


def test_an_unreachable_cluster_is_a_failed_tool(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("get", stderr=answer_text("unreachable.txt"), code=1)
    done = jvbundler("status", "k8s", *HERE)
    assert done.returncode == 4
    # kubectl logs each attempt before it says what is wrong.
    assert "memcache.go" in answer_text("unreachable.txt")
    assert done.stderr == (
        "jvbundler: the cluster could not be asked\n"
        "  The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
    )


def test_watch_shows_it_again(rendered: Path, tools: Tools, jvbundler: Run, tmp_path: Path) -> None:
    (tools.folder / "answers.json").write_text(json.dumps(HEALTHY))
    watching = subprocess.Popen(
        [sys.executable, "-m", "jvbundler", "status", "k8s", *HERE, "--watch"],
        cwd=tmp_path,
        env=environment(tools, tmp_path, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    seen = ""
    while seen.count("healthy\n") < 2:
        seen += watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=20)
    assert watching.returncode == 130


def test_logs_are_those_of_all_pods(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    tools.answer("logs", stdout="[pod/acme-support-1/acme-support] hello\n")
    done = jvbundler("logs", "k8s", *HERE, "--follow", "--tail", "5", "--since", "10m", "--previous")
    assert (done.returncode, done.stdout) == (0, "[pod/acme-support-1/acme-support] hello\n")
    assert tools.calls()[-1]["argv"][5:] == [
        "logs",
        "--selector=app.kubernetes.io/name=acme-support,app.kubernetes.io/instance=acme-support",
        *("--max-log-requests=100", "--all-containers", "--prefix", "--tail=5", "--since=10m"),
        *("--follow", "--previous"),
    ]
    jvbundler("logs", "k8s", *HERE, "--pod", "acme-support-1")
    assert tools.calls()[-1]["argv"][5:7] == ["logs", "acme-support-1"]


def test_ten_thousand_lines_of_log_a_second_all_come_through(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    lines = "".join(f"[pod/a/b] line {number}\n" for number in range(30_000))
    tools.answer("logs", stdout=lines)
    started = time.monotonic()
    assert jvbundler("logs", "k8s", *HERE).stdout == lines
    assert time.monotonic() - started < 20


def test_a_rollback_goes_to_the_former_revision_and_waits(
    rendered: Path, tools: Tools, jvbundler: Run
) -> None:
    done = jvbundler("rollback", "k8s", *HERE)
    assert (done.returncode, done.stdout) == (0, "revision 3 of 'acme-support' runs\n")
    assert tools.verbs()[-2:] == ["rollout undo", "rollout status"]
    assert tools.calls()[-2]["argv"][-1] == "--to-revision=3"
    jvbundler("rollback", "k8s", *HERE, "--to-revision", "2")
    assert tools.calls()[-2]["argv"][-1] == "--to-revision=2"


@pytest.mark.parametrize(("more", "shown"), [((), "REVISION"), (("--to-revision", "2"), "2")])
def test_a_dry_run_of_a_rollback_shows_all_that_a_run_adds(
    rendered: Path, tools: Tools, jvbundler: Run, more: tuple[str, ...], shown: str
) -> None:
    dry = jvbundler("rollback", "k8s", *HERE, *more, "--dry-run").stdout
    lines = [line.split() for line in dry.splitlines() if not line.startswith("#")]
    assert tools.calls() == []
    jvbundler("rollback", "k8s", *HERE, *more)
    ran = [call["argv"] for call in tools.calls() if not {"version", "can-i"} & set(call["argv"])]
    chosen = ran[-2][-1]
    assert lines == [[f"--to-revision={shown}" if w == chosen else w for w in argv] for argv in ran]


def test_a_revision_that_is_not_there_is_named(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("rollback", "k8s", *HERE, "--to-revision", "9")
    assert done.returncode == 2
    assert "there is no revision 9; there are: 2, 3, 4" in done.stderr
    assert "rollout undo" not in tools.verbs()
    assert "is the one that runs" in jvbundler("rollback", "k8s", *HERE, "--to-revision", "4").stderr


def test_a_rollback_of_a_protected_environment_asks(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("rollback", "k8s", "support", "-e", "prod")
    assert done.returncode == 2
    assert tools.calls() == []


def test_destroy_lists_what_goes_and_asks(rendered: Path, tools: Tools, jvbundler: Run) -> None:
    done = jvbundler("destroy", "k8s", *HERE)
    assert done.returncode == 2
    assert "goes:\n" in done.stderr
    assert "there is no terminal to ask on" in done.stderr
    assert set(tools.verbs()) == {"version", "auth can-i", "get deployment.apps/acme-support", *READS}


@pytest.mark.parametrize("more", [(), ("--delete-data",)])
def test_destroy_deletes_what_it_says_and_nothing_else(
    rendered: Path, tools: Tools, jvbundler: Run, more: tuple[str, ...]
) -> None:
    tools.answer("--selector=app.kubernetes.io/managed-by", file="owned.json")
    done = jvbundler("destroy", "k8s", *HERE, "--yes", "--json", *more)
    result = json.loads(done.stdout)
    gone = [word for call in tools.calls() if "delete" in call["argv"] for word in call["argv"][7:]]
    assert sorted(gone) == sorted(result["deleted"])
    said_to_go, _, said_to_stay = done.stderr.partition("goes:\n")[2].partition("stays:\n")
    assert sorted(gone) == sorted(said_to_go.split())
    assert said_to_stay.split() == (result["kept"] or ["nothing"])
    data = "persistentvolumeclaim/old-data"
    assert (data in gone, data in result["kept"]) == (bool(more), not more)
    shown = jvbundler("destroy", "k8s", *HERE, "--dry-run", *more).stdout
    assert "# and the objects that only an earlier manifest had, if there are any" in shown


def test_destroy_keeps_data_unless_it_is_told_otherwise(app: Path, tools: Tools, jvbundler: Run) -> None:
    more = "kubernetes:\n  create_namespace: true\n  persistence: {enabled: true}\n"
    text = (app / "deploy.yaml").read_text().replace("kubernetes:\n", more, 1)
    (app / "deploy.yaml").write_text(text)
    tools.answer("--selector=app.kubernetes.io/managed-by", file="owned.json")
    done = jvbundler("destroy", "k8s", *HERE, "--yes")
    assert done.returncode == 0, done.stderr
    gone = [word for call in tools.calls() if "delete" in call["argv"] for word in call["argv"][7:]]
    assert "deployment.apps/acme-support" in gone
    assert "networkpolicy.networking.k8s.io/old-policy" in gone
    assert not [name for name in gone if name.startswith(("persistentvolumeclaim", "namespace"))]
    assert "stays:\n  namespace/acme\n  persistentvolumeclaim/acme-support\n" in done.stderr
    jvbundler("destroy", "k8s", *HERE, "--yes", "--delete-data")
    assert tools.calls()[-1]["argv"][-1] == "namespace/acme"
    gone = [word for call in tools.calls() if "delete" in call["argv"] for word in call["argv"][7:]]
    # Those of the manifest, and those that only a former manifest had.
    assert {"persistentvolumeclaim/acme-support", "persistentvolumeclaim/old-data"} <= set(gone)


@pytest.mark.parametrize(
    ("file", "owner", "kind", "delete"),
    [
        ("live-argocd.json", "Argo CD", "Application", "argocd app delete support"),
        (
            "live-flux.json",
            "Flux",
            "Kustomization",
            "flux delete kustomization support --namespace flux-system",
        ),
    ],
)
def test_what_a_gitops_controller_manages_is_left_to_it_with_the_way_to_do_it_there(
    rendered: Path, tools: Tools, jvbundler: Run, file: str, owner: str, kind: str, delete: str
) -> None:
    tools.answer("get", "deployment.apps/acme-support", file=file)
    back = jvbundler("rollback", "k8s", *HERE)
    manifest = "support/deploy/kubernetes/rendered/dev/manifest.yaml"
    assert back.returncode == 2
    assert f"revert the commit of '{manifest}' in the repository that {owner} pulls" in back.stderr
    gone = jvbundler("destroy", "k8s", *HERE, "--yes")
    assert gone.returncode == 2
    assert f"delete the {kind} 'support': '{delete}'" in gone.stderr
    assert not {"undo", "delete"} & {word for call in tools.calls() for word in call["argv"]}


def test_a_name_from_the_cluster_is_no_command() -> None:
    owner = owner_of(
        {"annotations": {"argocd.argoproj.io/tracking-id": "x; reboot:apps/Deployment:a/b"}}, set()
    )
    assert owner is not None
    assert delete_command(owner) == "argocd app delete 'x; reboot'"
    unmarked = owner_of({}, {"helm-controller"})
    assert unmarked is not None
    assert delete_command(unmarked) == "flux delete helmrelease NAME"
