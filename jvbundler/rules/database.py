"""Rules about the kind of the app's database and its address, on either platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.project.model import Environment
from jvbundler.project.variables import Platform
from jvbundler.rules.facts import PLATFORM_TITLES, app_variables, platforms, secret_names, variable_path
from jvbundler.rules.rule import Finding, Path, rule

if TYPE_CHECKING:
    from jvbundler.app.model import App


DATABASES = ("json", "sqlite", "mongodb", "dynamodb", "postgres", "postgresql")
# The address of each database that is a server, in the order in which jvspatial looks.
ADDRESSES: dict[tuple[str, str], tuple[str, ...]] = {
    ("JVSPATIAL_DB_TYPE", "mongodb"): ("JVSPATIAL_MONGODB_URI",),
    ("JVSPATIAL_DB_TYPE", "postgres"): ("JVSPATIAL_POSTGRES_DSN",),
    ("JVSPATIAL_DB_TYPE", "postgresql"): ("JVSPATIAL_POSTGRES_DSN",),
    ("JVSPATIAL_LOG_DB_TYPE", "mongodb"): ("JVSPATIAL_LOG_DB_URI", "JVSPATIAL_MONGODB_URI"),
}
DATABASE_TYPES = ("JVSPATIAL_DB_TYPE", "JVSPATIAL_LOG_DB_TYPE")
BROKEN_DYNAMODB = "0.1.7"


def type_path(environment: Environment, platform: Platform, name: str) -> Path:
    return variable_path(environment, platform, name, (platform, "enabled"))


@rule(
    "JVB222",
    "warning",
    title="Database without its address",
    source="jvspatial 0.0.17, db/factory.py: without an address it takes one on localhost",
)
def missing_address(environment: Environment, app: App) -> Iterator[Finding]:
    """The kind of database is set, but not where it is, so jvspatial looks for it on localhost: inside the
    container, where there is none. The address holds a password as a rule and belongs under `secrets`.
    Nothing is reported on Kubernetes when `extra_env_from` may bring it."""
    for platform in platforms(environment):
        if platform == "kubernetes" and environment.settings["kubernetes"]["extra_env_from"]:
            continue
        variables = app_variables(environment, app, platform)
        known = {*variables, *secret_names(environment, platform)}
        for name in DATABASE_TYPES:
            addresses = ADDRESSES.get((name, variables.get(name, "").strip().lower()), ())
            if addresses and not known & set(addresses):
                message = (
                    f"{name} is '{variables[name]}', but {PLATFORM_TITLES[platform]} has no {addresses[0]}"
                )
                hint = f"list {addresses[0]} under 'secrets'"
                yield Finding(type_path(environment, platform, name), message, hint)


@rule(
    "JVB223",
    "warning",
    title="DynamoDB with a jvagent that does not start on it",
    source="Run for real: jvagent 0.1.7 with jvspatial 0.0.17 against a DynamoDB emulator",
)
def broken_dynamodb(environment: Environment, app: App) -> Iterator[Finding]:
    """jvagent 0.1.7 with jvspatial 0.0.17 does not start on DynamoDB: "Database initialization failed:
    Event loop is closed". Use another database, or another release once there is one that was tried."""
    for platform in platforms(environment):
        variables = app_variables(environment, app, platform)
        for name in DATABASE_TYPES:
            is_dynamodb = variables.get(name, "").strip().lower() == "dynamodb"
            if is_dynamodb and app.jvagent_version == BROKEN_DYNAMODB:
                message = "jvagent 0.1.7 with jvspatial 0.0.17 does not start on DynamoDB"
                hint = "use mongodb or postgres"
                yield Finding(type_path(environment, platform, name), message, hint)


@rule(
    "JVB226",
    "warning",
    title="Unknown kind of database",
    source="jvspatial 0.0.17, db/factory.py: json, sqlite, mongodb, dynamodb, postgres",
)
def unknown_database(environment: Environment, app: App) -> Iterator[Finding]:
    """jvspatial does not know the kind and does not start, unless the app registers it itself."""
    for platform in platforms(environment):
        variables = app_variables(environment, app, platform)
        for name in DATABASE_TYPES:
            kind = variables.get(name, "").strip().lower()
            if kind and kind not in DATABASES:
                message = f"jvspatial has no database of the kind '{variables[name]}'"
                hint = "use json, sqlite, mongodb, dynamodb or postgres"
                yield Finding(type_path(environment, platform, name), message, hint)
