"""What `init` has to be told, as no file of the app says it: by options, or by answers on a terminal.

Knows what an answer may be, and what to suggest; asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.project.schema import check
from jvbundler.project.variables import DATABASES
from jvbundler.runner import find_tool, run
from jvbundler.values.node import Node
from jvbundler.values.problem import InputError, Place, ToolFailed

if TYPE_CHECKING:
    from jvbundler.app.model import App

# Seconds; each reads a file of the user's, and no network.
PATIENCE = 10
# Where each answer is written; the database is a variable of the app, which no pattern describes.
KEYS: dict[str, tuple[str, ...]] = {
    "registry": ("kubernetes", "registry", "url"),
    "context": ("kubernetes", "context"),
    "region": ("lambda", "region"),
    "account": ("lambda", "account_id"),
    "domain": ("lambda", "api_gateway", "custom_domain", "domain_name"),
}
DATABASE = "JVSPATIAL_DB_TYPE"


class Answers(NamedTuple):
    """The platforms, and what is empty where nobody has said it."""

    targets: tuple[str, ...]
    registry: str = ""
    context: str = ""
    region: str = ""
    account: str = ""
    database: str = ""
    domain: str = ""


def wrong(name: str, text: str) -> str:
    """Why the text is no answer, in the words of the schema; empty if it is one."""
    if name == "database":
        kinds = ", ".join(DATABASES[:-2])
        is_known = text in DATABASES
        return "" if is_known else f"{DATABASE} is not valid (write {kinds} or {DATABASES[-2]})"
    place = Place("")
    node = Node(text, place)
    for key in reversed(KEYS[name]):
        node = Node({key: node}, place)
    problem = next((one for one in check(node)[1] if one.is_error), None)
    return f"{problem.message} ({problem.hint})" if problem else ""


def require_right(answers: Answers) -> None:
    """Raises InputError with everything that is wrong with the answers."""
    given = {name: text for name, text in answers._asdict().items() if name != "targets" and text}
    found = [reason for name, text in given.items() if (reason := wrong(name, text))]
    if found:
        raise InputError("\n".join(found))


def known_answers(app: App, given: Mapping[str, Any]) -> dict[str, str]:
    """What the app's files say: `given` by deploy.example.yaml; the database also .env.example, app.yaml."""
    found = {name: _at(given, keys) for name, keys in KEYS.items()}
    assigned = {v.name: v.default for v in app.variables if not v.commented and v.default}
    written = given.get("environment", {})
    found["database"] = str({**dict(app.configured), **assigned, **written}.get(DATABASE, ""))
    return {name: text for name, text in found.items() if text and not wrong(name, text)}


def _at(values: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    value: Any = values
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return str(value) if isinstance(value, (str, int)) else ""


def suggestion(name: str, environ: Mapping[str, str]) -> str:
    """What the machine knows: kubectl's current context, the region of the AWS CLI. Empty if it does not."""
    text = ""
    if name == "context":
        text = _said(("kubectl", "config", "current-context"), environ)
    elif name == "region":
        text = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
        text = text or _said(("aws", "configure", "get", "region"), environ)
    return text if text and not wrong(name, text) else ""


def _said(argv: tuple[str, ...], environ: Mapping[str, str]) -> str:
    if find_tool(argv[0]) is None:
        return ""
    try:
        done = run(argv, env=environ, timeout_seconds=PATIENCE, expected=range(256))
    except ToolFailed:
        return ""
    return "" if done.code else done.text.strip()


def values(answers: Answers) -> dict[str, Any]:
    """The answers as deploy.yaml has them."""
    found: dict[str, Any] = {target: {"enabled": True} for target in answers.targets}
    if "kubernetes" in found:
        if answers.registry:
            found["kubernetes"]["registry"] = {"url": answers.registry}
        if answers.context:
            found["kubernetes"]["context"] = answers.context
        if answers.domain:
            found["kubernetes"]["ingress"] = {"enabled": True, "rules": [{"host": answers.domain}]}
    if "lambda" in found:
        if answers.region:
            found["lambda"]["region"] = answers.region
        if answers.account:
            found["lambda"]["account_id"] = answers.account
        if answers.domain:
            domain = {"enabled": True, "domain_name": answers.domain}
            found["lambda"]["api_gateway"] = {"custom_domain": domain}
    environment = {}
    if answers.database:
        environment[DATABASE] = answers.database
    if answers.domain and "*" not in answers.domain:
        environment["JVAGENT_PUBLIC_BASE_URL"] = f"https://{answers.domain}"
    return {**found, "environment": environment} if environment else found
