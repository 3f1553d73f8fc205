"""Checks manifests against the Kubernetes schemas that ship with jvbundler: offline, nothing to install.

Strict: a field that Kubernetes does not know is an error. Kinds without a schema (custom resources) are
not judged; `unchecked_kinds` names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jvbundler.checkers.manifest import Document, documents, dotted
from jvbundler.values.packaged import packaged_path
from jvbundler.values.problem import Problem, error

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

RULE = "kubernetes-schema"
FOLDER = "schemas/kubernetes"


def check_manifests(path: str, text: str, version: str) -> tuple[Problem, ...]:
    """What is wrong with the manifest `text` for a Kubernetes minor such as "1.37"."""
    found, problems = documents(path, text)
    findings = (finding for document in found for finding in _check(document, version))
    return tuple(sorted((*problems, *findings), key=lambda problem: problem.place))


def unchecked_kinds(path: str, text: str, version: str) -> tuple[str, ...]:
    """The kinds in a manifest that have no schema here, such as "external-secrets.io/v1 ExternalSecret"."""
    known = _schemas(schema_version(version))["kinds"]
    return tuple(sorted({doc.kind for doc in documents(path, text)[0] if doc.kind and doc.kind not in known}))


def shipped_versions() -> tuple[str, ...]:
    """The minors with a schema, oldest first."""
    return tuple(sorted((path.stem for path in packaged_path(FOLDER).glob("*.json")), key=_number))


def schema_version(version: str) -> str:
    """The shipped minor that is nearest to a version such as "1.30", "v1.37" or "1.37.2"."""
    wanted = _number(version)
    return min(shipped_versions(), key=lambda shipped: abs(_number(shipped) - wanted))


def write_kubeconform_schemas(version: str, folder: Path) -> str:
    """Write the schemas as kubeconform's `-schema-location FOLDER` wants them.

    Returns what to pass as its `-kubernetes-version`.
    """
    full_version = f"{schema_version(version)}.0"
    target = folder / f"v{full_version}-standalone-strict"
    target.mkdir(parents=True, exist_ok=True)
    for kind in _schemas(schema_version(version))["kinds"]:
        (target / _kubeconform_name(kind)).write_text(_standalone_text(version, kind), encoding="utf-8")
    return full_version


def _check(document: Document, version: str) -> Iterator[Problem]:
    if not document.kind:
        yield error(
            RULE, document.place(), "not a Kubernetes object: 'apiVersion' and 'kind' are both required"
        )
        return
    if document.kind not in _schemas(schema_version(version))["kinds"]:
        return
    validator = _validator(schema_version(version), document.kind)
    for finding in validator.iter_errors(document.value):
        yield from _problems(document, finding)


def _problems(document: Document, finding: ValidationError) -> Iterator[Problem]:
    path = tuple(finding.absolute_path)
    if finding.validator == "additionalProperties":
        yield from _unknown_fields(document, finding)
    elif finding.validator == "required":
        # One finding per field; jsonschema has its name only in the message.
        name = finding.message.removesuffix(" is a required property").strip("'")
        yield _problem(document, path, f"'{dotted((*path, name))}' is missing")
    else:
        yield _problem(document, path, f"'{dotted(path)}' {_expectation(finding)}")


def _unknown_fields(document: Document, finding: ValidationError) -> Iterator[Problem]:
    from difflib import get_close_matches

    known = list(finding.schema.get("properties", ()))  # type: ignore[union-attr]
    for name in cast("dict[str, Any]", finding.instance):
        if name not in known:
            path = (*finding.absolute_path, name)
            close = get_close_matches(str(name), known, n=1, cutoff=0.6)
            hint = f"did you mean '{close[0]}'?" if close else ""
            yield _problem(document, path, f"unknown field '{dotted(path)}'", hint)


def _expectation(finding: ValidationError) -> str:
    value = finding.instance
    if finding.validator == "type":
        types: Any = finding.validator_value
        names = [types] if isinstance(types, str) else [name for name in types if name != "null"]
        return f"must be of type {' or '.join(names)}, but is {_described(value)}"
    return f"is not valid: {finding.message}"


def _described(value: Any) -> str:
    import json

    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return json.dumps(value, default=str, ensure_ascii=False)


def _problem(document: Document, path: Sequence[str | int], message: str, hint: str = "") -> Problem:
    owner = f"{document.kind.split()[1]} '{document.name}'"
    return error(RULE, document.place(path), f"{owner}: {message}", hint)


@lru_cache(maxsize=4)
def _schemas(version: str) -> dict[str, Any]:
    import json

    schemas: dict[str, Any] = json.loads((packaged_path(FOLDER) / f"{version}.json").read_bytes())
    return schemas


@lru_cache(maxsize=64)
def _validator(version: str, kind: str) -> Validator:
    from jsonschema import Draft202012Validator

    schemas = _schemas(version)
    return Draft202012Validator({**schemas["kinds"][kind], "$defs": schemas["$defs"]})


def _standalone_text(version: str, kind: str) -> str:
    import json

    schemas = _schemas(schema_version(version))
    return json.dumps({**schemas["kinds"][kind], "$defs": schemas["$defs"]}, separators=(",", ":"))


def _kubeconform_name(kind: str) -> str:
    """kubeconform's file name: `networking.k8s.io/v1 Ingress` is `ingress-networking-v1.json`."""
    api_version, name = kind.lower().split()
    group, _, version = api_version.rpartition("/")
    return "-".join(part for part in (name, group.split(".")[0], version) if part) + ".json"


def _number(version: str) -> int:
    return int(version.removeprefix("v").split(".")[1])
