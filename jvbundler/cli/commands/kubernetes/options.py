"""Which cluster the `k8s` subcommands act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from jvbundler.cli.release_options import Common, gathered

if TYPE_CHECKING:
    from jvbundler.deploy.kubernetes.workload import Workload
    from jvbundler.deploy.release import Release


class Cluster(NamedTuple):
    """Where to act, instead of what deploy.yaml says."""

    context: str
    namespace: str

    def workload(self, common: Common, timeout: int | None = None) -> tuple[Release, Workload]:
        """`timeout` is how long to wait for the pods, in seconds."""
        from jvbundler.deploy.kubernetes.workload import namespace_assignment, workload_of

        release = common.release("kubernetes", namespace_assignment(self.namespace))
        return release, workload_of(release, context=self.context, timeout_seconds=timeout or 0)


cluster_options = gathered(
    "cluster",
    Cluster,
    click.option(
        "--context", default="", metavar="NAME", help="kubectl context.  [default: kubernetes.context]"
    ),
    click.option(
        "--namespace", default="", metavar="NAME", help="Namespace.  [default: kubernetes.namespace]"
    ),
)
