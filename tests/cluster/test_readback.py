"""A live object is compared with what was rendered, field by field."""

from __future__ import annotations

from tests.cluster.readback import differences

RENDERED = {"spec": {"replicas": 2, "resources": {"cpu": "2000m"}, "args": ["a", "b"], "tag": "1000m"}}


def test_what_the_server_adds_and_how_it_writes_quantities_is_no_difference() -> None:
    live = {
        "spec": {"replicas": 2, "resources": {"cpu": "2"}, "args": ["a", "b"], "tag": "1000m"},
        "status": {},
    }
    assert list(differences(RENDERED, live)) == []


def test_each_field_that_is_not_ours_is_named() -> None:
    live = {"spec": {"replicas": 1, "resources": {"cpu": "3"}, "args": ["a"], "tag": "1"}}
    assert [line.partition(":")[0] for line in differences(RENDERED, live)] == [
        ".spec.replicas",
        ".spec.resources.cpu",
        ".spec.args",
        ".spec.tag",
    ]
