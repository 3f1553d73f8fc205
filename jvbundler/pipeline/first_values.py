"""The values of a first deploy.yaml: what the app reads, what its files say, and what its owner answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jvbundler.app.reads import Read, variables_read
from jvbundler.pipeline.answers import DATABASE, Answers, values
from jvbundler.project.variables import ADDRESSES, DEVELOPMENT, MODE, REQUIRED_SECRETS
from jvbundler.render.deploy_yaml import FirstValues
from jvbundler.values.secret_names import looks_secret

if TYPE_CHECKING:
    from jvbundler.app.model import App, Variable

# The image and the platforms set these; a value from a developer's machine would break the app there.
SET_BY_IMAGE = {
    "JVAGENT_HOST",
    "JVAGENT_PORT",
    "JVSPATIAL_DB_PATH",
    "JVSPATIAL_LOG_DB_PATH",
    "JVSPATIAL_FILES_ROOT_PATH",
}
# The role of the function or of the pod gives these.
FROM_THE_ROLE = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
LOCAL_HOSTS = ("localhost", "127.0.0.1", "0.0.0.0")
# Of a cache that several processes share; whoever reads one works without it.
REDIS = ("JVSPATIAL_REDIS_URL", "REDIS_URL")
LOG_DATABASE = "JVSPATIAL_LOG_DB_TYPE"
# What jvagent 0.1.7 does when nobody says otherwise; a short file leaves these out.
DEFAULTS = {
    "JVAGENT_ACTION_CACHE_TTL": "60",
    "JVAGENT_AGENT_CACHE_TTL": "300",
    "JVAGENT_CACHE_CLEANUP_PROBABILITY": "0.1",
    "JVAGENT_ENABLE_ACTION_CACHE": "true",
    "JVAGENT_ENABLE_AGENT_CACHE": "true",
    "JVAGENT_INTERACT_MAX_UTTERANCE_LENGTH": "2000",
    "JVAGENT_INTERACT_RATE_LIMIT_PER_MINUTE": "60",
    "JVSPATIAL_CACHE_BACKEND": "memory",
    "JVSPATIAL_CORS_ENABLED": "true",
    "JVSPATIAL_DB_LOGGING_ENABLED": "true",
    "JVSPATIAL_FILE_STORAGE_PROVIDER": "local",
    "JVSPATIAL_LOG_LEVEL": "info",
}


def first_values(app: App, answers: Answers, given: Mapping[str, Any], *, full: bool) -> FirstValues:
    """What is written out, and what stands beside it as a comment; `given` are values of the user's own."""
    chosen = _merged({"version": "1.0", **given}, values(answers))
    reads = {read.name: read for read in variables_read(app)}
    environment = _environment(app, answers, chosen.get("environment", {}), full=full)
    selected = {**dict(app.configured), **environment}
    secrets = dict(_secrets(app, selected, reads, chosen))
    listed = [item if isinstance(item, str) else item.get("name") for item in chosen.get("secrets", [])]
    offered = [name for name, read in secrets.items() if read.optional and not _is_named(name, app)]
    asked = {name: read for name, read in secrets.items() if name not in (*listed, *offered)}
    chosen["environment"] = environment
    chosen["secrets"] = [
        *chosen.get("secrets", []),
        *({"name": name, "optional": True} if read.optional else name for name, read in asked.items()),
    ]
    if "kubernetes" in answers.targets and selected.get(DATABASE, "json") in ("json", "sqlite"):
        # A file database without a volume would be empty after every restart.
        persistence = chosen["kubernetes"].get("persistence", {})
        chosen["kubernetes"]["persistence"] = {"enabled": True, **persistence}
    known = {*secrets, *listed, *environment}
    unasked = known | FROM_THE_ROLE
    return FirstValues(
        chosen,
        {name: read.by for name, read in {**reads, **secrets}.items()},
        tuple(offered),
        tuple(v.name for v in app.variables if v.secret and not v.commented and v.name not in unasked),
        tuple(v.name for v in app.variables if _is_open(v, reads) and v.name not in known),
        selected.get(DATABASE, ""),
    )


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both, map by map; what is `above` wins."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _environment(app: App, answers: Answers, given: Mapping[str, Any], *, full: bool) -> dict[str, Any]:
    """What .env.example assigns but for a developer's machine, and what is `given` over it."""
    assigned = {v.name: v.default for v in app.variables if _is_deployable(v)}
    if not full:
        assigned = {name: text for name, text in assigned.items() if text != DEFAULTS.get(name)}
    if answers.database and assigned.get(LOG_DATABASE) == assigned.get(DATABASE):
        # The logs follow the main database unless they are told otherwise.
        assigned.pop(LOG_DATABASE, None)
    switched_on = [name for name, text in app.configured if name in DEVELOPMENT and text == "true"]
    return {MODE: "production", **dict.fromkeys(switched_on, "false"), **assigned, **given}


def _is_deployable(variable: Variable) -> bool:
    is_local = any(host in variable.default for host in LOCAL_HOSTS)
    return bool(variable.default) and not variable.commented and not is_local and not _is_elsewhere(variable)


def _is_elsewhere(variable: Variable) -> bool:
    return variable.secret or variable.name in SET_BY_IMAGE or variable.name in DEVELOPMENT


def _is_open(variable: Variable, reads: Mapping[str, Read]) -> bool:
    """Whether .env.example has the variable, and no value that could be deployed.

    One that is a comment there is wanted if an action reads it; a number or a switch only shows its default.
    """
    is_default = variable.default.isdecimal() or variable.default in ("true", "false")
    is_wanted = not variable.commented or (variable.name in reads and not is_default)
    return is_wanted and not _is_elsewhere(variable) and variable.name not in DEFAULTS


def _is_named(name: str, app: App) -> bool:
    return any(variable.name == name for variable in app.variables)


def _secrets(
    app: App, selected: Mapping[str, Any], reads: Mapping[str, Read], chosen: Mapping[str, Any]
) -> Iterator[tuple[str, Read]]:
    """Every secret that is read, sorted: by jvagent itself, for the database, by the actions."""
    by_value = {variable.name for variable in app.variables if variable.secret}
    elsewhere = {*FROM_THE_ROLE, *REDIS, *(name for names in ADDRESSES.values() for name in names)}
    found = {
        name: read
        for name, read in reads.items()
        if (looks_secret(name) or name in by_value) and name not in elsewhere
    }
    found |= {read.name: read for read in _of_databases(app.variables, selected)}
    found |= {name: Read(name, "jvagent", optional=False) for name in REQUIRED_SECRETS}
    written = chosen.get("environment", {})
    yield from ((name, found[name]) for name in sorted(found) if name not in written)


def _of_databases(variables: Iterable[Variable], selected: Mapping[str, Any]) -> Iterator[Read]:
    """The address of each database; the logs have one of their own where .env.example assigns it."""
    assigned = {variable.name for variable in variables if not variable.commented}
    for (kind, database), names in ADDRESSES.items():
        if str(selected.get(kind, "")).lower() == database:
            yield Read(next((name for name in names if name in assigned), names[-1]), kind, optional=False)
    if str(selected.get("JVSPATIAL_CACHE_BACKEND", "")).lower() in ("redis", "layered"):
        yield Read(REDIS[0], "JVSPATIAL_CACHE_BACKEND", optional=False)
