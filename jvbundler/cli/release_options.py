"""Options that the commands for deployed apps share, gathered into values; the release that they select."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from jvbundler.cli import options
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.image.commands import ImageOptions
    from jvbundler.deploy.release import Release, Target
    from jvbundler.project.model import Platform

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]

dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Print the commands instead of running them; needs no tool and no network.",
)
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
print_option = click.option("--print", "only_print", is_flag=True, help="Only print the address.")
render_option = click.option("--render", is_flag=True, help="Render first if the output is out of date.")

port_option = click.option("--port", type=int, default=8080, show_default=True, help="Port on this machine.")
image_option = click.option(
    "--image", default="", metavar="REF", help="Image.  [default: the one that 'build' makes]"
)


def json_option(command: Any) -> Any:
    """`--json`, and `--format json`: the argument `as_json`."""

    @wraps(command)
    def with_json(*arguments: Any, form: str, **given: Any) -> Any:
        return command(*arguments, as_json=form == "json", **given)

    return options.form_option(("text", "json"), "The format of the answer.", hidden=True)(with_json)


def timeout_option(words: str, default: str) -> Decorator:
    """`--timeout`: how long to wait for what a deployment changes, in the argument `timeout`."""
    return click.option(
        "--timeout",
        type=click.IntRange(min=1),
        metavar="SECONDS",
        help=f"{words}  [default: {default}]",
    )


pods_timeout_option = timeout_option(
    "How long to wait for the pods.", "the Deployment's progress deadline and 60"
)


def together(*decorators: Decorator) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, shown in this order."""

    def decorate(command: Decorated) -> Decorated:
        for option in reversed(decorators):
            command = option(command)
        return command

    return decorate


def gathered(name: str, value: Any, *decorators: Decorator) -> Callable[[Decorated], Decorated]:
    """Options whose values reach the command as one NamedTuple, `value`, in its argument `name`."""

    def decorate(command: Decorated) -> Decorated:
        @wraps(command)
        def with_value(*arguments: Any, **given: Any) -> Any:
            fields = {field: given.pop(field) for field in value._fields}
            return command(*arguments, **{name: value(**fields)}, **given)

        return together(*decorators)(with_value)  # type: ignore[return-value]

    return decorate


class Common(NamedTuple):
    """Which environment of which app, and how long a tool call may take."""

    app: str
    config: str | None
    settings: tuple[str, ...]
    variables: tuple[str, ...]
    environment: str
    output: str | None
    tool_timeout: float | None

    def environ(self) -> dict[str, str]:
        """The environment variables for every tool that this run calls."""
        from jvbundler.runner import TIMEOUT_VARIABLE

        limit = {} if self.tool_timeout is None else {TIMEOUT_VARIABLE: f"{self.tool_timeout:g}"}
        return {**os.environ, **limit}

    def release(self, target: Target, more: Sequence[tuple[str, str]] = ()) -> Release:
        """The release that the options select; `more` are assignments of a YAML text to a key."""
        from jvbundler.deploy.release import load_release

        root, shown_as = options.app_root(self.app)
        read = options.reading_options(self.config, self.settings, self.variables)
        return load_release(
            root,
            shown_as,
            read._replace(assignments=(*read.assignments, *more)),
            targets=(target,),
            environment=self.environment,
            output=options.path_or_none(self.output),
        )


common_options = gathered(
    "common",
    Common,
    options.app_argument,
    options.config_option,
    options.set_option,
    click.option(
        "--env", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable of the container."
    ),
    options.environment_option("Environment; not needed if there is only one."),
    options.output_option,
    click.option(
        "--tool-timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="How long each tool call may take; JVBUNDLER_TOOL_TIMEOUT does the same. Not for what "
        "--timeout limits.  [default: from 30 for a query to 3600 for a build]",
    ),
)


class ImageChoice(NamedTuple):
    """How the image is built and pushed, as the command line says it."""

    builder: str
    cache_from: tuple[str, ...]
    cache_to: tuple[str, ...]
    tags: tuple[str, ...]
    latest: bool
    no_attestations: bool
    registry_user_env: str | None
    registry_password_env: str | None

    def options(self, common: Common, *registries: Platform) -> ImageOptions:
        """The same as an operation expects it; the commit, if any, becomes a tag.

        `registries` are those of the platforms that the image is for: all, where none is given.
        """
        from jvbundler.deploy.image.commands import ImageOptions
        from jvbundler.deploy.image.push import git_revision

        if bool(self.registry_user_env) != bool(self.registry_password_env):
            raise InputError("--registry-user-env and --registry-password-env have to be used together")
        return ImageOptions(
            builder=self.builder,
            cache_from=self.cache_from,
            cache_to=self.cache_to,
            tags=(*self.tags, *(("latest",) if self.latest else ())),
            revision=git_revision(Path(common.app), common.environ()),
            user_variable=self.registry_user_env or "",
            password_variable=self.registry_password_env or "",
            attest=not self.no_attestations,
            registries=registries or ("kubernetes", "lambda"),
        )


image_options = gathered(
    "image",
    ImageChoice,
    click.option("--builder", default="", metavar="NAME", help="Build with this buildx builder."),
    click.option(
        "--cache-from", multiple=True, metavar="PLACE", help="Use this cache, as type=gha; repeatable."
    ),
    click.option(
        "--cache-to", multiple=True, metavar="PLACE", help="Fill this cache, as type=gha; repeatable."
    ),
    click.option("--tag", "tags", multiple=True, metavar="TAG", help="Additional tag; repeatable."),
    click.option("--latest", is_flag=True, help="Also tag the image 'latest'."),
    click.option("--no-attestations", is_flag=True, help="Push without SBOM and provenance."),
    click.option(
        "--registry-user-env", metavar="NAME", help="Log in with the user name in this variable ..."
    ),
    click.option("--registry-password-env", metavar="NAME", help="... and the password in this one."),
)
