"""Rules about where the app keeps its data, on either platform: database, files, volumes, writers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.app.needs import needing
from jvbundler.project.model import Environment, Platform
from jvbundler.project.variables import ADDRESSES, DATABASES, storage_paths, storage_root
from jvbundler.rules.rule import (
    FILE_DATABASES,
    PLATFORM_TITLES,
    Finding,
    Path,
    app_variables,
    database,
    is_true,
    platforms,
    pods,
    pods_path,
    rule,
    secret_names,
    variable_path,
    written_or,
)
from jvbundler.values.node import find

if TYPE_CHECKING:
    from jvbundler.app.model import App

DATABASE_TYPES = ("JVSPATIAL_DB_TYPE", "JVSPATIAL_LOG_DB_TYPE")
BROKEN_DYNAMODB = "0.1.7"
DATABASE_TYPE = "JVSPATIAL_DB_TYPE"
STORAGE_PATHS = ("JVSPATIAL_DB_PATH", "JVSPATIAL_LOG_DB_PATH", "JVSPATIAL_FILES_ROOT_PATH")
SERVER_DATABASE = "use a database that is a server (mongodb, postgres)"


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
    container, where there is none. The address usually holds a password and belongs under `secrets`.
    Nothing is reported on Kubernetes when `extra_env_from` may provide it."""
    for platform in platforms(environment):
        variables = app_variables(environment, app, platform)
        for name, address in unknown_addresses(environment, app, platform):
            message = f"{name} is '{variables[name]}', but {PLATFORM_TITLES[platform]} has no {address}"
            yield Finding(type_path(environment, platform, name), message, f"list {address} under 'secrets'")


def unknown_addresses(environment: Environment, app: App, platform: Platform) -> Iterator[tuple[str, str]]:
    """Each database server without an address: its variable, and the one that would be the address."""
    if platform == "kubernetes" and environment.settings["kubernetes"]["extra_env_from"]:
        return
    variables = app_variables(environment, app, platform)
    known = {*variables, *secret_names(environment, platform)}
    for name in DATABASE_TYPES:
        addresses = ADDRESSES.get((name, variables.get(name, "").strip().lower()), ())
        if addresses and not known & set(addresses):
            yield name, addresses[0]


@rule(
    "JVB223",
    "warning",
    title="DynamoDB with a jvagent release that does not start on it",
    source="Run for real: jvagent 0.1.7 with jvspatial 0.0.17 against a DynamoDB emulator",
)
def broken_dynamodb(environment: Environment, app: App) -> Iterator[Finding]:
    """jvagent 0.1.7 with jvspatial 0.0.17 does not start on DynamoDB: "Database initialization failed:
    Event loop is closed". Use another database, or another release once one has been tested."""
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


def has_file_database(environment: Environment, app: App, platform: Platform) -> bool:
    enabled = platform in platforms(environment)
    return enabled and database(environment, app, platform) in FILE_DATABASES


@rule(
    "JVB330",
    "warning",
    title="File database on Lambda without EFS",
    source="AWS Lambda: /tmp belongs to one instance and is gone with it",
)
def file_database_on_lambda(environment: Environment, app: App) -> Iterator[Finding]:
    """A json or sqlite database on Lambda is in /tmp of one instance: the next instance begins with an
    empty one, and all of them are lost. json is jvagent's default. Use mongodb or postgres, or EFS with
    `lambda.reserved_concurrency: 1`."""
    if has_file_database(environment, app, "lambda") and not storage_root(environment.settings, "lambda"):
        kind = database(environment, app, "lambda")
        message = f"a {kind} database on Lambda is lost with every instance"
        hint = f"{SERVER_DATABASE}, or set lambda.efs.enabled and lambda.vpc.enabled"
        yield Finding(
            variable_path(environment, "lambda", DATABASE_TYPE, ("lambda", "enabled")), message, hint
        )


@rule(
    "JVB331",
    "warning",
    title="File storage on Lambda with neither EFS nor S3",
    source="AWS Lambda: /tmp belongs to one instance and is gone with it",
)
def files_on_lambda(environment: Environment, app: App) -> Iterator[Finding]:
    """With `JVSPATIAL_FILE_STORAGE_ENABLED` and the provider `local`, what users upload and what actions
    write is kept in /tmp of one instance and lost with it. An app with `jvagent/code_execution` needs EFS,
    as that works on local files only."""
    variables = app_variables(environment, app, "lambda")
    is_local = variables.get("JVSPATIAL_FILE_STORAGE_PROVIDER", "local").strip().lower() == "local"
    enabled = is_true(variables.get("JVSPATIAL_FILE_STORAGE_ENABLED", ""))
    on_lambda = "lambda" in platforms(environment) and not storage_root(environment.settings, "lambda")
    if on_lambda and enabled and is_local:
        name = "JVSPATIAL_FILE_STORAGE_PROVIDER"
        otherwise = variable_path(
            environment, "lambda", "JVSPATIAL_FILE_STORAGE_ENABLED", ("lambda", "enabled")
        )
        message = "files that the app stores on Lambda are lost with every instance"
        local = next(needing(app.actions, "local files"), None)
        hint = "set JVSPATIAL_FILE_STORAGE_PROVIDER: s3 for Lambda, or use lambda.efs"
        if local:
            hint = f"use lambda.efs with lambda.vpc: {local.action.id} refuses S3"
        yield Finding(variable_path(environment, "lambda", name, otherwise), message, hint)


@rule(
    "JVB228",
    "warning",
    title="Action that refuses S3",
    source="jvagent 0.1.7, action/code_execution/code_execution_action.py: resolve_user_cwd",
)
def action_without_local_files(environment: Environment, app: App) -> Iterator[Finding]:
    """`jvagent/code_execution` runs its commands in a folder of the user's files, so with
    `JVSPATIAL_FILE_STORAGE_PROVIDER: s3` each of them fails: "code execution requires local file storage".
    Keep files on EFS or on a volume, or disable the action."""
    for platform in platforms(environment):
        name = "JVSPATIAL_FILE_STORAGE_PROVIDER"
        provider = app_variables(environment, app, platform).get(name, "local").strip().lower()
        for local in needing(app.actions, "local files") if provider != "local" else ():
            message = (
                f"{local.action.id} refuses the file storage '{provider}' of {PLATFORM_TITLES[platform]}"
            )
            volume = "lambda.efs" if platform == "lambda" else "kubernetes.persistence"
            path = variable_path(environment, platform, name, (platform, "enabled"))
            hint = f"set {name}: local, and use {volume}; or disable the action"
            yield Finding(path, message, hint, (local.place, local.need.place))


@rule(
    "JVB332",
    "warning",
    title="File database on EFS with several writers",
    source="jvspatial: json and sqlite databases have one writer",
)
def several_writers_on_efs(environment: Environment, app: App) -> Iterator[Finding]:
    """Every instance of the function would write the same files. A reserved concurrency of 1 limits it to
    one instance at a time."""
    settings = environment.settings["lambda"]
    if not has_file_database(environment, app, "lambda") or not storage_root(environment.settings, "lambda"):
        return
    if settings["reserved_concurrency"] != 1:
        kind = database(environment, app, "lambda")
        message = f"several instances would write one {kind} database on EFS"
        hint = f"set lambda.reserved_concurrency: 1, or {SERVER_DATABASE}"
        path = written_or(environment, ("lambda", "reserved_concurrency"), ("lambda", "efs", "enabled"))
        yield Finding(path, message, hint)


@rule(
    "JVB401",
    "warning",
    title="File database with several pods",
    source="jvspatial: json and sqlite databases have one writer",
)
def file_database_with_pods(environment: Environment, app: App) -> Iterator[Finding]:
    """Each pod would have a database of its own, or all of them would write the same files: either way
    users miss each other's data. Run one pod, or use a database that is a server."""
    most = pods(environment)[1]
    if has_file_database(environment, app, "kubernetes") and most > 1:
        kind = database(environment, app, "kubernetes")
        message = f"{most} pods cannot share a {kind} database, which has one writer"
        yield Finding(pods_path(environment), message, f"run one pod, or {SERVER_DATABASE}")


def mounts_on_one_node(environment: Environment) -> bool:
    kubernetes = environment.settings["kubernetes"]
    volume = kubernetes["persistence"]
    # An existing claim may be of any mode unless deploy.yaml says which.
    path = ("kubernetes", "persistence", "access_modes")
    known = not volume["existing_claim"] or find(environment.node, path) is not None
    mounted = kubernetes["enabled"] and volume["enabled"]
    return mounted and known and "ReadWriteMany" not in volume["access_modes"]


@rule(
    "JVB402",
    "warning",
    title="One-node volume with several pods",
    source="Kubernetes, access modes: ReadWriteOnce means one node, ReadWriteOncePod one pod",
)
def one_node_volume_with_pods(environment: Environment, app: App) -> Iterator[Finding]:
    """A `ReadWriteOnce` volume attaches to one node, so pods on other nodes wait for it forever. Use
    `ReadWriteMany` with a storage class that supports it, or one pod."""
    most = pods(environment)[1]
    if mounts_on_one_node(environment) and most > 1:
        modes = ", ".join(environment.settings["kubernetes"]["persistence"]["access_modes"])
        message = f"{most} pods cannot mount one volume that is {modes}"
        hint = "run one pod, or set kubernetes.persistence.access_modes: [ReadWriteMany]"
        yield Finding(pods_path(environment), message, hint)


@rule(
    "JVB403",
    "warning",
    title="Rolling update with one writer",
    source="Kubernetes: a rolling update starts the new pod before the old one ends",
)
def surge_with_one_writer(environment: Environment, app: App) -> Iterator[Finding]:
    """With `RollingUpdate` and a surge the new pod waits for a volume that the old one holds, and the old
    one for the new: the rollout never ends. On a shared volume both would write one file database. Leave
    `strategy.type` out: it is then `Recreate` where necessary."""
    strategy = environment.settings["kubernetes"]["deployment"]["strategy"]
    surges = strategy["rolling_update"]["max_surge"] not in (0, "0", "0%")
    if strategy["type"] != "RollingUpdate" or not surges or pods(environment)[1] != 1:
        return
    volume = environment.settings["kubernetes"]["persistence"]["enabled"]
    if mounts_on_one_node(environment) or (volume and has_file_database(environment, app, "kubernetes")):
        message = "a rolling update runs two pods at once, and the volume has one writer"
        hint = "leave the strategy out, or set it to Recreate"
        yield Finding(("kubernetes", "deployment", "strategy", "type"), message, hint)


@rule(
    "JVB432",
    "warning",
    title="File database on Kubernetes without a volume",
    source="Kubernetes: a container's file system is gone with the container",
)
def file_database_without_volume(environment: Environment, app: App) -> Iterator[Finding]:
    """Without `kubernetes.persistence`, a json or sqlite database is in the pod's /tmp and is lost at
    every restart. json is jvagent's default."""
    on_disk = has_file_database(environment, app, "kubernetes")
    if on_disk and not storage_root(environment.settings, "kubernetes"):
        kind = database(environment, app, "kubernetes")
        message = f"a {kind} database without a volume is lost at every restart"
        hint = f"set kubernetes.persistence.enabled: true, or {SERVER_DATABASE}"
        otherwise = variable_path(environment, "kubernetes", DATABASE_TYPE, ("kubernetes", "enabled"))
        yield Finding(
            written_or(environment, ("kubernetes", "persistence", "enabled"), otherwise), message, hint
        )


@rule(
    "JVB503",
    "warning",
    title="Storage path outside the volume",
    source="jvspatial 0.0.17: JVSPATIAL_DB_PATH, JVSPATIAL_LOG_DB_PATH, JVSPATIAL_FILES_ROOT_PATH",
)
def path_outside_volume(environment: Environment, app: App) -> Iterator[Finding]:
    """There is a volume (or EFS), and a path written in deploy.yaml leads elsewhere: what is kept there
    is lost, or the read-only file system refuses it. Leave the variable out: it then points into the
    volume."""
    for platform in platforms(environment):
        root = storage_root(environment.settings, platform).rstrip("/")
        folders = (root, *extra_mounts(environment, platform))
        variables = app_variables(environment, app, platform)
        for name in storage_paths(root, variables) if root else ():
            value = variables.get(name)
            if value is not None and not any(f"{value}/".startswith(f"{folder}/") for folder in folders):
                message = (
                    f"{name} is '{value}', outside '{root}' where {PLATFORM_TITLES[platform]} keeps data"
                )
                path = variable_path(environment, platform, name, (platform,))
                yield Finding(path, message, "remove the variable, or choose a path below it")


def extra_mounts(environment: Environment, platform: Platform) -> tuple[str, ...]:
    if platform == "lambda":
        return ()
    mounts = environment.settings["kubernetes"]["deployment"]["container"]["extra_volume_mounts"]
    return tuple(str(mount.get("mountPath", "")).rstrip("/") for mount in mounts if mount.get("mountPath"))
