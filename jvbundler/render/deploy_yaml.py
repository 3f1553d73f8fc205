"""The text of a first deploy.yaml: what this app needs, and every other option as a comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jvbundler.project.variables import DEVELOPMENT, MODE, REQUIRED_SECRETS
from jvbundler.render.text import yaml_text
from jvbundler.render.text.escaping import comment

if TYPE_CHECKING:
    from jvbundler.app.model import App, Variable

Schema = dict[str, Any]

# Written beside deploy.yaml, so that an editor completes and checks it offline, for this version.
SCHEMA_FILE = "deploy.schema.json"

HEAD = """\
# yaml-language-server: $schema={schema}
# How {name} is deployed. `jvbundler render` turns this file into a Dockerfile, a SAM template and manifests.
# A commented line shows an option with its default, or an example; `jvbundler explain KEY` says more.
# ${{NAME}} takes a value from the environment at render time, if `variables` lists NAME.
# {{{{app.name}}}} takes one from another key of this file; `jvbundler explain references` says more.
"""

# The image and the platforms set these; a value from a developer's machine would break the app there.
SET_BY_IMAGE = {
    "JVAGENT_HOST",
    "JVAGENT_PORT",
    "JVSPATIAL_DB_PATH",
    "JVSPATIAL_LOG_DB_PATH",
    "JVSPATIAL_FILES_ROOT_PATH",
}
LOCAL_HOSTS = ("localhost", "127.0.0.1", "0.0.0.0")


def first_config(app: App, schema: Schema, targets: Sequence[str], given: Mapping[str, Any]) -> str:
    """deploy.yaml for `app` with the sections named in `targets` (`lambda`, `kubernetes`) enabled.

    `given` are values of the user's own.
    """
    chosen = chosen_values(app, targets, given)
    parts = [HEAD.format(schema=SCHEMA_FILE, name=comment(app.title or app.id))]
    for key, child in schema["properties"].items():
        if not child.get("deprecated"):
            parts.append("\n" + "\n".join(entry(key, child, chosen.get(key), 0)) + "\n")
    return "".join(parts)


def chosen_values(app: App, targets: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are written out; the rest stays a comment."""
    variables = [variable for variable in app.variables if not variable.commented]
    secrets = sorted({v.name for v in variables if v.secret} | set(REQUIRED_SECRETS))
    listed = given.get("secrets", [])
    deployable = {v.name: v.default for v in variables if is_deployable(v)}
    environment = {MODE: "production", **deployable, **given.get("environment", {})}
    database = {**dict(app.configured), **environment}.get("JVSPATIAL_DB_TYPE", "json")
    chosen: dict[str, Any] = {"version": "1.0", **given}
    chosen["secrets"] = [*listed, *(name for name in secrets if name not in listed)]
    chosen["environment"] = environment
    for target in targets:
        chosen[target] = {**given.get(target, {}), "enabled": True}
    if "kubernetes" in targets and database in ("json", "sqlite"):
        # A file database without a volume would be empty after every restart.
        persistence = chosen["kubernetes"].get("persistence", {})
        chosen["kubernetes"]["persistence"] = {"enabled": True, **persistence}
    return chosen


def is_deployable(variable: Variable) -> bool:
    local = any(host in variable.default for host in LOCAL_HOSTS)
    elsewhere = variable.name in SET_BY_IMAGE or variable.name in DEVELOPMENT or variable.secret
    return bool(variable.default) and not elsewhere and not local


def entry(key: str, schema: Schema, chosen: Any, indent: int) -> Iterator[str]:
    """The lines of one key: written out where a value was chosen, else as a comment."""
    pad = " " * indent
    if "properties" in schema and is_section(schema):
        yield from comment_lines(schema["description"], pad)
        yield f"{pad}{key}:"
        for name, child in schema["properties"].items():
            yield from entry(name, child, (chosen or {}).get(name), indent + 2)
    elif chosen is None:
        shown = f"# {key}: {yaml_text.flow(example_or_default(schema))}"
        yield from with_comment(pad + shown, first_sentence(schema["description"]), pad)
    elif isinstance(chosen, (dict, list)):
        yield from comment_lines(schema["description"], pad)
        yield f"{pad}{key}:"
        yield yaml_text.block(chosen, indent + 2)
    else:
        yield from with_comment(
            f"{pad}{key}: {yaml_text.scalar(chosen)}", first_sentence(schema["description"]), pad
        )


def is_section(schema: Schema) -> bool:
    """A map of options; one whose default is null, such as a probe's handler, is an option itself."""
    return schema.get("type") == "object"


def example_or_default(schema: Schema) -> Any:
    """The default unless it is empty, else an example."""
    default = schema.get("default")
    return (
        default
        if default or default is False or (default == 0 and default is not None)
        else schema["examples"][0]
    )


def with_comment(line: str, words: str, pad: str) -> Iterator[str]:
    """The words after the line if they fit, else above it."""
    if len(line) + len(words) + 4 <= 110:
        yield f"{line}  # {words}"
        return
    yield from comment_lines(words, pad)
    yield line


def comment_lines(words: str, pad: str, width: int = 106) -> Iterator[str]:
    line = f"{pad}#"
    for word in words.split():
        if len(line) + len(word) + 1 > width and line != f"{pad}#":
            yield line
            line = f"{pad}#"
        line += f" {word}"
    yield line


def first_sentence(text: str) -> str:
    return text.split(". ", 1)[0].rstrip(".")
