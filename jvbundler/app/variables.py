"""An app's environment variables: those in .env.example, and those that app.yaml's `config` stands for.

Knows which extras of jvspatial their values need, and no other package; follows jvspatial 0.0.17. Never reads
.env, which has the secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jvbundler.app.model import Variable
from jvbundler.app.reading import exists, file_bytes, shown
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem
from jvbundler.values.secret_names import looks_secret
from jvbundler.values.secret_values import contains_secret

ENV_EXAMPLE = ".env.example"
_ASSIGNMENT = r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)"
# Upper case only, so that a sentence with an equals sign stays a comment.
_COMMENTED = r"\s*#\s?([A-Z][A-Z0-9_]*)=(.*)"
_BANNER = r"\W*"
# Where jvspatial and jvagent take a database's kind from (db/factory.py, logging/config.py, core/config.py).
_DATABASES = ("JVSPATIAL_DB_TYPE", "JVSPATIAL_LOG_DB_TYPE", "JVAGENT_PAGEINDEX_DB_TYPE")
# Each of these, when set, is reached through boto3 (`lambda`) or redis (`cache`).
_AWS = ("JVSPATIAL_AWS_SQS_QUEUE_URL", "JVAGENT_CONVERSATION_LOCK_DYNAMODB_TABLE")
_REDIS = ("JVSPATIAL_REDIS_URL", "REDIS_URL", "JVAGENT_CONVERSATION_LOCK_REDIS_URL")

# Keys of app.yaml's `config` and the variables that override them (jvagent core/config.py).
_CONFIGURED = {
    "database.type": "JVSPATIAL_DB_TYPE",
    "logging.database.type": "JVSPATIAL_LOG_DB_TYPE",
    "pageindex.db_type": "JVAGENT_PAGEINDEX_DB_TYPE",
    "file_storage.provider": "JVSPATIAL_FILE_STORAGE_PROVIDER",
    "development.debug": "JVSPATIAL_DEBUG",
    "api.graph_endpoint_enabled": "JVSPATIAL_GRAPH_ENDPOINT_ENABLED",
}


def read_env_example(root: Path, shown_as: str, problems: list[Problem]) -> tuple[Variable, ...]:
    file = shown(shown_as, ENV_EXAMPLE)
    if not exists(root / ENV_EXAMPLE, file, problems):
        return ()
    data = file_bytes(root / ENV_EXAMPLE, file, root, problems)
    return parse_env_example((data or b"").decode("utf-8-sig", errors="replace"), file)


def parse_env_example(content: str, file: str) -> tuple[Variable, ...]:
    """The variables in the order of the file, each once; an assignment counts more than a commented one."""
    found: dict[str, Variable] = {}
    for variable in _variables(content, file):
        known = found.get(variable.name)
        if known is None or known.commented or not variable.commented:
            found[variable.name] = variable
    return tuple(found.values())


def _variables(content: str, file: str) -> Iterator[Variable]:
    lines = iter(enumerate(content.splitlines(), 1))
    comment: list[str] = []
    for number, line in lines:
        commented = line.lstrip().startswith("#")
        match = re.fullmatch(_COMMENTED if commented else _ASSIGNMENT, line) if "=" in line else None
        if match:
            raw = match[2] if commented else _whole_value(match[2], lines)
            place = Place(file, number, match.start(1) + 1)
            yield _variable(match[1], _unquoted(raw), " ".join(comment), commented, place)
            comment = []
        elif commented and not re.fullmatch(_BANNER, line):
            comment.append(line.lstrip().lstrip("#").strip())
        else:
            comment = []


def _variable(name: str, value: str, comment: str, commented: bool, place: Place) -> Variable:
    secret = looks_secret(name) or contains_secret(value)
    return Variable(name, "" if secret else value, secret, comment, commented, place)


def _whole_value(raw: str, lines: Iterator[tuple[int, str]]) -> str:
    """The value with the following lines when a quote stays open, as a private key's does."""
    raw = raw.strip()
    quote = raw[:1]
    if quote not in ('"', "'") or quote in raw[1:]:
        return raw
    following: list[str] = []
    for _, line in lines:
        following.append(line)
        if quote in line:
            return "\n".join([raw, *following])
    return raw


def _unquoted(raw: str) -> str:
    raw = raw.strip()
    quoted = re.match(r"""(?s)(["'])(.*?)\1""", raw)
    if quoted:
        return quoted[2]
    return re.sub(r"(?:^|\s+)#.*", "", raw).strip()


def framework_extras(variables: Mapping[str, str], *, on_lambda: bool) -> tuple[str, ...]:
    """The extras, sorted. `variables` is the container's environment; a secret counts as set by any text.

    Start from `App.configured` and let the environment override it, as jvagent does.
    """
    values = {name: value.strip().lower() for name, value in variables.items()}
    databases = {values.get(name, "") for name in _DATABASES}
    needed = {
        "cache": values.get("JVSPATIAL_CACHE_BACKEND") in ("redis", "layered") or _any(values, _REDIS),
        "lambda": on_lambda
        or "dynamodb" in databases
        or values.get("JVSPATIAL_FILE_STORAGE_PROVIDER") == "s3"
        or _any(values, _AWS),
        "postgres": bool(databases & {"postgres", "postgresql"}),
    }
    return tuple(extra for extra, is_needed in needed.items() if is_needed)


def configured_variables(app_yaml: Node) -> tuple[tuple[str, str, Place], ...]:
    """What app.yaml's `config` selects, under the names of the variables that would override it."""
    found = []
    for path, variable in _CONFIGURED.items():
        node = find(app_yaml, ["config", *path.split(".")])
        if node is not None and isinstance(node.value, str):
            found.append((variable, node.value, node.place))
        elif node is not None and isinstance(node.value, bool):
            found.append((variable, str(node.value).lower(), node.place))
    return tuple(found)


def _any(values: Mapping[str, str], names: tuple[str, ...]) -> bool:
    return any(values.get(name) for name in names)
