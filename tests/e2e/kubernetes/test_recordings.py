"""The answers of the stub kubectl in tests/deploy are what the real one answers today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster, started
from tests.cluster.recordings import record_all
from tests.deploy.conftest import ANSWERS
from tests.golden.cases import tree


def test_they_are_what_the_real_kubectl_answers(cluster: Cluster, tmp_path: Path) -> None:
    if not cluster.is_ours:
        pytest.skip("not proven: the recordings are of a cluster with nothing else in it")
    with started(tmp_path / "plane") as alone:
        record_all(tmp_path / "answers", tmp_path, alone)
    now, kept = tree(tmp_path / "answers"), tree(ANSWERS)
    assert set(now) == set(kept)
    assert [name for name in now if now[name] != kept[name]] == [], "run `make recordings`, and read the diff"
