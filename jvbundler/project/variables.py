"""The environment variables of the container on each platform, and which of them are secrets."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.project.model import Environment, Platform, Secret
from jvbundler.source.interpolate import parts_with_secrets, secret_names_in, shown_parts
from jvbundler.values.node import Node, find, scalars
from jvbundler.values.problem import Place, Problem, error
from jvbundler.values.secret_names import looks_secret
from jvbundler.values.secret_values import contains_secret

if TYPE_CHECKING:
    from jvbundler.generated.settings import Secrets, Settings

# jvagent does not start without them (facts: they are read at bootstrap, and have no default).
REQUIRED_SECRETS = ("JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY")

DATABASES = ("json", "sqlite", "mongodb", "dynamodb", "postgres", "postgresql")
# The address of each database that is a server, in the order in which jvspatial looks.
ADDRESSES: dict[tuple[str, str], tuple[str, ...]] = {
    ("JVSPATIAL_DB_TYPE", "mongodb"): ("JVSPATIAL_MONGODB_URI",),
    ("JVSPATIAL_DB_TYPE", "postgres"): ("JVSPATIAL_POSTGRES_DSN",),
    ("JVSPATIAL_DB_TYPE", "postgresql"): ("JVSPATIAL_POSTGRES_DSN",),
    ("JVSPATIAL_LOG_DB_TYPE", "mongodb"): ("JVSPATIAL_LOG_DB_URI", "JVSPATIAL_MONGODB_URI"),
}

# jvagent is in development unless this says `production`.
MODE = "JVSPATIAL_ENVIRONMENT"
# Settings for a developer's machine, and what each of them does.
DEVELOPMENT = {
    MODE: "replies hold all that jvagent knows of a message",
    "JVSPATIAL_DEBUG": "logs hold what users write",
    "JVSPATIAL_GRAPH_ENDPOINT_ENABLED": "the app's whole graph is served to administrators",
}

# A secret whose places all derive from its name and from the settings of its platform.
DERIVED: Secrets = {
    "name": "",
    "from": "",
    "optional": False,
    "kubernetes": {"secret_name": "", "key": ""},
    "lambda": {"secret_id": "", "json_key": ""},
    "external": {"key": "", "property": ""},
}

SHARED_PATH = ("environment",)
PLATFORM_PATHS: dict[Platform, tuple[str, ...]] = {
    "lambda": ("lambda", "environment"),
    "kubernetes": ("kubernetes", "deployment", "container", "environment"),
}


def written_variables(root: Node, platform: Platform) -> dict[str, Node]:
    """The variables that deploy.yaml gives the platform: its own over the shared ones."""
    merged: dict[str, Node] = {}
    for path in (SHARED_PATH, PLATFORM_PATHS[platform]):
        section = find(root, path)
        if section is not None and isinstance(section.value, dict):
            merged.update({k: v for k, v in section.value.items() if v.value is not None})
    return merged


class Split(NamedTuple):
    """The variables of a platform: texts, secrets where they are written, and texts composed of secrets."""

    plain: dict[str, str]
    secret: dict[str, Node]
    composed: dict[str, tuple[str, ...]]
    problems: list[Problem]


def split_variables(written: dict[str, Node], listed: Container[str]) -> Split:
    """Splits the written variables; a secret that is written out is a problem.

    An empty value is not a secret: it says that the variable is not used.
    """
    found = Split({}, {}, {}, [])
    for name, node in sorted(written.items()):
        text = node.text or str(node.value)
        is_listed = name in listed or looks_secret(name)
        parts = parts_with_secrets(text) if node.secret else ()
        if len(parts) > 1:
            if contains_secret(shown_parts(parts)):
                found.problems.append(literal_secret(name, node))
            found.composed[name] = parts
        elif node.secret or (is_listed and not text):
            found.secret[name] = node
        elif is_listed or contains_secret(text):
            found.problems.append(literal_secret(name, node))
        else:
            found.plain[name] = text
    return found


def sources(split: Split, listed: Mapping[str, Secrets]) -> dict[str, str]:
    """The variable that each secret is handed over from, if its name differs."""
    written = {name: node.secret for name, node in split.secret.items() if node.secret}
    named = {name: item["from"] for name, item in listed.items() if item["from"]}
    return {**written, **named}


def contradictions(split: Split, listed: Mapping[str, Secrets], written: Mapping[str, Node]) -> list[Problem]:
    """Secrets that come from two places: one of them would be ignored silently."""
    found = []
    for name, node in split.secret.items():
        wanted = listed[name]["from"] if name in listed else ""
        if wanted and node.secret and wanted != node.secret:
            message = f"'{name}' comes from {node.secret} here, and from {wanted} under 'secrets'"
            found.append(error("JVB905", node.place, message, "remove one of them"))
    for name, parts in split.composed.items():
        place = written[name].place
        if name in listed:
            message = f"'{name}' is composed here, and listed under 'secrets', which makes it one secret"
            found.append(error("JVB905", place, message, "remove one of them"))
        for part in secret_names_in(parts):
            if part in split.plain or part in split.composed:
                hint = f"write {{{{ environment.{part} }}}} for the variable, or give the secret another name"
                message = f"'{part}' in '{name}' is a secret, and a variable with a value of its own"
                found.append(error("JVB905", place, message, hint))
    return found


def literal_secret(name: str, node: Node) -> Problem:
    return error(
        "JVB901",
        node.place,
        f"the value of '{name}' looks like a secret and would be rendered",
        f"remove the value and list {name} under 'secrets', or write ${{{name}}}",
    )


def storage_paths(root: str, plain: dict[str, str]) -> dict[str, str]:
    """Where jvspatial keeps its databases and files, below a folder that outlives the process.

    A database that is a server needs no path; a sqlite database is a file, a json one a folder.
    """
    paths = {}
    for kind, path, folder in (
        ("JVSPATIAL_DB_TYPE", "JVSPATIAL_DB_PATH", "jvdb"),
        ("JVSPATIAL_LOG_DB_TYPE", "JVSPATIAL_LOG_DB_PATH", "logs"),
    ):
        database = plain.get(kind, plain.get("JVSPATIAL_DB_TYPE", "json")).lower()
        if database in ("json", "sqlite"):
            paths[path] = f"{root}/{folder}" + (".db" if database == "sqlite" else "")
    if plain.get("JVSPATIAL_FILE_STORAGE_PROVIDER", "local") == "local":
        paths["JVSPATIAL_FILES_ROOT_PATH"] = f"{root}/files"
    return paths


def storage_root(settings: Settings, platform: Platform) -> str:
    """The folder that outlives the process on this platform, or an empty text where there is none."""
    if platform == "lambda":
        efs = settings["lambda"]["efs"]
        return efs["mount_path"] if efs["enabled"] else ""
    volume = settings["kubernetes"]["persistence"]
    return volume["mount_path"] if volume["enabled"] else ""


def listed_secrets(settings: Settings) -> dict[str, Secrets]:
    """The `secrets` list by name; a bare name has all its places derived."""
    items: list[Secrets] = [{**DERIVED, "name": i} if isinstance(i, str) else i for i in settings["secrets"]]
    return {item["name"]: item for item in items}


def listed_nodes(root: Node) -> dict[str, Node]:
    """Where each name of the `secrets` list is written."""
    items = find(root, ["secrets"])
    nodes = items.value if items is not None and isinstance(items.value, list) else []
    names = [find(node, ["name"]) or node for node in nodes]
    return {str(name.value): name for name in names}


def secret(
    name: str,
    source: str,
    item: Secrets,
    place: Place,
    settings: Settings,
    instance: str,
    qualified_name: str,
) -> Secret:
    """Where each platform finds the secret. `qualified_name` is `instance` and the environment, acme-prod."""
    kubernetes = settings["kubernetes"]
    return Secret(
        name=name,
        place=place,
        source=source,
        kubernetes_secret=item["kubernetes"]["secret_name"]
        or kubernetes["secrets"]["name"]
        or f"{instance}-secrets",
        kubernetes_key=item["kubernetes"]["key"] or name,
        lambda_secret_id=item["lambda"]["secret_id"]
        or settings["lambda"]["secrets"]["secret_id"]
        or qualified_name,
        lambda_json_key=item["lambda"]["json_key"] or name,
        external_key=item["external"]["key"] or kubernetes["external_secrets"]["key"] or qualified_name,
        external_property=item["external"]["property"] or name,
        optional=item["optional"],
    )


def variables_with_secrets(environment: Environment, platform: Platform) -> tuple[str, ...]:
    """The names of those that are a secret, or composed of some."""
    secrets = (secret.name for secret in environment.secrets(platform))
    return (*secrets, *environment.composed(platform))


def misplaced_secrets(root: Node) -> list[Problem]:
    """Secrets outside the maps of environment variables, where every value is rendered."""
    problems = []
    for path, node in scalars(root):
        if len(path) > 1 and path[-2] == "environment":
            continue
        if node.secret:
            message = f"'{node.secret}' is a secret, and what is written here is rendered"
            problems.append(
                error("JVB902", node.place, message, f"use {node.secret} only as an environment variable")
            )
        elif isinstance(node.value, str) and contains_secret(node.value):
            message = "the value looks like a secret and would be rendered"
            problems.append(
                error(
                    "JVB901",
                    node.place,
                    message,
                    "remove it, and list the variable it is for under 'secrets'",
                )
            )
    return problems
