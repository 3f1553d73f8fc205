"""The text of a first deploy.yaml: what this app needs, or that and every other option as a comment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from jvbundler.project.variables import MODE
from jvbundler.render.text import yaml_text
from jvbundler.render.text.escaping import comment

Schema = dict[str, Any]
Path = tuple[str, ...]

# Written beside deploy.yaml, so that an editor completes and checks it offline, for this version.
SCHEMA_FILE = "deploy.schema.json"

HEAD = """\
# yaml-language-server: $schema={schema}
# How {name} is deployed. `jvbundler render` turns this file into a Dockerfile, a SAM template and manifests.
"""
SHORT = """\
# There are many more options: `jvbundler explain KEY` says what one means, and `jvbundler init --full` writes
# all of them as comments.
"""
FULL = """\
# A commented line shows an option with its default, or an example; `jvbundler explain KEY` says more.
# ${NAME} takes a value from the environment at render time, if `variables` lists NAME.
# {{app.name}} takes one from another key of this file; `jvbundler explain references` says more.
"""
# The keys that a short file shows as comments while they have no value: those that `init` asks for, mostly.
SHOWN = (
    "kubernetes.context",
    "kubernetes.namespace",
    "kubernetes.registry.url",
    "kubernetes.ingress.enabled",
    "kubernetes.ingress.rules",
    "kubernetes.ingress.tls",
    "lambda.region",
    "lambda.account_id",
    "lambda.api_gateway.custom_domain.enabled",
    "lambda.api_gateway.custom_domain.domain_name",
)
# What a short file says of a key in place of the first sentence of its description.
NOTES = {
    "version": "Of the format",
    "environment": "Environment variables of the app, on both platforms; secrets do not belong here.",
    "secrets": "Secrets by name alone; `jvbundler secrets` prints where the values go, and how.",
    "lambda.enabled": "",
    "kubernetes.enabled": "",
    "lambda.account_id": "Account that holds the image's repository",
    "kubernetes.persistence.enabled": "A volume for the database and files; it has one writer",
    "kubernetes.registry.url": "The image is pushed to it and pulled from it",
    "kubernetes.ingress.enabled": "Whether an Ingress leads to the app from outside the cluster",
}
# What the environment variables do that hardly anybody knows by heart.
VARIABLES = {
    MODE: "without it, replies hold all that jvagent knows of a message",
    "JVAGENT_APP_ID": "the id of the app in its database, instead of app.yaml's",
    "JVAGENT_PUBLIC_BASE_URL": "https://…, for webhooks, OAuth and links to media",
    "JVSPATIAL_CORS_ORIGINS": "https://… of the sites whose pages may call the app",
}


class FirstValues(NamedTuple):
    """What a first deploy.yaml says.

    `values` are written out; `readers` says what reads a variable. As comments stand: the secrets that are
    `offered`, which an action can do without, the `unread` ones of .env.example, which nothing reads, and its
    `open` variables, which have no value yet. `database` is the kind that is chosen, if one is.
    """

    values: dict[str, Any]
    readers: dict[str, str]
    offered: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    database: str = ""


def first_config(name: str, schema: Schema, first: FirstValues, *, full: bool) -> str:
    """deploy.yaml for the app of this name: with every option, or what it needs."""
    layout = Layout(first, full)
    parts = [HEAD.format(schema=SCHEMA_FILE, name=comment(name)) + (FULL if full else SHORT)]
    for key, child in schema["properties"].items():
        lines = () if child.get("deprecated") else tuple(entry(layout, (key,), child, first.values.get(key)))
        if lines:
            parts.append("\n" + "\n".join(lines) + "\n")
    return "".join(parts)


class Layout(NamedTuple):
    """What decides how an entry is written."""

    first: FirstValues
    full: bool

    def shows(self, path: Path, schema: Schema, chosen: Any) -> bool:
        """Whether a key is written, if only as a comment: a platform that is not chosen is not, in short."""
        if self.full or chosen is not None:
            return True
        if is_section(schema) and "properties" in schema:
            is_above = any(f"{key}.".startswith(f"{'.'.join(path)}.") for key in SHOWN)
            return is_above and path[0] in self.first.values
        return ".".join(path) in SHOWN

    def words(self, path: Path, schema: Schema) -> str:
        """The description of a key: its first sentence, unless there is room for all of it."""
        if self.full:
            return str(schema["description"])
        return NOTES.get(".".join(path), first_sentence(schema["description"]))


def entry(layout: Layout, path: Path, schema: Schema, chosen: Any) -> Iterator[str]:
    """The lines of one key: written out where a value was chosen, else as a comment."""
    key, pad = path[-1], "  " * (len(path) - 1)
    write = SPECIAL.get(".".join(path))
    if not layout.shows(path, schema, chosen):
        return
    if write and chosen:
        yield from comment_lines(layout.words(path, schema), pad)
        yield f"{pad}{key}:"
        yield from write(layout.first)
    elif "properties" in schema and is_section(schema):
        yield from section(layout, path, schema, chosen)
    elif chosen is None:
        shown = f"# {key}: {yaml_text.flow(example_or_default(schema))}"
        yield from with_comment(pad + shown, first_sentence(layout.words(path, schema)), pad)
    elif isinstance(chosen, (dict, list)):
        yield from comment_lines(layout.words(path, schema), pad)
        yield f"{pad}{key}:"
        yield yaml_text.block(chosen, len(pad) + 2)
    else:
        words = first_sentence(layout.words(path, schema))
        yield from with_comment(f"{pad}{key}: {yaml_text.scalar(chosen)}", words, pad)


def section(layout: Layout, path: Path, schema: Schema, chosen: Any) -> Iterator[str]:
    """A map of options. In a short file one without any value is a comment as a whole."""
    key, pad = path[-1], "  " * (len(path) - 1)
    if layout.full or (len(path) == 1 and path[0] not in NOTES):
        yield from comment_lines(layout.words(path, schema), pad)
    inside = [
        line
        for name, child in schema["properties"].items()
        for line in entry(layout, (*path, name), child, (chosen or {}).get(name))
    ]
    if layout.full or chosen:
        yield f"{pad}{key}:"
        yield from inside
    else:
        yield f"{pad}# {key}:"
        yield from (f"{pad}#   {line.strip().removeprefix('# ')}" for line in inside)


def environment_lines(first: FirstValues) -> Iterator[str]:
    """The variables, with a comment on those that need one, and those that have no value yet."""
    for name, value in first.values["environment"].items():
        line = yaml_text.block({name: value}, 2)
        yield from with_comment(line, VARIABLES.get(name, ""), "  ")
    if not first.database:
        words = "or postgres, sqlite; without it json, files with one writer"
        yield from with_comment("  # JVSPATIAL_DB_TYPE: mongodb", words, "  ")
    for name in first.open:
        words = VARIABLES.get(name) or first.readers.get(name, "")
        yield from with_comment(f'  # {name}: ""', words, "  ")


def secret_lines(first: FirstValues) -> Iterator[str]:
    """The secrets, each with what reads it, and as comments those that nothing has to have."""
    for item in first.values["secrets"]:
        name = item if isinstance(item, str) else item.get("name", "")
        is_short = isinstance(item, str) or set(item) == {"name", "optional"}
        text = f"  - {yaml_text.flow(item)}" if is_short else yaml_text.block([item], 2)
        yield from with_comment(text, "" if "\n" in text else first.readers.get(name, ""), "  ")
    if first.offered:
        words = "What the actions can do without; to use one, list it as {name: …, optional: true}: "
        yield from comment_lines(words + ", ".join(first.offered), "  ")
    if first.unread:
        words = "In .env.example as well, but nothing that this app starts reads them: "
        yield from comment_lines(words + ", ".join(first.unread), "  ")


SPECIAL: dict[str, Callable[[FirstValues], Iterable[str]]] = {
    "environment": environment_lines,
    "secrets": secret_lines,
}


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
    if not words:
        yield line
    elif len(line) + len(words) + 4 <= 110:
        yield f"{line}  # {comment(words)}"
    else:
        yield from comment_lines(words, pad)
        yield line


def comment_lines(words: str, pad: str, width: int = 106) -> Iterator[str]:
    line = f"{pad}#"
    for word in comment(words).split():
        if len(line) + len(word) + 1 > width and line != f"{pad}#":
            yield line
            line = f"{pad}#"
        line += f" {word}"
    yield line


def first_sentence(text: str) -> str:
    return text.split(". ", 1)[0].rstrip(".")
