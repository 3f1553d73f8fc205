"""`chat k8s`: through a port that kubectl opens, and that is closed afterwards.

A stub of kubectl opens it here, so that no cluster is needed; tests/e2e/kubernetes/test_talk.py has the real
one, with an API server.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.talk.conftest import ROOT, Run, Running
from tests.talk.provider import ANSWER

KUBECTL = """\
#!{python}
import os, socket, sys, threading
sys.path.insert(0, {root!r})
from tests.relay import connected, relay
open("kubectl.log", "a").write(" ".join(sys.argv[1:]) + "\\n")
if "version" in sys.argv:
    sys.exit(print('{{"clientVersion": {{"gitVersion": "v1.37.0"}}}}'))
if not os.environ["TO"]:
    sys.exit("error: unable to forward port because pod is not running. Current status=Pending")
open("kubectl.pid", "w").write(str(os.getpid()))
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(f"Forwarding from 127.0.0.1:{{listening.getsockname()[1]}} -> 8080", flush=True)
    while True:
        client, _ = listening.accept()
        both = client, connected(os.environ["TO"])
        threading.Thread(target=relay, args=both, daemon=True).start()
"""


@pytest.fixture
def kubectl(running: Running, tmp_path: Path) -> dict[str, str]:
    """The variables of a shell in which the stub is the first on PATH."""
    program = tmp_path / "bin/kubectl"
    program.parent.mkdir()
    program.write_text(KUBECTL.format(python=sys.executable, root=str(ROOT)))
    program.chmod(0o755)
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "TO": running.url}


def test_the_agent_answers_through_the_service(
    running: Running, kubectl: dict[str, str], jvbundler: Run
) -> None:
    words = ("invoke", "k8s", "Hello", "acme", "--context", "test", "--agent", "bot")
    done = jvbundler(*words, **kubectl)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{ANSWER}\n", "")
    work = running.folder.parent
    called = (work / "kubectl.log").read_text().splitlines()[-1]
    place = "--context test --namespace acme-app"
    assert called == f"{place} port-forward service/acme-app :http --address=127.0.0.1"
    with pytest.raises(ProcessLookupError):
        os.kill(int((work / "kubectl.pid").read_text()), 0)


def test_a_port_that_cannot_be_opened_is_told_in_kubectls_words(
    kubectl: dict[str, str], jvbundler: Run
) -> None:
    done = jvbundler("chat", "k8s", "acme", "--context", "test", **{**kubectl, "TO": ""})
    assert done.returncode == 4
    assert "'kubectl port-forward' opened no port\n" in done.stderr
    assert "pod is not running. Current status=Pending\n" in done.stderr
    assert "'jvbundler status k8s' shows whether a pod is ready" in done.stderr
