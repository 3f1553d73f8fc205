"""The commands `chat k8s` and `invoke k8s`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jvbundler.cli.commands.kubernetes.options import Cluster, cluster_options
from jvbundler.cli.release_options import Common, common_options, together
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import execution
from jvbundler.cli.talk import Reach, Talk, chat_command, invoke_command
from jvbundler.cli.talk import chat as talk_on
from jvbundler.cli.talk import invoke as send

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal

ABSENT = "'jvbundler status k8s' shows whether the app is healthy"
FAILING = "'jvbundler logs k8s' shows why"
where = together(common_options, cluster_options)


@chat_command("k8s", where)
def chat(terminal: Terminal, /, *, common: Common, cluster: Cluster, talk: Talk) -> int:
    """Talk to an agent of the app in the cluster, through its Service and a port of this machine."""
    return talk_on(reach(common, cluster, terminal), talk, terminal)


@invoke_command("k8s", where)
def invoke(
    terminal: Terminal, /, *, common: Common, cluster: Cluster, talk: Talk, message: str, as_json: bool
) -> int:
    """Send MESSAGE to an agent of the app in the cluster, and print its answer."""
    return send(reach(common, cluster, terminal), talk, message, as_json=as_json)


def reach(common: Common, cluster: Cluster, terminal: Terminal) -> Reach:
    from jvbundler.deploy.kubernetes.forward import forwarded

    release, workload = cluster.workload(common)
    run = execution(release, common, Progress(terminal, json=True))
    return Reach(release, "kubernetes", run.environ, forwarded(workload, run), ABSENT, FAILING)
