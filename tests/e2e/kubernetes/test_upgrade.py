"""What the last release rendered is deployed, then what this tree renders: nothing is made anew.

`last_release/` has a few manifests, as it rendered them; with a release, replace them by its golden ones.
"""

from __future__ import annotations

import pytest

from tests.cluster.cluster import Cluster, Object
from tests.e2e.kubernetes.conftest import ROOT, prove
from tests.e2e.kubernetes.manifests import (
    LAST_RELEASE,
    apply,
    golden,
    live,
    make_namespace,
    manifest_of,
    remove,
)

NAMES = sorted(path.stem for path in LAST_RELEASE.glob("*.yaml"))
# Pods are replaced by an upgrade only for a reason that CHANGELOG.md gives under "Output".
REASONS: dict[str, str] = {}


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_makes_nothing_anew(cluster: Cluster, name: str, request: pytest.FixtureRequest) -> None:
    if not cluster.is_ours:
        pytest.skip("not proven: the golden manifests name namespaces that may be somebody's")
    old, new = manifest_of(LAST_RELEASE / f"{name}.yaml"), golden(name)
    make_namespace(cluster, old.namespace)
    try:
        apply(cluster, old)
        before = {_name(item): item for item in live(cluster, old)}
        # An immutable field that differs would be refused here.
        apply(cluster, new)
        after = {_name(item): item for item in live(cluster, new)}
        assert not set(before) - set(after), "objects that are no longer rendered: they would be pruned"
        assert {k: _uid(v) for k, v in before.items()} == {k: _uid(after[k]) for k in before}
        if name not in REASONS:
            assert {k: _template(v) for k, v in before.items()} == {k: _template(after[k]) for k in before}
        prove(request, cluster, name, "an upgrade from the last release makes nothing anew")
    finally:
        remove(cluster, old)


def test_each_reason_is_in_the_changelog() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("### Output")[2]
    assert [reason for reason in REASONS.values() if reason not in changes] == []
    assert not set(REASONS) - set(NAMES)


def _name(item: Object) -> tuple[str, str]:
    return item["kind"], item["metadata"]["name"]


def _uid(item: Object) -> str:
    return str(item["metadata"]["uid"])


def _template(item: Object) -> tuple[object, object]:
    """The selector, which cannot change, and the pods, which are replaced when it does."""
    spec = item.get("spec", {})
    job = spec.get("jobTemplate", {}).get("spec", {})
    return spec.get("selector"), spec.get("template") or job.get("template")
