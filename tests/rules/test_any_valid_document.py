"""Whatever a valid deploy.yaml says, the rules find something or nothing, and never fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jvbundler.project.build import build_project
from jvbundler.project.keys import load_schema
from jvbundler.rules.engine import check_project
from jvbundler.source.load import parse_source
from tests.rules.projects import support_app

# What may stand where the format takes any map, as Kubernetes' own objects.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9999) | st.sampled_from(["", "app", "/data", "SHOP_TOKEN"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["name", "ports", "containerPort", "env", "value", "resources", "requests", "mountPath"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def leaves(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, child in schema.get("properties", {}).items():
        if key not in ("environments", "ecs", "patches", "extra_resources", "version"):
            yield (*path, key), child
            yield from leaves(child, (*path, key))


LEAVES = [(path, leaf) for path, leaf in leaves(load_schema()) if not leaf.get("properties")]


def values(leaf: dict[str, Any]) -> st.SearchStrategy[Any]:
    if leaf.get("items") == {"type": "object"}:
        return st.lists(
            st.dictionaries(st.sampled_from(["name", "ports", "env", "mountPath", "resources"]), ANYTHING)
        )
    edges = [leaf[key] for key in ("minimum", "maximum", "default") if leaf.get(key) is not None]
    return st.sampled_from([*leaf.get("examples", []), *leaf.get("enum", []), *edges])


SETTINGS = st.lists(
    st.sampled_from(LEAVES).flatmap(lambda entry: values(entry[1]).map(lambda value: (entry[0], value))),
    max_size=15,
)


def written(chosen: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {"lambda": {"enabled": True}, "kubernetes": {"enabled": True}}
    for path, value in chosen:
        inner = document
        for key in path[:-1]:
            inner = inner.setdefault(key, {}) if isinstance(inner.get(key, {}), dict) else {}
        inner[path[-1]] = value
    return document


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SETTINGS, SETTINGS)
def test_rules_survive_any_valid_document(
    base: list[tuple[tuple[str, ...], Any]], overlay: list[tuple[tuple[str, ...], Any]]
) -> None:
    document = {**written(base), "environments": {"dev": {}, "prod": written(overlay)}}
    source, _ = parse_source(json.dumps(document).encode(), "deploy.yaml", environ={})
    assert source is not None
    project, _ = build_project(source, support_app())
    if project is not None:
        for problem in check_project(project):
            assert problem.place.file == "deploy.yaml"


PORTS = st.lists(st.dictionaries(st.just("containerPort"), ANYTHING) | ANYTHING, max_size=2)
VARIABLES = st.lists(st.dictionaries(st.sampled_from(["name", "value"]), ANYTHING) | ANYTHING, max_size=2)
RESOURCES = st.dictionaries(
    st.sampled_from(["requests", "limits"]), st.dictionaries(st.just("cpu"), ANYTHING)
)
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "name": ANYTHING,
            "ports": PORTS | ANYTHING,
            "env": VARIABLES | ANYTHING,
            "resources": RESOURCES | ANYTHING,
        },
    ),
    max_size=2,
)


@given(init=CONTAINERS, extra=CONTAINERS, mounts=st.lists(st.dictionaries(st.just("mountPath"), ANYTHING)))
def test_rules_survive_containers_of_any_shape(init: Any, extra: Any, mounts: Any) -> None:
    pod = {"init_containers": init, "extra_containers": extra}
    deployment = {"pod": pod, "container": {"extra_volume_mounts": mounts}}
    document = {
        "kubernetes": {"enabled": True, "deployment": deployment, "autoscaling": {"enabled": True}},
    }
    source, _ = parse_source(json.dumps(document).encode(), "deploy.yaml", environ={})
    assert source is not None
    project, problems = build_project(source, support_app())
    assert project is not None, problems
    check_project(project)
