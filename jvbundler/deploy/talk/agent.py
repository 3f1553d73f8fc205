"""The agents of a running app: log in, find one, and have it answer, as its /interact endpoint streams it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from jvbundler.deploy.talk.http import MOST_BYTES, Place, Refused, call, document, parsed, unreachable
from jvbundler.source.interpolate import SecretName
from jvbundler.values.problem import InputError, ToolFailed

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from jvbundler.project.model import Environment, Platform

# jvagent/cli/bootstrap.py, jvspatial/api/constants.py
PASSWORD = "JVAGENT_ADMIN_PASSWORD"
EMAIL, USER, USER_DEFAULT = "JVAGENT_ADMIN_EMAIL", "JVAGENT_ADMIN_USERNAME", "admin"
PREFIX, PREFIX_DEFAULT = "JVSPATIAL_API_PREFIX", "/api"
PAGE = 100
NOT_FOUND = 404
DENIED = (401, 403)


class Login(NamedTuple):
    """The app's first user. `password_variable` is the one of this shell that holds the password."""

    email: str
    password_variable: str


class Agent(NamedTuple):
    id: str
    name: str


class Access(NamedTuple):
    """`token` is empty where the app asks for none; `password` is known only to keep it out of messages."""

    place: Place
    token: str
    password: str


class Piece(NamedTuple):
    """A part of an answer: text to add, or, at the end, the session that it belongs to."""

    text: str = ""
    session: str = ""


def login_of(environment: Environment, platform: Platform, environ: Mapping[str, str]) -> Login:
    """As the app makes its user at the first start, from the variables that the platform gives it."""

    def value(name: str) -> str:
        return value_of(environment, platform, environ, name)

    sources = {secret.name: secret.source for secret in environment.secrets(platform)}
    email = value(EMAIL) or f"{value(USER) or USER_DEFAULT}@jvagent.example"
    return Login(email, sources.get(PASSWORD, PASSWORD))


def prefix_of(environment: Environment, platform: Platform) -> str:
    prefix = environment.variables(platform).get(PREFIX, PREFIX_DEFAULT).strip("/")
    return f"/{prefix}" if prefix else ""


def value_of(environment: Environment, platform: Platform, environ: Mapping[str, str], name: str) -> str:
    """A variable of the app: plain, or a secret of which this shell may know the value."""
    plain = environment.variables(platform)
    if name in plain:
        return plain[name]
    secret = next((s for s in environment.secrets(platform) if s.name == name), None)
    parts = environment.composed(platform).get(name, (SecretName(secret.source),) if secret else ())
    return "".join(environ.get(part, "") if isinstance(part, SecretName) else part for part in parts)


def log_in(place: Place, login: Login, password: str) -> Access:
    """Raises ToolFailed with what the app says. An app without a login needs no token."""
    body = {"email": login.email, "password": password}
    try:
        answer = document(call(place, "/auth/login", body=body, mask=(password,)), place)
    except Refused as refused:
        if refused.status == NOT_FOUND:
            return Access(place, "", password)
        if refused.status not in DENIED:
            raise
        raise Refused(
            refused.said,
            f"the app has no user '{login.email}' with this password: it keeps those of its first start, "
            f"whatever {login.password_variable} says since",
            refused.status,
        ) from None
    token = answer.get("access_token")
    if not isinstance(token, str):
        raise ToolFailed(f"{place.url}: what answers is not a jvagent app\n{place.absent}")
    return Access(place, token, password)


def find_agent(access: Access, name: str) -> Agent:
    """The agent of that name, `acme/bot` or `bot`; without a name the only one."""
    # The app lists them in no order that it promises.
    found = sorted(_agents(access), key=lambda agent: agent.name)
    names = [agent.name for agent in found]
    if name:
        chosen = [agent for agent in found if name in (agent.name, agent.name.rpartition("/")[2], agent.id)]
        if len(chosen) != 1:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names) or 'none'}"
            raise InputError(f"--agent: the app has no agent '{name}' ({hint})")
        return chosen[0]
    if len(found) > 1:
        raise InputError(f"which agent? choose one with --agent: {', '.join(names)}")
    if not found:
        raise ToolFailed(f"{access.place.url}: the app has no agent: app.yaml lists them under 'agents'")
    return found[0]


def _agents(access: Access) -> Sequence[Agent]:
    answer = document(
        call(access.place, f"/agents?enabled=true&per_page={PAGE}", token=access.token), access.place
    )
    listed = answer.get("agents")
    return [_agent(entry) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _agent(entry: Mapping[str, Any]) -> Agent:
    """The export of a node: its fields are under `context`."""
    fields = entry.get("context")
    fields = fields if isinstance(fields, dict) else entry
    parts = (str(fields.get(key) or "") for key in ("namespace", "name"))
    return Agent(str(entry.get("id", "")), "/".join(part for part in parts if part))


def say(access: Access, agent: Agent, text: str, session: str = "") -> Iterator[Piece]:
    """The answer as it comes; the last piece names the session. Raises ToolFailed if it breaks off."""
    body: dict[str, Any] = {"utterance": text, "stream": True}
    if session:
        body["session_id"] = session
    place = access.place
    path = f"/agents/{quote(agent.id, safe='')}/interact"
    answer = call(place, path, body=body, token=access.token, mask=(access.password,))
    try:
        with answer:
            yield from _pieces(_events(answer), place)
    except (OSError, HTTPException) as failure:
        raise unreachable(place, failure) from None


def _events(answer: HTTPResponse) -> Iterator[dict[str, Any]]:
    """Server-sent events as jvagent writes them: each is one line of JSON."""
    while line := answer.readline(MOST_BYTES):
        name, _, value = line.partition(b":")
        event = parsed(value) if name == b"data" else None
        if isinstance(event, dict):
            yield event


def _pieces(events: Iterable[dict[str, Any]], place: Place) -> Iterator[Piece]:
    """jvagent sends texts as a whole (`adhoc`) and in parts (`stream_chunk`), then all of it once more."""
    session = ""
    before: str | None = None  # the text that the last part belongs to; empty for a whole one
    for event in events:
        kind = event.get("type")
        if kind == "error":
            raise ToolFailed(f"the agent failed: {event.get('message')}\n{place.failing}")
        if kind == "final":
            text = "" if before is not None else str(event.get("response") or "")
            yield Piece(text, str(event.get("session_id") or session))
            return
        session = str(event.get("session_id") or session)
        message = event.get("message")
        if kind == "message" and isinstance(message, dict):
            how, text = message.get("message_type"), str(message.get("content") or "")
            if (
                message.get("category", "user") != "user"
                or not text
                or (how == "final" and before is not None)
            ):
                continue
            # One text after the other; the parts of one follow each other.
            part_of = str(message.get("segment_id")) if how == "stream_chunk" else ""
            yield Piece(text if before is None or (part_of and before == part_of) else f"\n{text}")
            before = part_of
    raise ToolFailed(f"{place.url}: the answer broke off\n{place.failing}")
