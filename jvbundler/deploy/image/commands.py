"""The image: docker's commands that build it, push it to every registry of an environment, and run it.

It is built once. The cluster's registry gets it with attestations and for all platforms, which makes it an
index; Lambda takes none, and gets a copy of the one image in it that its function runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.command import DIGEST, LAMBDA_DIGEST, NO_LIMIT, OUTPUT, Command
from jvbundler.render.lambda_.names import repository_uri
from jvbundler.source.interpolate import SecretName
from jvbundler.values.problem import InputError
from jvbundler.values.reference import DOCKER_HUB, ecr_region, is_repository, registry_of, require_tags

if TYPE_CHECKING:
    from jvbundler.project.model import Environment, Platform

BUILD_SECONDS = 3600.0
LOGIN_SECONDS = 120.0
# Of an image of 1.3 GB between two registries, through this machine.
COPY_SECONDS = 1800.0
USER = "10001:10001"


class ImageOptions(NamedTuple):
    """What the command line says about a build.

    `tags` come beside deploy.yaml's, `revision` is the commit that is built. The variables `user_variable`
    and `password_variable` log in to a registry that is no ECR. Without `attest` nothing attests to what is
    in the image, or how it was built. `registries` are those of the platforms that the image is for.
    """

    builder: str = ""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    revision: str = ""
    user_variable: str = ""
    password_variable: str = ""
    attest: bool = True
    registries: tuple[Platform, ...] = ("kubernetes", "lambda")


def is_for(environment: Environment, options: ImageOptions, platform: Platform) -> bool:
    """Whether the image goes to the registry that this platform pulls from."""
    return platform in options.registries and environment.settings[platform]["enabled"]


def repositories(
    environment: Environment, options: ImageOptions, lambda_repository: str = ""
) -> dict[Platform, str]:
    """Where the image is pushed to: the cluster's registry and Lambda's, as far as they are enabled.

    `lambda_repository` is for an account that deploy.yaml does not name. Raises InputError for one that
    cannot be pushed to.
    """
    found: dict[Platform, str] = {}
    if is_for(environment, options, "kubernetes"):
        found["kubernetes"] = environment.kubernetes_repository
    if is_for(environment, options, "lambda"):
        found["lambda"] = lambda_repository or repository_uri(environment)
        if not found["lambda"]:
            raise InputError("lambda.account_id is not set: the image's repository is in that account")
    for repository in found.values():
        if not is_repository(repository):
            raise InputError(f"'{repository}' is not the name of an image's repository")
    return found


def require_pushable(names: Iterable[str]) -> None:
    """Raise InputError for a name that belongs to Docker's own images."""
    for name in names:
        if "/" not in name:
            raise InputError(
                f"the image '{name}' has no registry: set 'kubernetes.registry.url', "
                f"or write 'image.name: <account>/{name}' for Docker Hub"
            )


def build_commands(
    environment: Environment, app: str, dockerfile: str, names: tuple[str, ...], options: ImageOptions
) -> tuple[Command, ...]:
    """Build for this machine's docker; an image for several platforms stays in the build cache."""
    several = len(platforms(environment, options)) > 1
    where = () if several else ("--load",)
    kept = (
        "into the build cache: docker holds images of one platform" if several else "and load it into docker"
    )
    # docker's own store does not support attestations; a push makes them.
    plain = options._replace(attest=False)
    argv = (*_buildx(environment, dockerfile, names, plain), *where, app)
    return (Command(argv, f"build the image {kept}", timeout_seconds=BUILD_SECONDS, grace_seconds=10),)


def push_commands(
    environment: Environment,
    app: str,
    dockerfile: str,
    images: Mapping[Platform, str],
    options: ImageOptions,
) -> tuple[Command, ...]:
    """Log in if needed, then build (from the cache, after a build) and push to the repositories `images`."""
    require_pushable(images.values())
    own, copied = dict(images), ""
    if is_copied(environment, options):
        copied = own.pop("lambda")
    names = tuple(dict.fromkeys(own.values()))
    argv = (*_buildx(environment, dockerfile, names, options), "--metadata-file", OUTPUT, "--push", app)
    where = " and ".join(dict.fromkeys(registry_of(name) for name in names))
    push = Command(
        argv,
        f"build the image and push it to {where}",
        timeout_seconds=BUILD_SECONDS,
        grace_seconds=10,
        role="push",
        images=tuple(own.items()),
    )
    copies = copy_commands(environment, own["kubernetes"], copied, options) if copied else ()
    return (*login_commands(images.values(), options), push, *copies)


def copy_commands(
    environment: Environment, source: str, target: str, options: ImageOptions
) -> tuple[Command, ...]:
    """Find the image of the function's architecture in the index that was pushed, and copy it as it is."""
    tools = ("docker", "buildx", *(("--builder", options.builder) if options.builder else ()), "imagetools")
    shown = ("--format", "{{json .Manifest}}")
    find = Command(
        (*tools, "inspect", f"{source}@{DIGEST}", *shown),
        f"find its image for linux/{environment.function_architecture}",
        timeout_seconds=COPY_SECONDS,
        role="manifest",
        images=(("lambda", target),),
    )
    if source == target:
        return (find,)
    tags = (word for tag in tags_of(environment, options) for word in ("--tag", f"{target}:{tag}"))
    where = registry_of(target)
    copy = Command(
        (*tools, "create", "--prefer-index=false", *tags, f"{source}@{LAMBDA_DIGEST}"),
        f"copy that to {where}",
        timeout_seconds=COPY_SECONDS,
    )
    check = Command(
        (*tools, "inspect", f"{target}@{LAMBDA_DIGEST}", *shown),
        f"check that {where} has the same",
        timeout_seconds=COPY_SECONDS,
    )
    return (find, copy, check)


def login_commands(names: Iterable[str], options: ImageOptions) -> tuple[Command, ...]:
    """A short-lived token for ECR; elsewhere the user's own docker login, unless variables are named."""
    hosts = dict.fromkeys(registry_of(name) for name in names)
    return tuple(login for host in hosts for login in _login(host, options))


def _login(host: str, options: ImageOptions) -> tuple[Command, ...]:
    region = ecr_region(host)
    reason = f"log in to {host}"
    if region:
        ask = ("aws", "ecr", "get-login-password", "--region", region)
        token = Command(ask, f"get a token for {host}", timeout_seconds=LOGIN_SECONDS)
        argv = ("docker", "login", "--username", "AWS", "--password-stdin", host)
        return (Command(argv, reason, timeout_seconds=LOGIN_SECONDS, stdin_of=token),)
    if not options.password_variable:
        return ()
    to = () if host == DOCKER_HUB else (host,)
    argv = ("docker", "login", "--username", f"${options.user_variable}", "--password-stdin", *to)
    login = Command(
        argv,
        reason,
        timeout_seconds=LOGIN_SECONDS,
        stdin_variable=options.password_variable,
        argument_variables=(options.user_variable,),
    )
    return (login,)


def is_copied(environment: Environment, options: ImageOptions) -> bool:
    """Whether Lambda gets a part of the image that the cluster's registry gets as an index."""
    both = is_for(environment, options, "kubernetes") and is_for(environment, options, "lambda")
    return both and (options.attest or len(environment.platforms) > 1)


def platforms(environment: Environment, options: ImageOptions) -> tuple[str, ...]:
    """Lambda takes an image of one platform, and rejects an index of several."""
    if is_for(environment, options, "lambda") and not is_copied(environment, options):
        return (f"linux/{environment.function_architecture}",)
    return environment.platforms


def attests(environment: Environment, options: ImageOptions) -> bool:
    """Attestations make an image an index, which Lambda rejects."""
    on_lambda = is_for(environment, options, "lambda")
    return options.attest and (not on_lambda or is_copied(environment, options))


def _attestations(environment: Environment, options: ImageOptions) -> tuple[str, ...]:
    if not attests(environment, options):
        return ("--provenance=false", "--sbom=false")
    return ("--provenance=mode=max", "--sbom=true")


def _buildx(
    environment: Environment, dockerfile: str, names: tuple[str, ...], options: ImageOptions
) -> tuple[str, ...]:
    tags = tags_of(environment, options)
    label = f"org.opencontainers.image.revision={options.revision}"
    return (
        *("docker", "buildx", "build", "--progress=plain"),
        *(("--builder", options.builder) if options.builder else ()),
        *("--file", dockerfile),
        *("--platform", ",".join(platforms(environment, options))),
        *(() if environment.settings["image"]["build"]["cache"] else ("--no-cache",)),
        *(word for place in options.cache_from for word in ("--cache-from", place)),
        *(word for place in options.cache_to for word in ("--cache-to", place)),
        *(("--label", label) if options.revision else ()),
        *_attestations(environment, options),
        *(word for name in names for tag in tags for word in ("--tag", f"{name}:{tag}")),
    )


def tags_of(environment: Environment, options: ImageOptions) -> tuple[str, ...]:
    """The tags of what is built. Raises InputError for one that is none."""
    more = (options.revision, *options.tags)
    tags = tuple(dict.fromkeys((environment.image_tag, *filter(None, more))))
    require_tags(tags)
    return tags


def run_commands(environment: Environment, image: str, *, port: int, on_lambda: bool) -> tuple[Command, ...]:
    """Start the image as a pod runs it: without root, on a read-only file system, with the same variables."""
    platform: Platform = "lambda" if on_lambda else "kubernetes"
    argv = (
        *container(environment, platform, environment.variables(platform)),
        *("--publish", f"127.0.0.1:{port}:{environment.server_port}"),
        image,
    )
    reason = (
        f"serve at http://127.0.0.1:{port}{environment.settings['server']['health_path']}; Ctrl-C stops it"
    )
    return (run_command(environment, platform, argv, reason),)


def run_command(environment: Environment, platform: Platform, argv: tuple[str, ...], reason: str) -> Command:
    """Runs until Ctrl-C, with the texts that have secrets in them."""
    secrets = environment.secrets(platform)
    elsewhere = {s.name: (SecretName(s.source),) for s in secrets if s.source != s.name}
    return Command(
        argv,
        reason,
        timeout_seconds=NO_LIMIT,
        grace_seconds=35,
        live=True,
        expected=(0, 143),
        composed=tuple({**elsewhere, **environment.composed(platform)}.items()),
    )


def container(
    environment: Environment, platform: Platform, variables: Mapping[str, str], tmp: str = "mode=1777"
) -> tuple[str, ...]:
    """`docker run` without the image: no root, a read-only file system. `tmp` is how /tmp is mounted."""
    secrets, texts = environment.secrets(platform), environment.composed(platform)
    return (
        *("docker", "run", "--rm", "--init", "--name", container_name(environment)),
        *("--user", USER, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--tmpfs", f"/tmp:{tmp}"),
        *(
            word
            for root in _data_folder(environment, on_lambda=platform == "lambda")
            for word in ("--tmpfs", f"{root}:mode=1777")
        ),
        *(word for name, value in variables.items() for word in ("--env", f"{name}={value}")),
        # By name only: docker takes the value from our environment, and no argv shows it.
        *(word for name in (*(s.name for s in secrets), *texts) for word in ("--env", name)),
    )


def container_name(environment: Environment) -> str:
    return f"{environment.qualified_name}-local"


def _data_folder(environment: Environment, *, on_lambda: bool) -> tuple[str, ...]:
    settings = environment.settings
    if on_lambda:
        efs = settings["lambda"]["efs"]
        return (efs["mount_path"],) if efs["enabled"] else ()
    volume = settings["kubernetes"]["persistence"]
    return (volume["mount_path"],) if volume["enabled"] else ()
