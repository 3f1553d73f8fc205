"""What is known of a jvagent app folder, as values. Holds no logic and reads nothing."""

from __future__ import annotations

import pathlib
from typing import Literal, NamedTuple

from jvbundler.values.node import Node
from jvbundler.values.problem import Place

REQUIREMENTS = "requirements.txt"


class Wish(NamedTuple):
    """A pip requirement as written: `by` is an action id or the name of a file.

    `core` means that it is jvagent's own: a conflict is blamed on the other side.
    """

    text: str
    by: str
    place: Place
    core: bool = False


class PipRequirement(NamedTuple):
    """One line to install. `spec` is PEP 508 text in a stable spelling, `name` the canonical name."""

    spec: str
    name: str
    wanted_by: tuple[str, ...]
    place: Place


class Need(NamedTuple):
    """What a core action needs beyond pip, with the line of jvagent that says so."""

    kind: str
    value: str
    place: Place


class Action(NamedTuple):
    """An action that jvagent loads.

    `place` is its info.yaml. `entries` are the agent.yaml entries that list it (mappings with `action`,
    `context`, `config`); there are none for an action that is only depended on, or only in the folder.
    """

    id: str
    origin: Literal["local", "core"]
    place: Place
    entries: tuple[Node, ...] = ()
    needs: tuple[Need, ...] = ()


class Program(NamedTuple):
    """A program that is started beside the server; `by` is who starts it, for messages and comments.

    `is_server`: it is one of MCP.
    """

    name: str
    by: str
    place: Place
    is_server: bool = False


class Module(NamedTuple):
    """A module of Python that a skill imports, and that is not Python's own; otherwise as `Program`.

    With one of the programs `instead` it is not needed. `source` is the line of jvagent that says so of one
    of its own skills.
    """

    name: str
    by: str
    place: Place
    instead: tuple[str, ...] = ()
    source: Place | None = None


class SkillUses(NamedTuple):
    """What the skills of an app need: the programs and modules, and the packages that they declare."""

    programs: tuple[Program, ...] = ()
    modules: tuple[Module, ...] = ()
    wishes: tuple[Wish, ...] = ()


class Variable(NamedTuple):
    """A line of .env.example. `default` is empty for a secret; `commented` means it was commented out."""

    name: str
    default: str
    secret: bool
    comment: str
    commented: bool
    place: Place


class LockState(NamedTuple):
    """A requirements.lock; `digest` is what its header says it was made from, empty without a header.

    `jvspatial` is the release that it pins, empty where it pins none; `names` are all that it pins.
    """

    digest: str
    place: Place
    jvspatial: str = ""
    names: frozenset[str] = frozenset()


class App(NamedTuple):
    """A jvagent app.

    `actions` is the closure that jvagent resolves, `unlisted` the local actions that it also installs and
    imports because they are in a listed agent's folder. `configured` holds what app.yaml's `config`
    selects, as the environment variables that would override it, and `configured_at` where.
    `jvagent_version` is the release for the image, `requires_python` what that jvagent asks for; without
    `jvagent_is_shipped`, its actions were read from a package, which may change. `programs` are started
    by actions and skills, `modules` imported by skills, of which `brought` has the packages that jvagent
    requires itself. `jvspatial` is the specifier that decides which release of it the image gets,
    empty where nothing does.
    """

    root: pathlib.Path
    shown_as: str
    id: str = ""
    version: str = ""
    title: str = ""
    description: str = ""
    author: str = ""
    license: str = ""
    homepage: str = ""
    agents: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    unlisted: tuple[Action, ...] = ()
    requirements: tuple[PipRequirement, ...] = ()
    requirements_file: bool = False
    lock: LockState | None = None
    variables: tuple[Variable, ...] = ()
    configured: tuple[tuple[str, str], ...] = ()
    has_env_file: bool = False
    jvagent_version: str = ""
    requires_python: str = ""
    jvagent_is_shipped: bool = True
    programs: tuple[Program, ...] = ()
    modules: tuple[Module, ...] = ()
    brought: tuple[str, ...] = ()
    jvspatial: str = ""
    configured_at: tuple[tuple[str, Place], ...] = ()
