#!/usr/bin/env python3
"""Writes schemas/kubernetes/<minor>.json: what `jvbundler validate` checks manifests against, offline.

Source: the strict schemas in the PyPI package kubernetes-validate (extra `dev`). Kept: the kinds below, for
the newest minors there, without the descriptions.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parent.parent / "schemas" / "kubernetes"
MINORS = 4

# apiVersion and kind of what we render, and of what people most often add under `extra_resources`.
KINDS = (
    "v1 ConfigMap",
    "v1 Namespace",
    "v1 PersistentVolumeClaim",
    "v1 Secret",
    "v1 Service",
    "v1 ServiceAccount",
    "apps/v1 Deployment",
    "apps/v1 StatefulSet",
    "autoscaling/v2 HorizontalPodAutoscaler",
    "batch/v1 CronJob",
    "batch/v1 Job",
    "networking.k8s.io/v1 Ingress",
    "networking.k8s.io/v1 NetworkPolicy",
    "policy/v1 PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1 Role",
    "rbac.authorization.k8s.io/v1 RoleBinding",
)

# Keywords that decide whether a manifest passes; the rest is prose.
KEPT = {
    "type",
    "items",
    "properties",
    "required",
    "additionalProperties",
    "enum",
    "oneOf",
    "anyOf",
    "allOf",
    "$ref",
}

Schema = dict[str, Any]


def main() -> int:
    source = schema_folder()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    written = set()
    for folder in newest_minors(source):
        path = OUTPUT / f"{minor_of(folder)}.json"
        path.write_text(line_per_entry(shipped_schema(folder)), encoding="utf-8")
        written.add(path)
        print(f"{path.relative_to(OUTPUT.parent.parent)}: {path.stat().st_size:,} bytes")
    for stale in set(OUTPUT.glob("*.json")) - written:
        stale.unlink()
    return 0


def schema_folder() -> Path:
    package = importlib.util.find_spec("kubernetes_validate")
    if package is None or package.origin is None:
        sys.exit("error: kubernetes-validate is not installed; run `pip install -e .[dev]`")
    return Path(package.origin).parent / "kubernetes-json-schema"


def newest_minors(source: Path) -> list[Path]:
    folders = sorted(source.glob("v1.*-local-strict"), key=lambda folder: int(minor_of(folder).split(".")[1]))
    return folders[-MINORS:]


def minor_of(folder: Path) -> str:
    found = re.match(r"v(\d+\.\d+)\.", folder.name)
    assert found, folder
    return found[1]


def shipped_schema(folder: Path) -> Schema:
    """`kinds` maps "apiVersion kind" to its schema; they share `$defs`."""
    everything = read_json(folder / "_definitions.json")["$defs"]
    kinds = {kind: pruned(read_json(folder / schema_file_name(kind))) for kind in KINDS}
    needed: dict[str, Schema] = {}
    wanted = [name for kind in kinds.values() for name in references(kind)]
    while wanted:
        name = wanted.pop()
        if name not in needed:
            needed[name] = pruned(everything[name])
            wanted += references(needed[name])
    return {"kinds": kinds, "$defs": needed}


def schema_file_name(kind: str) -> str:
    """The name that kubernetes-validate and kubeconform both use: `ingress-networking-v1.json`."""
    api_version, name = kind.lower().split()
    group, _, version = api_version.rpartition("/")
    return "-".join(part for part in (name, group.split(".")[0], version) if part) + ".json"


def pruned(schema: Any) -> Any:
    """The schema without prose, its references shortened to `#/$defs/NAME`."""
    kept = {key: value for key, value in schema.items() if key in KEPT}
    if "$ref" in kept:
        return {"$ref": "#/$defs/" + kept["$ref"].rsplit("/", 1)[1]}
    if "oneOf" in kept:
        return {"type": scalar_types(kept["oneOf"])}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = pruned(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: pruned(value) for name, value in kept["properties"].items()}
    return kept


def scalar_types(choices: Iterable[Schema]) -> list[str]:
    """IntOrString and Quantity: `oneOf` two types that both allow null, so that no null ever matched."""
    return sorted({name for choice in choices for name in choice["type"]})


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rsplit("/", 1)[1]
        for value in schema.values():
            yield from references(value)


def read_json(path: Path) -> Schema:
    schema: Schema = json.loads(path.read_text(encoding="utf-8"))
    return schema


def line_per_entry(schema: Schema) -> str:
    """JSON with one kind or definition a line: small, and a diff between two releases can be read."""
    sections = []
    for section, entries in sorted(schema.items()):
        lines = [f"{json.dumps(name)}:{compact_json(entry)}" for name, entry in sorted(entries.items())]
        sections.append(f"{json.dumps(section)}:{{\n" + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(sections) + "}\n"


def compact_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main())
