"""Which extras of jvspatial a configuration needs. Follows jvspatial 0.0.17; knows no other package."""

from __future__ import annotations

from collections.abc import Mapping

from jvbundler.values.node import Node, find

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
}


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


def configured_variables(app_yaml: Node) -> tuple[tuple[str, str], ...]:
    """What app.yaml's `config` selects, under the names of the variables that would override it."""
    found = []
    for path, variable in _CONFIGURED.items():
        node = find(app_yaml, ["config", *path.split(".")])
        if node is not None and isinstance(node.value, str):
            found.append((variable, node.value))
    return tuple(found)


def _any(values: Mapping[str, str], names: tuple[str, ...]) -> bool:
    return any(values.get(name) for name in names)
