"""What the pods read and keep: ConfigMaps, ExternalSecrets, the volume's claim."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from jvbundler.project.model import Environment, Secret
from jvbundler.render.kubernetes.names import KEEP, files_name, metadata

WHY_KEEP = "The app's database and files: no sync may ever delete them."


def variables_config_map(environment: Environment) -> dict[str, Any] | None:
    data = environment.kubernetes_variables
    return {**metadata(environment, environment.instance), "data": data} if data else None


def files_config_map(environment: Environment) -> dict[str, Any] | None:
    data = mounted_files(environment)
    return (
        {**metadata(environment, files_name(environment)), "data": dict(sorted(data.items()))}
        if data
        else None
    )


def mounted_files(environment: Environment) -> dict[str, str]:
    written = environment.settings["kubernetes"]["config_map"]
    return written["data"] if written["enabled"] else {}


def checksum(environment: Environment) -> str:
    """Changes when the content of a ConfigMap does; empty when there is none."""
    content = [environment.kubernetes_variables, mounted_files(environment)]
    if not any(content):
        return ""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def external_secrets(environment: Environment) -> Iterator[dict[str, Any]]:
    """One for each Secret that the pods read."""
    written = environment.settings["kubernetes"]["external_secrets"]
    if not written["enabled"]:
        return
    for name, entries in sorted(secrets_by_name(environment).items()):
        optional = [entry for entry in entries if entry.optional]
        yield {
            **metadata(environment, name),
            **written,
            "secret_name": name,
            "data": [entry for entry in entries if not entry.optional],
            "whole_entries": list(whole_entries(optional)),
        }


def whole_entries(optional: Iterable[Secret]) -> Iterator[dict[str, Any]]:
    """The store's entries that hold optional secrets, with the properties that the Secret calls otherwise.

    The operator takes all properties of such an entry, so that a missing one is no failure: one that is
    named under `data` and missing fails the whole ExternalSecret.
    """
    by_key: dict[str, list[Secret]] = {}
    for entry in optional:
        by_key.setdefault(entry.external_key, []).append(entry)
    for key, entries in sorted(by_key.items()):
        renamed = [entry for entry in entries if entry.external_property != entry.kubernetes_key]
        patterns = [
            {"source": f"^{re.escape(entry.external_property)}$", "target": entry.kubernetes_key}
            for entry in renamed
        ]
        yield {"key": key, "rewrite": [{"regexp": pattern} for pattern in patterns]}


def secrets_by_name(environment: Environment) -> dict[str, list[Secret]]:
    """The entries of each Secret. Two variables may read the same entry: it is optional if both are."""
    entries: dict[str, dict[str, Secret]] = {}
    for secret in sorted(environment.kubernetes_secrets, key=lambda secret: secret.optional):
        entries.setdefault(secret.kubernetes_secret, {}).setdefault(secret.kubernetes_key, secret)
    return {name: [found[key] for key in sorted(found)] for name, found in entries.items()}


def claim(environment: Environment) -> dict[str, Any] | None:
    written = environment.settings["kubernetes"]["persistence"]
    if not written["enabled"] or written["existing_claim"]:
        return None
    return {
        **metadata(environment, environment.instance, KEEP, written["annotations"], why=WHY_KEEP),
        "access_modes": written["access_modes"],
        "storage_class": written["storage_class"],
        "size": written["size"],
    }


def claim_name(environment: Environment) -> str:
    """Name of the claim that the pods mount, empty if they mount none."""
    written = environment.settings["kubernetes"]["persistence"]
    return (written["existing_claim"] or environment.instance) if written["enabled"] else ""
