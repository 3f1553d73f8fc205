"""Every key of deploy.yaml changes some rendered file, or is on the short list that says why not."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
import yaml

from jvbundler.app.load import load_app
from jvbundler.project.build import build_project
from jvbundler.project.keys import load_schema
from jvbundler.render import readme
from jvbundler.render.targets import TARGETS, render_target
from jvbundler.source.load import parse_source
from tests.golden.cases import GOLDEN

# Keys that no file shows, and why.
WITHOUT_EFFECT = {
    "version": "the version of the format, of which there is one",
    "kubernetes.version": "the schemas that `validate` checks against",
    "variables": "which variables `${NAME}` may read",
    "variables[].name": "the same, for one with a default or a pattern",
    "variables[].default": "it shows where `${NAME}` stands, and here nothing has one",
    "variables[].pattern": "it refuses a value, and changes none",
    "image.file": "another file is read: tests/source/test_images.py",
    "image.jvagent_path": "it decides which actions there are: tests/app/test_catalog.py",
    "gitops.flux.verify.key": "what `publish` signs with: tests/deploy/test_publish.py",
    "protected": "what `deploy`, `rollback` and `destroy` ask before they begin",
}

# Unlike every example of the schema, so that an example is a change.
BASE = {
    "image": {"jvagent_version": "0.1.6"},
    "app": {"name": "other", "version": "9.9.9", "description": "Another app"},
    "server": {"port": 9999, "health_path": "/status"},
    "lambda": {"enabled": True},
    "kubernetes": {"enabled": True},
}

EXTERNAL_SECRETS = {"kubernetes": {"external_secrets": {"enabled": True, "store": {"name": "store"}}}}

OCI = {"gitops": {"flux": {"source": "OCIRepository"}}}

# What has to be on for a key to count, beside the sections above it.
NEEDS: dict[str, dict[str, Any]] = {
    "lambda.efs": {"lambda": {"vpc": {"enabled": True}}},
    "lambda.ecr.tag": {"lambda": {"account_id": "123456789012"}},
    "lambda.ecr.digest": {"lambda": {"account_id": "123456789012"}},
    "lambda.api_gateway.endpoint_type": {"lambda": {"api_gateway": {"type": "REST"}}},
    "lambda.secrets.secret_id": {"lambda": {"secrets": {"source": "secretsmanager"}}},
    "kubernetes.registry.create_secret": {"kubernetes": {"registry": {"secret_name": "regcred"}}},
    "kubernetes.deployment.container.image_pull_policy": {"image": {"digest": f"sha256:{64 * '0'}"}},
    "kubernetes.deployment.strategy.type": {"kubernetes": {"persistence": {"enabled": True}}},
    "kubernetes.service.node_port": {"kubernetes": {"service": {"type": "NodePort"}}},
    "kubernetes.service.load_balancer": {"kubernetes": {"service": {"type": "LoadBalancer"}}},
    "kubernetes.service.external_traffic_policy": {"kubernetes": {"service": {"type": "LoadBalancer"}}},
    "kubernetes.deployment.strategy.rolling_update": {
        "kubernetes": {"deployment": {"strategy": {"type": "RollingUpdate"}}}
    },
    "kubernetes.topology_spread": {"kubernetes": {"topology_spread": {"enabled": True}}},
    "kubernetes.pod_disruption_budget": {"kubernetes": {"pod_disruption_budget": {"enabled": True}}},
    "kubernetes.config_map": {"kubernetes": {"config_map": {"data": {"a.conf": "a"}}}},
    "kubernetes.external_secrets": EXTERNAL_SECRETS,
    "secrets": {"lambda": {"secrets": {"source": "secretsmanager"}}, **EXTERNAL_SECRETS},
    "proactive_ticks": {"secrets": ["PROACTIVE_API_KEY", "TICK_API_KEY"]},
    "kubernetes.patches": {"kubernetes": {"config_map": {"enabled": True, "data": {"a.conf": "a"}}}},
    "gitops": {"gitops": {"repo_url": "https://git.example.com/a/b.git"}},
    "gitops.revision_kind": {"gitops": {"flux": {"enabled": True}}},
    "gitops.revision": {"gitops": {"argocd": {"enabled": True}}},
    "gitops.path": {"gitops": {"argocd": {"enabled": True}}},
    "gitops.repo_url": {"gitops": {"argocd": {"enabled": True}}},
    "gitops.flux.provider": OCI,
    "gitops.flux.verify": OCI,
    "gitops.fleet": {"gitops": {"flux": {"enabled": True}}},
    "gitops.fleet.name": {"gitops": {"fleet": {"enabled": True}}},
}


# Values to try where an example of the schema would match nothing.
VALUES = {"kubernetes.patches[].target.name": ["other"]}

# An item to change a key of, where the schema's example of the list will not do.
ITEMS: dict[str, dict[str, Any]] = {
    "secrets": {"name": "TOKEN"},
    "variables": {"name": "IMAGE_TAG"},
    "proactive_ticks": {"agent": "acme/other", "agent_id": "n.Agent.1"},
    "kubernetes.ingress.rules": {"host": "a.example.com", "paths": [{"path": "/a"}]},
    "kubernetes.ingress.tls": {"hosts": ["a.example.com"], "secret_name": "a-tls"},
    "kubernetes.patches": {"target": {}, "patch": {"metadata": {"annotations": {"a": "b"}}}},
    "gitops.flux.verify.identities": {"issuer": "^https://issuer$", "subject": "^somebody$"},
    "checks.ignore": {"rule": "JVB330", "reason": "a trial"},
}


def keys(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that holds a value of its own: sections are covered by the keys in them."""
    for name, child in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        if child.get("deprecated") or here == "environments":
            continue
        if "properties" in child:
            yield from keys(child, here)
            continue
        yield here, child
        for item in (child.get("items", {}), *child.get("items", {}).get("oneOf", ())):
            yield from keys(item, f"{here}[]")


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = copy.deepcopy(base)
    for key, value in over.items():
        is_map = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if is_map else copy.deepcopy(value)
    return result


def at(path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: at(rest, value) if rest else value}


def enabling(path: str) -> dict[str, Any]:
    """The sections above a key, switched on, with what else the key needs to count."""
    document: dict[str, Any] = BASE
    parts = path.split(".")
    for end in range(1, len(parts)):
        section = schema_at(".".join(parts[:end]))
        if "enabled" in section.get("properties", {}) and parts[end] != "enabled":
            document = merged(document, at(".".join((*parts[:end], "enabled")), True))
    for prefix, needed in NEEDS.items():
        if path.startswith(prefix):
            document = merged(document, needed)
    return document


def schema_at(path: str) -> dict[str, Any]:
    schema = load_schema()
    for part in path.split("."):
        schema = schema["properties"][part]
    return schema


@lru_cache
def rendered(document: str) -> tuple[tuple[str, str], ...]:
    source, found = parse_source(document.encode(), "deploy.yaml", environ={})
    assert source is not None
    image = yaml.safe_load(document).get("image", {})
    wishes = [(str(wish), source.base.place) for wish in image.get("extra_pip", [])]
    version = image.get("jvagent_version", "")
    app, in_app = load_app(GOLDEN / "app", "app", jvagent_version=version, extra_pip=wishes)
    assert app is not None
    project, problems = build_project(source, app)
    assert project is not None, [str(p) for p in (*found, *in_app, *problems)]
    artifacts = [a for target in TARGETS for a in render_target(target, project)]
    return tuple((a.path, a.text) for a in (*artifacts, readme.render(project)))


def values(schema: dict[str, Any]) -> list[Any]:
    """Values to try: the example, and for a switch both positions."""
    return [True, False] if "boolean" in str(schema.get("type")) else list(schema["examples"])


def documents(path: str, schema: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A document, and those that change a key of it; for a list, of its first item."""
    in_list, _, key = path.partition("[].")
    base = enabling(in_list)
    if not key:
        return base, [merged(base, at(path, value)) for value in values(schema)]
    item = ITEMS.get(in_list) or schema_at(in_list)["examples"][0][0]
    return (
        merged(base, at(in_list, [item])),
        [
            merged(base, at(in_list, [item_with(item, key, value)]))
            for value in VALUES.get(path, values(schema))
        ],
    )


def item_with(item: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    in_list, _, rest = key.partition("[].")
    return merged(item, at(in_list, [item_with(item[in_list][0], rest, value)] if rest else value))


@pytest.mark.parametrize(("path", "schema"), [pytest.param(p, s, id=p) for p, s in keys(load_schema())])
def test_every_key_changes_the_output(path: str, schema: dict[str, Any]) -> None:
    base, changed = documents(path, schema)
    before = rendered(yaml.safe_dump(base, sort_keys=False))
    outputs = [rendered(yaml.safe_dump(document, sort_keys=False)) for document in changed]
    assert any(output != before for output in outputs) != (path in WITHOUT_EFFECT), changed
