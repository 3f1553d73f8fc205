"""From `jvagent app create` to a healthy app in a cluster, with nothing but what was printed."""

from __future__ import annotations

import os

import pytest

from tests.cluster import programs
from tests.cluster.cluster import Cluster
from tests.cluster.fixtures import cluster, our_kubelet
from tests.first_hour.conftest import PROFILES, MakeDesk, desk, jvagent
from tests.first_hour.desk import first_hour

__all__ = ["cluster", "desk", "jvagent", "our_kubelet"]


@pytest.mark.parametrize("profile", PROFILES)
def test_it_ends_healthy(cluster: Cluster, desk: MakeDesk, profile: str) -> None:
    answers = {"Platforms": "k8s", "Registry": "registry.example.com/acme", "context": cluster.context}
    path = f"{programs.BIN}{os.pathsep}{os.environ['PATH']}"
    shell = {**programs.environ(KUBECONFIG=str(cluster.kubeconfig)), "PATH": path}
    effort = first_hour(desk(profile, f"first_{profile}", shell, answers))
    assert effort.answers == list(answers.values())
    assert effort.commands[:3] == ["jvbundler init", "jvbundler render", "jvbundler secrets"]
    assert effort.commands[-1] == "jvbundler deploy k8s --all"
