"""The control plane ends with whoever started it, however that ended; two of them do not meet."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.cluster import ROOT, Cluster, eventually, started
from tests.cluster.fixtures import KUBECONFIG, cluster
from tests.cluster.programs import missing_programs

__all__ = ["cluster"]

STARTS = """
import sys, time
from pathlib import Path
from tests.cluster.cluster import started
with started(Path(sys.argv[1])) as cluster:
    print(cluster.kubeconfig, flush=True)
    time.sleep(600)
"""


def processes_of(folder: Path) -> list[str]:
    """The command lines that name the folder."""
    lines = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in lines.splitlines() if str(folder) in line]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_the_test_run_is_killed(
    cluster: Cluster, tmp_path: Path, number: signal.Signals
) -> None:
    if missing_programs():
        pytest.skip("not proven: there is no control plane to end")
    folder = tmp_path / "plane"
    argv = [sys.executable, "-c", STARTS, str(folder)]
    run = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert run.stdout is not None
        assert run.stdout.readline().strip()
        assert len([line for line in processes_of(folder) if "/kube-apiserver " in line]) == 1
    finally:
        os.killpg(run.pid, number)
        run.communicate(timeout=60)
    eventually(lambda: not processes_of(folder), "all that it started ends")


def test_two_of_them_side_by_side_know_nothing_of_each_other(cluster: Cluster, tmp_path: Path) -> None:
    if not cluster.is_ours:
        pytest.skip("not proven: the second one would be ours")
    with started(tmp_path / "second") as second:
        second.kubectl("create", "namespace", "only-here")
        assert second.get("", "namespace", "only-here")
        assert not cluster.get("", "namespace", "only-here")
        # Nor does the one let the users of the other in.
        stranger = second._replace(kubeconfig=cluster.kubeconfig)
        assert stranger.kubectl("cluster-info") != second.kubectl("cluster-info")


@pytest.mark.parametrize(("environ", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_a_machine_without_it_names_what_is_not_proven_and_fails_in_ci(
    tmp_path: Path, environ: dict[str, str], code: int
) -> None:
    shutil.copytree(ROOT / "tests/cluster", tmp_path / "tests/cluster")
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", KUBECONFIG)}
    argv = [sys.executable, "-m", "pytest", "-n", "0", "-rs", "-k", "side_by_side", "tests/cluster"]
    done = subprocess.run(
        [*argv, "--basetemp", str(tmp_path / "temp")],
        cwd=tmp_path,
        env={**kept, **environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "not proven: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl" in done.stdout
