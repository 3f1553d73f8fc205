"""What the last release rendered is deployed, then what this tree renders: nothing is made anew.

`last_release/` has a few manifests, as it rendered today's golden cases; replace them with each release.
"""

from __future__ import annotations

import copy

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
# Pods are replaced by an upgrade only for a reason that CHANGELOG.md gives under "Output": its words, and the
# field of a container that it is about.
REASONS = {"`preStop: {sleep: {seconds: 5}}`. The pods roll once with it.": "lifecycle"}


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
        assert {k: _template(v) for k, v in before.items()} == {k: _template(after[k]) for k in before}
        prove(request, cluster, name, "an upgrade from the last release makes nothing anew")
    finally:
        remove(cluster, old)


def test_each_reason_is_in_the_changelog() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("### Output")[2]
    assert [reason for reason in REASONS if reason not in changes] == []


def _name(item: Object) -> tuple[str, str]:
    return item["kind"], item["metadata"]["name"]


def _uid(item: Object) -> str:
    return str(item["metadata"]["uid"])


def _template(item: Object) -> tuple[object, object]:
    """The selector, which cannot change, and the pods, replaced when it does, but for the REASONS."""
    spec = item.get("spec", {})
    job = spec.get("jobTemplate", {}).get("spec", {})
    template = copy.deepcopy(spec.get("template") or job.get("template"))
    for container in (template or {}).get("spec", {}).get("containers", ()):
        for field in REASONS.values():
            container.pop(field, None)
    return spec.get("selector"), template
