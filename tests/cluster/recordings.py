"""Records what the real kubectl answers, for the stub of tests/deploy: `make recordings`.

`python -m tests.cluster.recordings FOLDER` deploys an app on a control plane of its own, brings it into each
state that the tests need, asks as our commands ask, and writes the answers without what differs between runs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.deploy.command import Command
from jvbundler.deploy.kubernetes import commands
from jvbundler.deploy.kubernetes.secrets import needed_secrets
from jvbundler.deploy.kubernetes.workload import Workload, kubectl, workload_of
from jvbundler.deploy.release import load_release
from jvbundler.deploy.secrets import Holder
from jvbundler.pipeline.request import Options
from tests.cluster import programs
from tests.cluster.cluster import ROOT, Cluster, eventually, started
from tests.deploy.app import DEPLOY, KEYS, write_app

NAMESPACE = "acme"
NAME = "acme-support"
MORE = """\
  deployment: {revision_history_limit: 2}
  persistence: {enabled: true}
  ingress: {enabled: true, class_name: nginx, rules: [{host: support.example.com}], tls: [{hosts: \
[support.example.com], secret_name: tls}]}
"""
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
POD = re.compile(rf"\b((?:{NAME}|other)-[0-9a-z]{{8,10}})-[bcdfghjklmnpqrstvwxz2456789]{{5}}(?![0-9a-z])")
ADDRESS = re.compile(r"\b10\.(?:96|244)\.\d+\.\d+\b")
VERSION = re.compile(r'("resourceVersion": )"\d+"')
BUILD = re.compile(r'("(?:goVersion|platform|gitCommit)": )"[^"]*"')
LOGGED = re.compile(r"^E\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+", re.MULTILINE)
AGES = re.compile(r'("(?:observedGeneration|generation)": )\d+')


class Recorder(NamedTuple):
    folder: Path
    work: Path
    cluster: Cluster
    workload: Workload
    holder: Holder

    def jvbundler(self, *words: str, codes: Sequence[int] = (0,)) -> None:
        path = os.pathsep.join([str(programs.BIN), os.environ["PATH"]])
        given = {"KUBECONFIG": str(self.cluster.kubeconfig), "PATH": path, "HOME": str(self.work)}
        argv = [sys.executable, "-m", "jvbundler", *words]
        # In CI a deployment that fails is rolled back, which is another state.
        environ = programs.environ(**given, **dict.fromkeys(KEYS, "x"), PYTHONPATH=str(ROOT), CI="")
        done = subprocess.run(argv, cwd=self.work, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode in codes, done.stderr

    def deploy(self, *words: str, codes: Sequence[int] = (0,)) -> None:
        self.jvbundler("deploy", "k8s", "support", "-e", "dev", "--render", *words, codes=codes)

    def kubectl(self, *words: str, given: str = "") -> str:
        return self.cluster.kubectl("--namespace", NAMESPACE, *words, given=given)

    def record(self, name: str, command: Command, cluster: Cluster | None = None, code: int = 0) -> str:
        """The standard output of a call that succeeds, or the standard error of one that fails."""
        words = command.argv[command.argv.index(self.cluster.context) + 1 :]
        manifest = str(self.work / self.workload.manifest)
        argv = [word.replace(self.workload.manifest, manifest) for word in words]
        done = (cluster or self.cluster).ask(*argv)
        assert done.returncode == code, f"{name}: {done.returncode}\n{done.stderr}"
        text = plain(done.stderr if code else done.stdout).replace(manifest, self.workload.manifest)
        (self.folder / name).write_text(text, encoding="utf-8")
        return text


def plain(text: str) -> str:
    """The same text in every run: what is drawn, counted or timed becomes what it stands for."""
    text = STAMP.sub("2026-01-01T00:00:00Z", text)
    text = _numbered(UID, text, lambda n, _: f"00000000-0000-4000-8000-{n:012d}")
    text = _numbered(POD, text, lambda n, found: f"{found[1]}-pod{n:02d}")
    text = _numbered(ADDRESS, text, lambda n, _: f"10.96.0.{n}")
    text = re.sub(r"https://127\.0\.0\.1:\d+", "https://cluster.example.com", text)
    text = LOGGED.sub("E0101 00:00:00.000000       1", text)
    text = BUILD.sub(r'\g<1>"test"', text)
    text = AGES.sub(r"\g<1>1", text)
    return VERSION.sub(r'\g<1>"1"', text)


def _numbered(pattern: re.Pattern[str], text: str, name: Callable[[int, re.Match[str]], str]) -> str:
    names: dict[str, str] = {}

    def replace(found: re.Match[str]) -> str:
        return names.setdefault(found[0], name(len(names) + 1, found))

    return pattern.sub(replace, text)


def record_all(folder: Path, work: Path, cluster: Cluster) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_app(work, DEPLOY.replace("  context: test-cluster\n", f"  context: {cluster.context}\n{MORE}"))
    release = load_release(
        work / "support", "support", Options({}), targets=("kubernetes",), environment="dev"
    )
    workload = workload_of(release)
    recorder = Recorder(folder, work, cluster, workload, *needed_secrets(release, workload))
    recorder.jvbundler("render", "support")
    record_nothing(recorder)
    record_deployed(recorder)
    record_marks(recorder)
    record_refusals(recorder)
    record_broken(recorder)


def record_nothing(recorder: Recorder) -> None:
    """Before the first deployment."""
    recorder.record("namespace-not-found.txt", commands.dry_run(recorder.workload), code=1)
    recorder.kubectl("create", "namespace", NAMESPACE)
    recorder.record("empty-list.json", commands.list_owned(recorder.workload))
    recorder.record("no-secret.txt", secret_keys(recorder))


def record_deployed(recorder: Recorder) -> None:
    workload = recorder.workload
    for level in ("DEBUG", "WARNING", "ERROR", "INFO"):
        recorder.deploy("--create-secrets", "--set", f"environment.LOG_LEVEL={level}")
    is_done(recorder, pods=1)
    recorder.record("secret.txt", secret_keys(recorder))
    recorder.record("live.json", commands.inspect(workload))
    recorder.record("healthy.json", commands.list_status(workload))
    recorder.record("replicasets.json", commands.history(workload))
    recorder.record("applied.txt", commands.apply(workload))
    recorder.record("rolled-out.txt", commands.wait(workload))
    recorder.record("health.json", commands.health(workload))
    policy = {"podSelector": {}, "policyTypes": ["Ingress"]}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    for version, kind, name, spec in (
        ("networking.k8s.io/v1", "NetworkPolicy", "old-policy", policy),
        ("v1", "PersistentVolumeClaim", "old-data", claim),
    ):
        labels = {"app.kubernetes.io/managed-by": "jvbundler", "app.kubernetes.io/instance": NAME}
        about = {"name": name, "labels": labels}
        item = {"apiVersion": version, "kind": kind, "metadata": about, "spec": spec}
        recorder.kubectl("apply", "--server-side", "--filename=-", given=json.dumps(item))
    eventually(lambda: "Bound" in recorder.kubectl("get", "pvc", "old-data"), "the claim is bound")
    recorder.record("owned.json", commands.list_owned(workload))
    recorder.kubectl("delete", "networkpolicy/old-policy", "pvc/old-data")


def record_marks(recorder: Recorder) -> None:
    """What others leave in the Deployment."""
    inspect = commands.inspect(recorder.workload)
    recorder.kubectl("scale", "deployment", NAME, "--replicas=2")
    is_done(recorder, pods=2)
    recorder.record("live-scaled-by-hand.json", inspect)
    recorder.deploy("--force-conflicts")
    is_done(recorder, pods=1)
    for name, verb, marks in (
        (
            "argocd",
            "annotate",
            {"argocd.argoproj.io/tracking-id": "support:apps/Deployment:acme/acme-support"},
        ),
        ("flux", "label", {f"kustomize.toolkit.fluxcd.io/{k}": v for k, v in FLUX.items()}),
    ):
        recorder.kubectl(verb, "deployment", NAME, *(f"{key}={value}" for key, value in marks.items()))
        recorder.record(f"live-{name}.json", inspect)
        recorder.kubectl(verb, "deployment", NAME, *(f"{key}-" for key in marks))
    recorder.kubectl("rollout", "undo", f"deployment/{NAME}")
    is_done(recorder, pods=1)
    recorder.record("live-undone.json", inspect)
    recorder.deploy()
    edited = f"{NAME}=ghcr.io/acme/acme-support:by-hand"
    recorder.kubectl("set", "image", f"deployment/{NAME}", edited, "--field-manager=kubectl-edit")
    recorder.record("conflict.txt", commands.dry_run(recorder.workload), code=1)
    recorder.deploy("--force-conflicts")


FLUX = {"name": "support", "namespace": "flux-system"}


def record_refusals(recorder: Recorder) -> None:
    workload = recorder.workload
    recorder.kubectl("create", "serviceaccount", "dev")
    token = recorder.kubectl("create", "token", "dev").strip()
    dev = changed(recorder, "dev", lambda config: config["users"][0].update(user={"token": token}))
    recorder.record("forbidden.txt", commands.dry_run(workload), dev, code=1)
    recorder.record("forbidden-secret.txt", secret_keys(recorder), dev, code=1)
    recorder.record("forbidden-proxy.txt", commands.health(workload), dev, code=1)
    nobody = changed(recorder, "nobody", lambda config: config["users"][0].update(user={"token": "expired"}))
    can_i = Command(kubectl(workload, "auth", "can-i", "patch", "deployments.apps"), "ask")
    recorder.record("can-i.txt", can_i)
    version = Command(kubectl(workload, "version", "--client", "--output=json"), "ask")
    recorder.record("version.json", version)
    recorder.record("unauthorized.txt", can_i, nobody, code=1)
    server = "https://127.0.0.1:1"
    away = changed(recorder, "away", lambda config: config["clusters"][0]["cluster"].update(server=server))
    recorder.record("unreachable.txt", commands.list_status(workload), away, code=1)


def record_broken(recorder: Recorder) -> None:
    workload = recorder.workload._replace(rollout_seconds=2)
    # One that was complete may miss its deadline unnoticed, where the old pod goes before the new one comes.
    recorder.kubectl("delete", "deployment", NAME, "--cascade=foreground")
    recorder.kubectl("delete", "events", "--all")
    recorder.kubectl("create", "deployment", "other", "--image=registry.example.com/other:no-such-tag")
    crashing = ("--set", "image.tag=crashing", "--set", "kubernetes.deployment.progress_deadline_seconds=10")
    recorder.deploy(*crashing, "--timeout", "3", codes=(4,))
    recorder.record("timeout.txt", commands.wait(workload), code=1)
    eventually(lambda: recorder.kubectl("get", "events").count("Back-off") == 2, "the kubelet tells of both")
    pod = recorder.kubectl("get", "pods", "--selector", workload.selector, "--output=name").strip()
    log = commands.log_tail(workload, pod.removeprefix("pod/"), NAME, previous=True)
    recorder.record("crashing-log.txt", log)
    slow = workload._replace(rollout_seconds=60)
    recorder.record("deadline.txt", commands.wait(slow), code=1)
    recorder.record("crashing.json", commands.list_status(workload))
    recorder.record("events.json", commands.list_warnings(workload))
    recorder.record("no-endpoints.txt", commands.health(workload), code=1)


def secret_keys(recorder: Recorder) -> Command:
    return commands.secret_keys(recorder.holder)


def changed(recorder: Recorder, name: str, change: Callable[[Any], object]) -> Cluster:
    """The cluster by another kubeconfig."""
    config = json.loads(recorder.cluster.kubeconfig.read_text())
    change(config)
    path = recorder.work / f"{name}.kubeconfig"
    path.write_text(json.dumps(config))
    return recorder.cluster._replace(kubeconfig=path)


def is_done(recorder: Recorder, *, pods: int) -> None:
    """Whether the controllers have nothing left to do."""

    def is_settled() -> bool:
        found = json.loads(recorder.kubectl("get", "deployment", NAME, "--output=json"))
        names = recorder.kubectl("get", "pods", "--selector", recorder.workload.selector, "--output=name")
        status = found["status"]
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        counts = {status.get(f"{which}Replicas") for which in ("ready", "updated", "available")}
        return bool(seen and counts == {pods} and status.get("replicas") == pods == len(names.split()))

    eventually(is_settled, f"{pods} pods are ready, and no others are left")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, started(Path(folder) / "plane") as cluster:
        record_all(Path(sys.argv[1]), Path(folder), cluster)


if __name__ == "__main__":
    main()
