"""Which hosts an app's actions call, for what has to let them through: nothing that renders needs to know.

Of core actions it is known (schemas/hosts.json, from the releases), with the setting that names another host.
An action of the app's own is not looked into; nor is the database, which is not an action's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from jvbundler.app.model import Action, App
from jvbundler.app.needs import is_on, needing
from jvbundler.app.urls import url_of
from jvbundler.values.node import Node, find
from jvbundler.values.packaged import packaged_text
from jvbundler.values.problem import Place

HOSTS = "schemas/hosts.json"
# An action that calls whatever it is asked to.
ANY = "*"
_IN_CONTEXT = "context."


class Host(NamedTuple):
    """A host that an action calls, on a TCP port; `place` is the line that says so, of jvagent or of the app.

    `host` is empty, and `port` 0, where only `setting` says it: a key below `context` of the action's entry,
    or a variable of the environment. `setting` is empty where none changes it. A `host` may be `*`.
    """

    host: str
    port: int
    by: str
    setting: str
    place: Place


def hosts_called(app: App) -> tuple[Host, ...]:
    """Each host of each action that is on, sorted. With `${NAME}` in a setting, only the setting is known."""
    known: dict[str, list[tuple[str, int, str, str, int]]] = json.loads(packaged_text(HOSTS))
    found = set(_servers(app))
    for action in app.actions:
        if action.origin == "core":
            for host, port, setting, file, line in known.get(action.id, ()):
                found |= {*_of_entries(Host(host, port, action.id, setting, Place(file, line)), action)}
    return tuple(sorted(found))


def _of_entries(host: Host, action: Action) -> Iterator[Host]:
    """The host as each entry of agent.yaml has it: an action that is only depended on has what is default."""
    for entry in action.entries:
        if is_on(entry, action.needs):
            key = host.setting.removeprefix(_IN_CONTEXT)
            written = find(entry, ["context", key]) if host.setting.startswith(_IN_CONTEXT) else None
            yield host if written is None or not written.value else _as_written(host, written, entry)
    if not action.entries:
        yield host


def _as_written(host: Host, written: Node, entry: Node) -> Host:
    """The host that a setting names: by an address, or alone, with its port beside it."""
    unknown = host._replace(host="", port=0, place=written.place)
    text = str(written.value).strip()
    url = url_of(text)
    if url is not None:
        return unknown._replace(host=url.host, port=url.port)
    alone = url_of(f"http://{text}")
    if alone is None:
        return unknown
    port = find(entry, ["context", "port"])
    number = port.value if port is not None and type(port.value) is int else host.port
    return unknown._replace(host=alone.host, port=number)


def _servers(app: App) -> Iterator[Host]:
    """The MCP servers that are reached by an address."""
    for one in needing(app.actions, "servers"):
        servers = find(one.entry, ["context", "servers"]) if one.entry else None
        for server in servers.value if servers is not None and isinstance(servers.value, list) else ():
            written, enabled, transport = (find(server, [key]) for key in ("url", "enabled", "transport"))
            is_off = enabled is not None and not enabled.value
            is_stdio = transport is not None and transport.value == "stdio"
            if written is not None and written.value and not is_off and not is_stdio:
                url = url_of(str(written.value))
                host, port = (url.host, url.port) if url else ("", 0)
                yield Host(host, port, one.action.id, one.need.value, written.place)
